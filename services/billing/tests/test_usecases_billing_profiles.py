"""Billing profiles: the provider's tokens stay here, one profile is the default."""

import threading

import pytest

from billing import errors, schemas
from billing.clients import CARDS, payment_provider
from billing.config import Config
from billing.usecases import billing_profiles
from chassis.config import ConfigurationError
from chassis.ids import new_id
from chassis.wiring import Wiring

from .stage import Stage


def defaults(stage: Stage) -> dict[str, bool]:
    return {row["id"]: row["is_default"] for row in stage.database.query("SELECT id, is_default FROM billing_profiles ORDER BY id")}


def test_the_first_profile_is_the_default_whatever_was_asked(stage: Stage) -> None:
    stage.agency_id = stage.an_agency()
    first = stage.a_profile(is_default=False)
    second = stage.a_profile(is_default=False)
    assert (defaults(stage)[first], defaults(stage)[second]) == (True, False)


def test_a_new_default_takes_the_place_of_the_old(stage: Stage) -> None:
    second = stage.a_profile("pm_card_mastercard", is_default=True)
    assert defaults(stage) == {stage.profile_id: False, second: True}
    assert [added["is_default"] for added in stage.emitted("billing_profile_added")] == [True, True]


def test_two_added_at_once_leave_one_default(stage: Stage) -> None:
    stage.agency_id = stage.an_agency()
    threads = [threading.Thread(target=stage.a_profile) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(is_default for profile_id, is_default in defaults(stage).items() if profile_id != stage.profile_id) == 1


def test_the_token_is_never_shown_nor_told(stage: Stage) -> None:
    with stage.units.reading() as session:
        profile = billing_profiles.billing_profile(session, agency_id=stage.agency_id, billing_profile_id=stage.profile_id)
        page = billing_profiles.billing_profiles(session, agency_id=stage.agency_id, limit=1, cursor=None)
    assert schemas.BillingProfile().dump(profile) == {
        "id": stage.profile_id,
        "name": "visa 4242",
        "brand": "visa",
        "last_four": "4242",
        "expiry_month": 12,
        "expiry_year": 2040,
        "is_default": True,
        "invoice_address": None,
        "created_at": "2026-03-31T09:30:00Z",
        "version": 1,
    }
    assert "pm_card" not in repr((schemas.BillingProfiles().dump(page), stage.database.emitted()))


def test_profiles_are_listed_newest_first(stage: Stage) -> None:
    second = stage.a_profile()
    with stage.units.reading() as session:
        page = billing_profiles.billing_profiles(session, agency_id=stage.agency_id, limit=1, cursor=None)
        rest = billing_profiles.billing_profiles(session, agency_id=stage.agency_id, limit=1, cursor=page.next_cursor)
        [newest], [oldest] = page.data, rest.data
    assert {newest.id, oldest.id} == {stage.profile_id, second}
    assert newest.id > oldest.id
    assert (page.total, rest.next_cursor) == (2, None)


def test_another_agencys_profile_is_not_found(stage: Stage) -> None:
    with stage.units.reading() as session, pytest.raises(errors.BillingProfileNotFound):
        billing_profiles.billing_profile(session, agency_id=new_id("agy"), billing_profile_id=stage.profile_id)


def test_who_asks_for_no_profile_gets_the_default_or_hears_that_one_is_needed(stage: Stage) -> None:
    """R0.40."""
    with stage.units.reading() as session:
        default = billing_profiles.paying_profile(session, agency_id=stage.agency_id, billing_profile_id=None)
        assert default.id == stage.profile_id
        with pytest.raises(errors.BillingProfileRequired):
            billing_profiles.paying_profile(session, agency_id=stage.an_agency(), billing_profile_id=None)


def test_an_agency_not_heard_of_is_asked_to_wait(stage: Stage) -> None:
    with pytest.raises(errors.AgencyNotKnownYet):
        stage.a_profile(agency_id=new_id("agy"))


def test_the_provider_says_which_card_a_token_stands_for(stage: Stage) -> None:
    assert [
        stage.provider.describe(payment_method=token, agency_id=stage.agency_id).last_four
        for token in ("pm_card_visa", "pm_card_mastercard")
    ] == ["4242", "4444"]
    assert len({card["last_four"] for card in CARDS.values()}) == len(CARDS)
    with pytest.raises(errors.PaymentMethodUnknown):
        stage.provider.describe(payment_method="4242 4242 4242 4242", agency_id=stage.agency_id)


def test_a_provider_that_is_not_there_is_named_at_the_start(stage: Stage) -> None:
    def wiring(name: str) -> Wiring:
        return Wiring(call=stage.call, config=Config(database_url=stage.database.url, payment_provider=name))

    assert payment_provider(wiring("test")).describe(payment_method="pm_card_visa", agency_id=stage.agency_id).brand == "visa"
    with pytest.raises(ConfigurationError, match="PAYMENT_PROVIDER='bank'"):
        payment_provider(wiring("bank"))
