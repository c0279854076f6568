"""What identity tells of agencies."""

from datetime import datetime

from billing import errors, models, repository
from chassis.unit_of_work import UnitOfWork


def note_agency(
    uow: UnitOfWork, *, agency_id: str, name: str | None, currency: str, discount_basis_points: int, language: str, as_of: datetime
) -> None:
    """Keep the agency as it was at `as_of`; an older fact that comes later changes nothing."""
    repository.note_agency(
        uow.session,
        agency_id=agency_id,
        name=name,
        currency=currency,
        discount_basis_points=discount_basis_points,
        language=language,
        as_of=as_of,
    )


def known_agency(agency: models.Agency | None, *, agency_id: str) -> models.Agency:
    """Give the agency; raises `AgencyNotKnownYet` where identity's fact has not arrived."""
    if agency is None:
        raise errors.AgencyNotKnownYet(agency_id=agency_id)
    return agency
