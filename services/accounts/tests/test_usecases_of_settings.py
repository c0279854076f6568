"""Changing the settings of an account, on a real database, with the exact events it tells."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import clients, domain, errors, models, usecases
from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import FakeCall, MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from chassis.wiring import Wiring

from .factories import TERMS, activated, failed, opened

DOMAIN = "marketing.acme.example"


def edit(units: Units, agency_id: str, account_id: str, *, expected_version: int | None = None, **wanted: Any) -> models.Account:
    with units.begin() as uow:
        return usecases.edit_account(
            uow, agency_id=agency_id, account_id=account_id, expected_version=expected_version, wanted=wanted, terms=TERMS
        )


@pytest.fixture
def account(units: Units, agency_id: str) -> models.Account:
    with units.begin() as uow:
        return activated(uow, agency_id, name="acme", custom_domain=DOMAIN)


def test_what_is_given_is_changed_and_told_and_the_rest_stays(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str, account: models.Account
) -> None:
    """R0.17, R0.65."""
    later = clock.advance(hours=1)
    profile_id = new_id("bp")
    edited = edit(
        units,
        agency_id,
        account.id,
        notification_email="team@agency.example",
        client_name="Acme SARL",
        client_email="owner@acme.example",
        custom_domain="News.Acme.Example",
        language="en",
        time_zone="Europe/Paris",  # as it is
        billing_profile_id=profile_id,
    )
    assert (edited.version, edited.updated_at, edited.country, edited.time_zone) == (account.version + 1, later, "FR", "Europe/Paris")
    assert database.emitted()[-1] == (
        "account_updated",
        {
            "account_id": account.id,
            "name": "acme",
            "changes": {
                "notification_email": "team@agency.example",
                "client_name": "Acme SARL",
                "client_email": "owner@acme.example",
                "custom_domain": "news.acme.example",
                "language": "en",
                "billing_profile_id": profile_id,
            },
            "notification_email": "team@agency.example",
        },
    )
    cleared = edit(units, agency_id, account.id, custom_domain=None, billing_profile_id=None)
    assert (cleared.custom_domain, cleared.billing_profile_id) == (None, None)
    assert database.emitted()[-1][1]["changes"] == {"custom_domain": None, "billing_profile_id": None}


@pytest.mark.parametrize("wanted", [{}, {"language": "fr"}, {"custom_domain": "MARKETING.acme.example"}])
def test_what_is_as_wanted_is_no_change(
    units: Units, database: ServiceDatabase, agency_id: str, account: models.Account, wanted: dict[str, Any]
) -> None:
    """R0.17."""
    told = database.emitted()
    assert edit(units, agency_id, account.id, **wanted).version == account.version
    assert database.emitted() == told


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"client_name": " "}, "client_name_missing"),
        ({"client_email": "acme"}, "email_invalid"),
        ({"notification_email": ""}, "email_invalid"),
        ({"language": "de"}, "language_unknown"),
        ({"time_zone": "Paris"}, "time_zone_unknown"),
        ({"custom_domain": "10.0.0.1"}, "custom_domain_invalid"),
        ({"custom_domain": "acme.comptoir.example"}, "custom_domain_hosted"),
        ({"language": "de", "time_zone": "Paris"}, "invalid_request"),
    ],
)
def test_what_could_not_be_given_when_opening_cannot_be_given_later(
    units: Units, agency_id: str, account: models.Account, wanted: dict[str, Any], code: str
) -> None:
    """R0.22 to R0.28."""
    with pytest.raises(errors.Refusal) as caught:
        edit(units, agency_id, account.id, **wanted)
    assert caught.value.code == code


def test_a_change_decided_on_another_version_is_refused(units: Units, agency_id: str, account: models.Account) -> None:
    """R0.17."""
    edited = edit(units, agency_id, account.id, expected_version=account.version, language="en")
    for expected_version in (account.version, 0):
        with pytest.raises(errors.VersionMismatch) as caught:
            edit(units, agency_id, account.id, expected_version=expected_version, language="es")
        assert (caught.value.kind, caught.value.details) == ("stale", {"version": edited.version})


def test_of_two_who_read_the_same_version_one_changes_it(
    database: ServiceDatabase, clock: MovingClock, agency_id: str, account: models.Account
) -> None:
    """R0.17."""
    units = database.units(clock, pool_size=10)

    def attempt(number: int) -> bool:
        try:
            edit(units, agency_id, account.id, expected_version=account.version, client_name=f"Acme {number}")
        except errors.VersionMismatch:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(attempt, range(10))) == 1


def test_a_domain_belongs_to_one_account_until_it_is_given_up(units: Units, agency_id: str, account: models.Account) -> None:
    """R0.22, R0.114."""
    with units.begin() as uow:
        other, ended = activated(uow, new_id("agy")), failed(uow, new_id("agy"), custom_domain="failed.example")
    with pytest.raises(errors.CustomDomainTaken) as caught:
        edit(units, other.agency_id, other.id, custom_domain=DOMAIN, language="en")
    assert (caught.value.kind, caught.value.field) == ("conflict", "custom_domain")
    edit(units, agency_id, account.id, custom_domain=ended.custom_domain)
    assert edit(units, other.agency_id, other.id, custom_domain=DOMAIN).custom_domain == DOMAIN


def test_an_account_that_is_being_opened_is_not_edited(units: Units, agency_id: str) -> None:
    """R0.17."""
    with units.begin() as uow:
        creating = opened(uow, agency_id)
    with pytest.raises(errors.NotNow):
        edit(units, agency_id, creating.id, language="en")


def test_what_is_not_yours_is_not_edited(units: Units, account: models.Account) -> None:
    """R0.2."""
    with pytest.raises(errors.AccountNotFound):
        edit(units, new_id("agy"), account.id, language="en")


def test_billing_is_asked_whether_the_agency_has_the_profile() -> None:
    """R0.65."""
    call = FakeCall(billing__billing_profile=lambda _: {})
    billing = clients.Billing(Wiring(call=call, config=None))
    usecases.check_billing_profile(billing, agency_id="agy_x", wanted={"billing_profile_id": "bp_x"})
    assert call.calls == [("billing.billing_profile", {"agency_id": "agy_x", "billing_profile_id": "bp_x"})]
    for wanted in ({}, {"billing_profile_id": None}, {"language": "en"}):
        usecases.check_billing_profile(billing, agency_id="agy_x", wanted=wanted)
    assert len(call.calls) == 1


def test_a_profile_the_agency_has_not_is_refused() -> None:
    """R0.62."""

    def refuse(_: dict[str, Any]) -> object:
        raise Refused(kind="not_found", code="billing_profile_not_found", message="No.")

    billing = clients.Billing(Wiring(call=FakeCall(billing__billing_profile=refuse), config=None))
    with pytest.raises(Refused):
        usecases.check_billing_profile(billing, agency_id="agy_x", wanted={"billing_profile_id": "bp_x"})


Values = st.dictionaries(st.sampled_from(["language", "client_name", "custom_domain"]), st.none() | st.text(max_size=3))


@settings(deadline=None)
@given(Values, Values)
def test_changes_are_exactly_what_makes_the_account_as_wanted(now: dict[str, Any], wanted: dict[str, Any]) -> None:
    """R0.17."""
    before = {**dict.fromkeys(wanted), **now}
    changes = domain.changes_of(before, wanted)
    assert {**before, **changes} == {**before, **wanted}
    assert all(before[name] != value for name, value in changes.items())
