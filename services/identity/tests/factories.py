"""Ready-made parts of identity's world."""

from typing import Any

from chassis.unit_of_work import Units
from identity import domain, models, usecases

PEPPER = b"a pepper of the tests, long enough"

AGENCY: dict[str, Any] = {
    "name": "Atelier Démo",
    "programme": "reseller",
    "currency": "EUR",
    "discount_basis_points": 2000,
    "notification_email": "notices@atelier.example",
    "language": "fr",
    "entitlements": ["snapshots"],
    "test_mode": False,
}


def an_agency(work: Units, **changes: Any) -> models.Agency:
    """Register an agency like `AGENCY`."""
    with work.begin() as uow:
        return usecases.register_agency(uow, **{**AGENCY, **changes})


def a_key(work: Units, agency_id: str, *scopes: str) -> domain.DraftKey:
    """Keep a key of the agency; give it with its secret."""
    with work.reading() as session:
        draft = usecases.draft_api_key(session, agency_id=agency_id, pepper=PEPPER)
    with work.begin() as uow:
        usecases.create_api_key(uow, agency_id=agency_id, name="the shop", scopes=list(scopes or ("accounts:read",)), draft=draft)
    return draft


def prepared(work: Units, *, agency_id: str, account_id: str) -> str:
    """Prepare the account's first user; give its id."""
    with work.begin() as uow:
        return usecases.prepare_admin_user(uow, agency_id=agency_id, account_id=account_id).id
