"""Branding accounts, on a real database, with the exact events it tells."""

import base64
from typing import Any

import pytest

from accounts import errors, models, usecases
from accounts.domain import Kind
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import activated, failed, gif, opened, png

NOTHING = dict.fromkeys(("brand_name", "primary_colour", "text_colour", "footer_text", "logo"))
LOGO = {"content_type": "image/png", "data": base64.b64encode(png(64, 64)).decode()}
LOOK = {"brand_name": "Acme Mail", "primary_colour": "#1f4e79", "text_colour": "#ffffff", "footer_text": "Acme\nLyon", "logo": LOGO}


def brand(units: Units, agency_id: str, account_id: str, **wanted: Any) -> dict[str, object]:
    with units.begin() as uow:
        return usecases.set_branding(uow, agency_id=agency_id, account_id=account_id, wanted={**NOTHING, **wanted})


def shown(units: Units, agency_id: str, account_id: str) -> dict[str, object]:
    with units.reading() as session:
        return usecases.branding(session, agency_id=agency_id, account_id=account_id)


@pytest.fixture
def account(units: Units, agency_id: str) -> models.Account:
    with units.begin() as uow:
        return activated(uow, agency_id, name="acme", kind=Kind.TRIAL)


def test_a_trial_is_branded_shown_and_told(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str, account: models.Account
) -> None:
    """R0.18, R0.86, R0.113."""
    assert shown(units, agency_id, account.id) == {"account_id": account.id, **NOTHING, "updated_at": None}
    later = clock.advance(hours=1)
    expected = {"account_id": account.id, **LOOK, "updated_at": later}
    assert brand(units, agency_id, account.id, **LOOK) == shown(units, agency_id, account.id) == expected
    with units.reading() as session:
        assert usecases.branding_of_name(session, name="acme") == expected
    assert database.emitted()[-1] == (
        "branding_changed",
        {
            "account_id": account.id,
            "name": "acme",
            "changed": ["brand_name", "primary_colour", "text_colour", "footer_text", "logo"],
            **{name: value for name, value in LOOK.items() if name != "logo"},
            "has_logo": True,
        },
    )


def test_what_is_not_given_is_reset(units: Units, database: ServiceDatabase, agency_id: str, account: models.Account) -> None:
    """R0.18."""
    brand(units, agency_id, account.id, **LOOK)
    brand(units, agency_id, account.id, **{**LOOK, "footer_text": None})
    assert database.emitted()[-1][1]["changed"] == ["footer_text"]
    other = {"content_type": "image/gif", "data": base64.b64encode(gif(64, 64)).decode()}
    brand(units, agency_id, account.id, **{**LOOK, "footer_text": None, "logo": other})
    assert database.emitted()[-1][1]["changed"] == ["logo"]
    assert shown(units, agency_id, account.id)["logo"] == other
    brand(units, agency_id, account.id)
    assert {**shown(units, agency_id, account.id), "updated_at": None} == {"account_id": account.id, **NOTHING, "updated_at": None}
    assert database.emitted()[-1][1]["has_logo"] is False


@pytest.mark.parametrize("look", [NOTHING, LOOK])
def test_what_looks_as_wanted_is_no_change(
    units: Units, database: ServiceDatabase, agency_id: str, account: models.Account, look: dict[str, Any]
) -> None:
    """R0.18."""
    first = brand(units, agency_id, account.id, **look)
    told = database.emitted()
    assert brand(units, agency_id, account.id, **look) == first
    assert database.emitted() == told


def test_what_is_wrong_changes_nothing(units: Units, database: ServiceDatabase, agency_id: str, account: models.Account) -> None:
    """R0.113."""
    with pytest.raises(errors.ContrastTooLow):
        brand(units, agency_id, account.id, primary_colour="#ffff00")
    assert database.query("SELECT * FROM brandings") == []


def test_only_your_own_accounts_that_are_in_use_are_branded(units: Units, agency_id: str, account: models.Account) -> None:
    """R0.2, R0.18."""
    with units.begin() as uow:
        creating, ended = opened(uow, agency_id), failed(uow, agency_id)
    with pytest.raises(errors.NotNow):
        brand(units, agency_id, creating.id, **LOOK)
    with pytest.raises(errors.AccountNotFound):
        brand(units, new_id("agy"), account.id, **LOOK)
    with pytest.raises(errors.AccountNotFound):
        shown(units, new_id("agy"), account.id)
    with pytest.raises(errors.NoAccountOfName), units.reading() as session:
        usecases.branding_of_name(session, name=ended.name)
