"""Billing profiles change, expire and go."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from billing import errors
from billing.clients import PaymentMethod
from billing.domain.card import expires_at, first_reminder, next_reminder
from billing.usecases import billing_profiles, cards, invoices
from chassis.errors import VersionMismatch
from chassis.ids import new_id
from chassis.money import Money
from chassis.testing import eventually

from .stage import Stage
from .test_usecases_billing_profiles import defaults

ADDRESS = {"name": "Atelier Démo SARL", "street": "12 rue des Archives", "city": "Paris", "country": "FR"}


def update(stage: Stage, profile_id: str, *, token: str | None = None, version: int | None = None, **wanted: Any) -> dict[str, Any]:
    with stage.units.begin() as uow:
        profile = billing_profiles.update_billing_profile(
            uow,
            agency_id=stage.agency_id,
            billing_profile_id=profile_id,
            expected_version=version,
            described=None if token is None else stage.provider.describe(payment_method=token),
            wanted=wanted,
        )
        return {name: getattr(profile, name) for name in ("name", "invoice_address", "is_default", "last_four", "expiry_year", "version")}


def remove(stage: Stage, profile_id: str) -> None:
    with stage.units.begin() as uow:
        billing_profiles.remove_billing_profile(uow, agency_id=stage.agency_id, billing_profile_id=profile_id)


def listed(stage: Stage) -> list[str]:
    with stage.units.reading() as session:
        page = billing_profiles.billing_profiles(session, agency_id=stage.agency_id, limit=50, cursor=None)
        return [profile.id for profile in page.data]


def subscription(stage: Stage, account_id: str) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", account_id)
    return row


def test_what_is_given_is_changed_and_told_and_the_rest_stays(stage: Stage) -> None:
    """R0.64."""
    changed = update(stage, stage.profile_id, name="Company card", invoice_address=ADDRESS)
    assert (changed["name"], changed["invoice_address"], changed["last_four"], changed["version"]) == ("Company card", ADDRESS, "4242", 2)
    assert update(stage, stage.profile_id, name="Company card")["version"] == 2
    assert [told["changes"] for told in stage.emitted("billing_profile_updated")] == [["name", "invoice_address"]]


def test_a_new_card_takes_the_place_of_the_old_and_pays_from_then_on(stage: Stage) -> None:
    """R0.64, R0.65."""
    stage.an_account()
    changed = update(stage, stage.profile_id, token="pm_card_mastercard")
    assert (changed["last_four"], changed["expiry_year"]) == ("4444", 2040)
    [told] = stage.emitted("billing_profile_updated")
    assert (told["brand"], told["last_four"], told["changes"]) == ("mastercard", "4444", ["card"])
    stage.an_account()
    assert [charge["payment_method"] for charge in stage.charges()] == ["pm_card_visa", "pm_card_mastercard"]
    assert "pm_card" not in repr(stage.database.emitted())


def test_a_change_of_what_has_changed_meanwhile_is_refused(stage: Stage) -> None:
    update(stage, stage.profile_id, version=1, name="One")
    with pytest.raises(VersionMismatch):
        update(stage, stage.profile_id, version=1, name="Two")


def test_the_default_moves_but_cannot_be_given_up(stage: Stage) -> None:
    second = stage.a_profile(is_default=False)
    update(stage, second, is_default=True)
    assert defaults(stage) == {stage.profile_id: False, second: True}
    with pytest.raises(errors.DefaultProfileNeeded):
        update(stage, second, is_default=False)


def test_a_default_chosen_where_there_is_none_is_one(stage: Stage) -> None:
    stage.database.execute("UPDATE billing_profiles SET is_default = false")
    assert update(stage, stage.profile_id, is_default=True)["is_default"]


def test_a_profile_that_nothing_pays_by_goes_and_is_not_shown_again(stage: Stage) -> None:
    """R0.64: its row stays, for invoices name it; the newest of the others is the default after it."""
    other, newest = stage.a_profile(is_default=False), stage.a_profile(is_default=False)
    remove(stage, stage.profile_id)
    assert set(listed(stage)) == {other, newest}
    assert defaults(stage) == {stage.profile_id: False, other: False, newest: True}
    [removed], [updated] = stage.emitted("billing_profile_removed"), stage.emitted("billing_profile_updated")
    assert (removed["billing_profile_id"], updated["billing_profile_id"], updated["changes"]) == (stage.profile_id, newest, ["is_default"])
    for forbidden in (lambda: remove(stage, stage.profile_id), lambda: update(stage, stage.profile_id, name="x")):
        with pytest.raises(errors.BillingProfileNotFound):
            forbidden()
    remove(stage, other)
    remove(stage, newest)
    assert listed(stage) == []
    with stage.units.reading() as session, pytest.raises(errors.BillingProfileRequired):
        billing_profiles.paying_profile(session, agency_id=stage.agency_id, billing_profile_id=None)


def test_a_profile_that_accounts_pay_by_stays_and_the_refusal_names_them(stage: Stage) -> None:
    """R0.64."""
    stage.a_profile(is_default=False)
    account_ids = sorted(stage.an_account(billing_profile_id=stage.profile_id) for _ in range(3))
    with pytest.raises(errors.BillingProfileInUse) as refused:
        remove(stage, stage.profile_id)
    details = refused.value.details
    assert (details["account_ids"], details["accounts"], details["invoices"]) == (account_ids, 3, 0)
    assert all(account_id in refused.value.text for account_id in account_ids)
    assert stage.profile_id in listed(stage)


def test_the_refusal_names_twenty_accounts_at_most(stage: Stage) -> None:
    account_id = stage.an_account(billing_profile_id=stage.profile_id)
    others = [new_id("acc") for _ in range(24)]
    for other in others:
        stage.database.execute(
            "INSERT INTO accounts (id, agency_id, created_at) SELECT %s, agency_id, created_at FROM accounts WHERE id = %s",
            other,
            account_id,
        )
        stage.database.execute(
            "INSERT INTO subscriptions SELECT (jsonb_populate_record(s, jsonb_build_object('account_id', %s::text))).*"
            " FROM subscriptions AS s WHERE account_id = %s",
            other,
            account_id,
        )
    with pytest.raises(errors.BillingProfileInUse) as refused:
        remove(stage, stage.profile_id)
    assert (refused.value.details["account_ids"], refused.value.details["accounts"]) == (sorted([account_id, *others])[:20], 25)


def test_the_last_profile_stays_while_accounts_without_one_fall_back_on_it(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": None}, minute=1))
    assert subscription(stage, account_id)["billing_profile_id"] is None
    with pytest.raises(errors.BillingProfileInUse) as refused:
        remove(stage, stage.profile_id)
    assert refused.value.details["account_ids"] == [account_id]
    stage.a_profile(is_default=False)
    remove(stage, stage.profile_id)


def test_a_profile_stays_while_an_invoice_is_to_be_paid_by_it(stage: Stage) -> None:
    stage.a_profile(is_default=False)
    with stage.units.begin() as uow:
        invoices.purchase_credits(
            uow,
            agency_id=stage.agency_id,
            kind="prepaid",
            amount=Money(amount_minor=1000, currency="EUR"),
            billing_profile_id=stage.profile_id,
            account_id=None,
        )
    with pytest.raises(errors.BillingProfileInUse) as refused:
        remove(stage, stage.profile_id)
    assert (refused.value.details["accounts"], refused.value.details["invoices"]) == (0, 1)
    stage.settle()
    remove(stage, stage.profile_id)


def test_what_has_ended_does_not_keep_a_profile_and_comes_back_on_the_default(stage: Stage) -> None:
    other = stage.a_profile(is_default=False)
    account_id = stage.an_account(billing_profile_id=other)
    stage.deliver(stage.told("account_expired", account_id, minute=1))
    remove(stage, other)
    assert subscription(stage, account_id)["billing_profile_id"] is None
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": other}, minute=2))
    assert subscription(stage, account_id)["billing_profile_id"] is None
    again = stage.an_account(billing_profile_id=other)
    assert subscription(stage, again)["billing_profile_id"] == stage.profile_id


def test_a_removal_waits_for_whoever_is_about_to_pay_by_the_profile(stage: Stage) -> None:
    other, refused = stage.a_profile(is_default=False), []
    account_id = stage.an_account()

    def try_to_remove() -> None:
        try:
            remove(stage, other)
        except errors.BillingProfileInUse as refusal:
            refused.append(refusal.details["account_ids"])

    removal = threading.Thread(target=try_to_remove)
    with stage.units.begin() as uow:
        profile = billing_profiles.profile_told_of(uow, agency_id=stage.agency_id, billing_profile_id=other)
        removal.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        eventually(lambda: stage.database.query(waiting), what="the removal to wait")
        uow.session.execute(text("UPDATE subscriptions SET billing_profile_id = :it"), {"it": profile.id})
    removal.join(10)
    assert refused == [[account_id]]


@pytest.mark.parametrize(
    ("month", "year", "end"), [(12, 2026, datetime(2027, 1, 1, tzinfo=UTC)), (2, 2028, datetime(2028, 3, 1, tzinfo=UTC))]
)
def test_a_card_pays_to_the_end_of_its_month(month: int, year: int, end: datetime) -> None:
    assert expires_at(expiry_month=month, expiry_year=year) == end


def test_reminders_are_due_thirty_and_seven_days_before() -> None:
    end = datetime(2026, 7, 1, tzinfo=UTC)
    days = [end - timedelta(days=before) for before in (30, 7)]
    assert first_reminder(end, now=end - timedelta(days=31)) == days[0]
    assert first_reminder(end, now=end - timedelta(days=20)) == days[1]
    assert first_reminder(end, now=end) is None
    assert (next_reminder(end, after=days[0]), next_reminder(end, after=days[1])) == (days[1], None)


def test_an_agency_hears_of_a_card_that_expires_thirty_and_seven_days_before_once_each(stage: Stage) -> None:
    """R0.64: in the time of its agency (2026-03-31 at first)."""
    card = PaymentMethod(token="pm_card_visa", brand="visa", last_four="4242", expiry_month=5, expiry_year=2026)
    with stage.units.begin() as uow:
        billing_profiles.update_billing_profile(
            uow, agency_id=stage.agency_id, billing_profile_id=stage.profile_id, expected_version=None, described=card, wanted={}
        )

    def told_after(days: float) -> list[int]:
        stage.clock.advance(days=days)
        for _ in range(2):
            stage.service.remind_of_expiring_cards()
        return [told["days"] for told in stage.emitted("card_expiring")]

    assert [told_after(31), told_after(1), told_after(22), told_after(2), told_after(40)] == [[], [30], [30], [30, 7], [30, 7]]
    assert stage.emitted("card_expiring")[0]["name"] == "visa 4242"


def test_a_card_handed_over_to_the_provider_is_its_agencys_alone(stage: Stage) -> None:
    """R0.62: the card is the agency's; a setup intent of somebody else is not there."""
    begun = stage.service.begin_card_setup({"agency_id": stage.agency_id, "return_url": "https://agency.example/cards"})
    assert isinstance(begun, dict)
    assert (begun["status"], begun["return_url"]) == ("succeeded", "https://agency.example/cards")
    card = cards.card_handed_over(stage.provider, agency_id=stage.agency_id, payment_method=None, setup_intent=begun["id"])
    assert card is not None
    assert card.last_four == "4242"
    with pytest.raises(errors.SetupIntentUnknown):
        stage.provider.describe_setup(setup_intent=begun["id"], agency_id=new_id("agy"))
    assert begun["client_secret"] not in repr(stage.provider.begin_setup(idempotency_key="k", agency_id=stage.agency_id))


def test_the_same_key_begins_one_setup(stage: Stage) -> None:
    begun = [stage.provider.begin_setup(idempotency_key="k", agency_id=stage.agency_id) for _ in range(2)]
    assert begun[0] == begun[1]


def test_whatever_is_invoiced_is_the_agencys_and_paid_by_a_card_of_the_agency(stage: Stage) -> None:
    """R0.62, R0.69: never the client's, nor anybody else's."""
    stranger = stage.an_agency()
    theirs = stage.a_profile("pm_card_mastercard", agency_id=stranger)
    with pytest.raises(errors.BillingProfileNotFound):
        stage.an_account(billing_profile_id=theirs)
    account_id = stage.an_account()
    with pytest.raises(errors.BillingProfileNotFound):
        stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": theirs}, minute=1))
    payers = "SELECT i.agency_id, p.agency_id AS paid_by FROM invoices AS i JOIN billing_profiles AS p ON p.id = i.billing_profile_id"
    invoiced = stage.database.query(payers)
    assert invoiced == [{"agency_id": stage.agency_id, "paid_by": stage.agency_id}]
    assert [charge["payment_method"] for charge in stage.charges()] == ["pm_card_visa"]
