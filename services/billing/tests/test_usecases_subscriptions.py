"""What follows from account_requested, account_upgraded and account_failed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing import errors
from billing.domain.catalogue import Frequency
from billing.usecases import subscriptions
from chassis.fields import format_instant
from chassis.ids import new_id

from .factories import paid, shipped, unpaid
from .stage import Stage


def subscription_of(stage: Stage, account_id: str) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", account_id)
    return row


def lines_of(stage: Stage, purpose: str) -> list[tuple[str, int, datetime, datetime]]:
    rows = stage.database.query(
        "SELECT l.* FROM invoice_lines AS l JOIN invoices AS i ON i.id = l.invoice_id WHERE i.purpose = %s ORDER BY i.id, l.position",
        purpose,
    )
    return [(row["reason"], row["amount_minor"], row["period_start"], row["period_end"]) for row in rows]


def test_a_requested_account_is_subscribed_invoiced_and_paid(stage: Stage) -> None:
    account_id = stage.an_account()
    assert stage.names() == ["invoice_issued", "invoice_paid"]
    subscription = subscription_of(stage, account_id)
    assert (subscription["kind"], subscription["per_cycle_minor"], subscription["currency"]) == ("paid", 3920, "EUR")
    assert (subscription["catalogue_version"], subscription["billing_profile_id"]) == (shipped()["version"], stage.profile_id)
    period = (datetime(2026, 3, 31, 9, 30, tzinfo=UTC), datetime(2026, 4, 30, 9, 30, tzinfo=UTC))
    assert (subscription["period_start"], subscription["period_end"]) == period
    assert lines_of(stage, "account_opening") == [("new_period", 3920, *period)]
    [issued] = stage.emitted("invoice_issued")
    assert (issued["number"], issued["account_id"], issued["total_minor"]) == ("INV-000001", account_id, 3920)


@pytest.mark.parametrize("plan", ["Trial", "Sandbox"])
def test_a_trial_and_a_sandbox_are_subscribed_and_never_invoiced(stage: Stage, plan: str) -> None:
    account_id = stage.an_account(unpaid(plan))
    subscription = subscription_of(stage, account_id)
    assert (subscription["kind"], subscription["per_cycle_minor"], subscription["period_end"]) == (plan.lower(), 0, None)
    assert stage.names() == []


def test_the_chosen_profile_pays_else_the_default(stage: Stage) -> None:
    """R0.40."""
    other = stage.a_profile("pm_card_mastercard", is_default=False)
    stage.an_account(billing_profile_id=other)
    stage.an_account()
    assert [charge["payment_method"] for charge in stage.charges()] == ["pm_card_mastercard", "pm_card_visa"]


def test_a_quote_is_used_by_one_account_only(stage: Stage) -> None:
    quote_id = stage.a_quote()["id"]
    first, second = new_id("acc"), new_id("acc")
    for account_id in (first, second):
        stage.deliver(stage.requested(account_id, quote_id))
        stage.settle()
    assert stage.names() == ["invoice_issued", "invoice_paid", "invoice_issued", "payment_failed"]
    [failure] = stage.emitted("payment_failed")
    assert (failure["account_id"], failure["code"], failure["amount_minor"]) == (second, "quote_used", 3920)
    assert "ask for a new one" in failure["reason"]
    assert stage.charged_minor() == 3920
    assert stage.database.query("SELECT account_id FROM subscriptions") == [{"account_id": first}]
    stage.deliver(stage.failed(second))
    assert [note["total_minor"] for note in stage.emitted("credit_note_issued")] == [3920]
    assert stage.charged_minor() == 3920


@pytest.mark.parametrize(("late", "names"), [(-1, ["invoice_issued", "invoice_paid"]), (0, ["invoice_issued", "payment_failed"])])
def test_whether_a_quote_had_expired_is_judged_by_when_the_account_was_requested(stage: Stage, late: int, names: list[str]) -> None:
    quote = stage.a_quote()
    requested_at = quote["expires_at"] + timedelta(seconds=late)
    stage.clock.advance(days=2)
    stage.deliver(stage.requested(new_id("acc"), quote["id"], requested_at=format_instant(requested_at)))
    stage.settle()
    assert stage.names() == names
    assert [failure["code"] for failure in stage.emitted("payment_failed")] == ["quote_expired"] * (late == 0)


def test_a_quote_that_is_not_for_a_new_account_of_the_agency_is_for_a_human_to_see(stage: Stage) -> None:
    account_id = stage.an_account()
    change = stage.a_quote(paid("Pro"), account_id=account_id)["id"]
    for quote_id in (new_id("quo"), change):
        with pytest.raises(errors.QuoteNotFound):
            stage.deliver(stage.requested(new_id("acc"), quote_id))
    other = stage.requested(new_id("acc"), stage.a_quote()["id"])
    with pytest.raises(errors.QuoteNotFound):
        stage.deliver({**other, "agency_id": stage.an_agency()})


def test_an_upgrade_is_invoiced_exactly_as_quoted_and_keeps_the_renewal_date(stage: Stage) -> None:
    account_id = stage.an_account()
    before = subscription_of(stage, account_id)
    stage.clock.advance(days=15)
    quote = stage.a_quote(paid("Pro"), account_id=account_id)
    stage.clock.advance(minutes=20)
    stage.deliver(stage.upgraded(account_id, quote["id"]))
    stage.settle()
    after = subscription_of(stage, account_id)
    assert (after["selection"]["plan"], after["per_cycle_minor"], after["changes"]) == ("Pro", 6320, 1)
    assert (after["period_start"], after["period_end"]) == (before["period_start"], before["period_end"])
    rest = (quote["created_at"], before["period_end"])
    assert lines_of(stage, "plan_change") == [("unused_time", -1960, *rest), ("remaining_time", 3160, *rest)]
    assert [paid_["total_minor"] for paid_ in stage.emitted("invoice_paid")] == [3920, quote["offer"]["due_today"].amount_minor]
    assert stage.charged_minor() == 3920 + 1200


def test_a_trial_that_is_upgraded_pays_its_first_period(stage: Stage) -> None:
    account_id = stage.an_account(unpaid())
    stage.clock.advance(days=10)
    stage.deliver(stage.upgraded(account_id, stage.a_quote(account_id=account_id)["id"]))
    stage.settle()
    after = subscription_of(stage, account_id)
    assert (after["kind"], after["period_start"], after["anchored_at"]) == ("paid", stage.clock(), stage.clock())
    assert lines_of(stage, "plan_change") == [("new_period", 3920, stage.clock(), datetime(2026, 5, 10, 9, 30, tzinfo=UTC))]
    assert stage.charged_minor() == 3920


def test_going_annual_begins_a_year_today(stage: Stage) -> None:
    """R0.96."""
    account_id = stage.an_account()
    stage.clock.advance(days=15)
    stage.deliver(stage.upgraded(account_id, stage.a_quote(paid(frequency=Frequency.ANNUAL), account_id=account_id)["id"]))
    after = subscription_of(stage, account_id)
    assert (after["period_start"], after["period_end"]) == (stage.clock(), datetime(2027, 4, 15, 9, 30, tzinfo=UTC))
    assert [(line[0], line[1]) for line in lines_of(stage, "plan_change")] == [("unused_time", -1960), ("new_period", 37632)]


def test_an_upgrade_that_another_one_overtook_charges_nothing(stage: Stage) -> None:
    account_id = stage.an_account()
    first, second = (stage.a_quote(paid(plan), account_id=account_id)["id"] for plan in ("Pro", "Enterprise"))
    stage.deliver(stage.upgraded(account_id, first))
    with pytest.raises(errors.QuoteSuperseded):
        stage.deliver(stage.upgraded(account_id, second))
    assert subscription_of(stage, account_id)["selection"]["plan"] == "Pro"


def test_an_upgrade_needs_the_accounts_own_quote(stage: Stage) -> None:
    account_id, other = stage.an_account(), stage.an_account()
    with pytest.raises(errors.QuoteNotFound):
        stage.deliver(stage.upgraded(account_id, stage.a_quote(paid("Pro"), account_id=other)["id"]))


def test_an_upgrade_of_an_account_that_was_dropped_is_for_a_human_to_see(stage: Stage) -> None:
    account_id = stage.an_account()
    quote_id = stage.a_quote(paid("Pro"), account_id=account_id)["id"]
    stage.deliver(stage.failed(account_id))
    with pytest.raises(errors.AccountNotFound):
        stage.deliver(stage.upgraded(account_id, quote_id))


def test_a_failed_account_gets_its_money_back(stage: Stage) -> None:
    stage.credits.available_minor = 1000
    account_id = stage.an_account()
    assert stage.charged_minor() == 2920
    stage.deliver(stage.failed(account_id))
    stage.settle()
    assert stage.names() == ["invoice_issued", "invoice_paid", "credit_note_issued"]
    [payment] = stage.emitted("invoice_paid")
    [note] = stage.emitted("credit_note_issued")
    assert (note["number"], note["payment_id"]) == ("CN-000001", payment["payment_id"])
    assert (note["total_minor"], note["prepaid_minor"], note["card_minor"]) == (3920, 1000, 2920)
    assert stage.charged_minor() == 0
    assert [row["amount_minor"] for row in stage.database.query("SELECT amount_minor FROM refunds")] == [2920]
    assert stage.database.query("SELECT account_id FROM subscriptions") == []


def test_an_account_whose_failure_was_heard_first_is_never_invoiced(stage: Stage) -> None:
    account_id = new_id("acc")
    stage.deliver(stage.failed(account_id))
    stage.deliver(stage.requested(account_id, stage.a_quote()["id"]))
    assert stage.names() == []
    assert stage.database.query("SELECT account_id FROM subscriptions") == []


def test_a_failed_trial_is_dropped_without_a_document(stage: Stage) -> None:
    account_id = stage.an_account(unpaid())
    stage.deliver(stage.failed(account_id))
    assert stage.names() == []
    assert stage.database.query("SELECT account_id FROM subscriptions") == []


def test_another_agencys_account_is_not_found(stage: Stage) -> None:
    account_id, other = stage.an_account(), stage.an_agency()
    with stage.units.begin() as uow, pytest.raises(errors.AccountNotFound):
        subscriptions.undo_opening(uow, agency_id=other, account_id=account_id)


@pytest.mark.parametrize("same_event", [True, False])
def test_every_fact_of_an_accounts_life_has_one_effect_when_it_comes_twice(stage: Stage, same_event: bool) -> None:
    """As one event delivered twice, and as two events that say the same."""

    def twice(envelope: dict[str, Any]) -> None:
        stage.deliver(envelope)
        stage.deliver(envelope if same_event else {**envelope, "id": new_id("evt")})
        for own in stage.pending():
            stage.deliver(own)
            stage.deliver(own if same_event else {**own, "id": new_id("evt")})

    account_id, doomed = new_id("acc"), new_id("acc")
    twice(stage.agency_told("agency_registered", stage.agency_id))
    twice(stage.agency_told("agency_updated", stage.agency_id))
    twice(stage.requested(account_id, stage.a_quote()["id"]))
    twice(stage.upgraded(account_id, stage.a_quote(paid("Pro"), account_id=account_id)["id"]))
    twice(stage.requested(doomed, stage.a_quote()["id"]))
    twice(stage.failed(doomed))
    assert stage.names() == [*["invoice_issued", "invoice_paid"] * 3, "credit_note_issued"]
    assert stage.charged_minor() == 3920 + 2400
    assert subscription_of(stage, account_id)["changes"] == 1
    assert len(stage.database.query("SELECT credit_note_id FROM refunds")) == 1
