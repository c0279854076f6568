"""What the pages of an account are decided by, on a real database."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from accounts import clients, errors, models, usecases
from accounts.domain import Kind, SuspensionReason
from chassis.testing import MovingClock
from chassis.unit_of_work import Units

from .factories import TERMS, activated, failed, opened, png

NAME = "acme"
LOOK = {"brand_name": "Acme Mail", "primary_colour": "#1f4e79", "text_colour": "#ffffff", "footer_text": "Acme\nLyon"}
LOGO = {"content_type": "image/png", "data": base64.b64encode(png(64, 64)).decode()}


@pytest.fixture
def account(units: Units, agency_id: str) -> models.Account:
    with units.begin() as uow:
        return activated(uow, agency_id, name=NAME, kind=Kind.TRIAL)


def page(units: Units, name: str = NAME) -> Any:
    with units.begin() as uow:
        return usecases.account_page(uow, name=name, custom_domain=None)


def ways_in(units: Units) -> tuple[str, bool, bool]:
    shown = page(units)
    return shown["status"], shown["can_log_in"], shown["agency_can_log_in"]


def test_a_page_shows_who_answers_questions_and_how_the_account_looks(units: Units, agency_id: str, account: models.Account) -> None:
    """R0.70, R0.72, R0.113."""
    assert page(units) == {
        "account_id": account.id,
        "agency_id": agency_id,
        "name": NAME,
        "status": "active",
        "language": "fr",
        "can_log_in": True,
        "agency_can_log_in": True,
        "message": None,
        "agency_email": "ops@agency.example",
        "brand": None,
    }
    for logo in (LOGO, None):
        with units.begin() as uow:
            usecases.set_branding(uow, agency_id=agency_id, account_id=account.id, wanted={**LOOK, "logo": logo})
        assert page(units)["brand"]._asdict() == {**LOOK, "has_logo": logo is not None}


def test_a_disabled_account_shows_its_agency_s_message_and_lets_the_agency_alone_in(
    units: Units, agency_id: str, account: models.Account
) -> None:
    """R0.17, R0.97."""
    reference = {"agency_id": agency_id, "account_id": account.id}
    with units.begin() as uow:
        usecases.suspend_account(uow, **reference, reason=SuspensionReason.ABUSE, message="Not for the client.")
    assert (ways_in(units), page(units)["message"]) == (("disabled", False, True), None)
    with units.begin() as uow:
        usecases.disable_account(uow, **reference, message="Call us.")
    assert page(units)["message"] == "Call us."


def test_a_cancelled_account_lets_its_users_in_and_the_agency_not_until_it_expires_by_the_clock(
    units: Units, agency_id: str, account: models.Account, clock: MovingClock
) -> None:
    """R0.98: nothing has swept yet, what is due counts as done."""
    with units.begin() as uow:
        usecases.cancel_account(uow, agency_id=agency_id, account_id=account.id, reason=None)
    assert ways_in(units) == ("cancelled", True, False)
    clock.advance(days=15)
    assert ways_in(units) == ("expired", False, False)
    clock.advance(days=30)
    assert ways_in(units) == ("archived", False, False)


def test_it_is_the_time_of_the_account_s_agency_whoever_asks(
    units: Units, agency_id: str, account: models.Account, clock: MovingClock
) -> None:
    """R0.98."""
    with units.begin() as uow:
        uow.move_clock(agency_id=agency_id, now=clock.now + timedelta(days=16))
    assert ways_in(units) == ("expired", False, False)


def test_an_account_that_is_being_opened_lets_nobody_in_and_one_that_failed_is_none(units: Units, agency_id: str) -> None:
    """R0.48."""
    with units.begin() as uow:
        creating, ended = opened(uow, agency_id).name, failed(uow, agency_id).name
    assert (page(units, creating)["status"], page(units, creating)["can_log_in"]) == ("creating", False)
    with pytest.raises(errors.NoAccountOfName):
        page(units, ended)
    with pytest.raises(errors.NoAccountOfName):
        page(units, "nobody")


def test_a_custom_domain_leads_to_its_account_once_it_was_verified_and_only_while_it_is_the_account_s(units: Units, agency_id: str) -> None:
    """R0.22, R0.114."""
    domain = "mail.bakery.example"
    with units.begin() as uow:
        account = activated(uow, agency_id, custom_domain=domain)

    def led_to() -> str | None:
        try:
            with units.begin() as uow:
                return str(usecases.account_page(uow, name=None, custom_domain=domain)["account_id"])
        except errors.NoAccountOfName:
            return None

    def check(target: str | None) -> None:
        found = clients.LookUp(target=target, fault=None)
        with units.begin() as uow:
            known = {"agency_id": agency_id, "account_id": account.id}
            usecases.start_domain_check(uow, **known, custom_domain=domain, found=found, terms=TERMS)

    assert led_to() is None
    check("elsewhere.example")
    assert led_to() is None
    check(TERMS.host_of(account.name))
    assert led_to() == account.id
    with units.begin() as uow:
        known = {"agency_id": agency_id, "account_id": account.id}
        usecases.edit_account(uow, **known, expected_version=None, wanted={"custom_domain": None}, terms=TERMS)
    assert led_to() is None


def test_a_page_is_nobody_s_where_nothing_was_asked_for(units: Units) -> None:
    with pytest.raises(errors.NoAccountOfName), units.begin() as uow:
        usecases.account_page(uow, name=None, custom_domain=None)
