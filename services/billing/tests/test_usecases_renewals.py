"""The run of renewals: the same amount every cycle, each account on its own day, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config import Config
from billing.domain.catalogue import Frequency
from billing.domain.offer import Effective
from billing.domain.period import Period, next_period, renewal
from billing.usecases import payments, renewals
from chassis.fields import format_instant
from chassis.ids import new_id

from .factories import paid, unpaid
from .stage import Stage


def renew(stage: Stage, limit: int = 100) -> int:
    with stage.units.begin() as uow:
        renewed = renewals.renew_due_subscriptions(uow, limit=limit)
    stage.settle()
    return renewed


def invoices_of(stage: Stage, account_id: str) -> list[tuple[str, int, str]]:
    """Purpose, total and the day from which it pays, the oldest first."""
    rows = stage.database.query(
        "SELECT purpose, total_minor, period_start FROM invoices JOIN invoice_lines ON invoice_id = invoices.id"
        " WHERE account_id = %s ORDER BY invoices.id",
        account_id,
    )
    return [(row["purpose"], row["total_minor"], row["period_start"].date().isoformat()) for row in rows]


def subscription_of(stage: Stage, account_id: str) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", account_id)
    return row


@given(
    anchor=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  the strategy adds the zone
    frequency=st.sampled_from(Frequency),
    time_zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
    count=st.integers(0, 60),
)
def test_the_next_period_is_counted_from_the_purchase(anchor: datetime, frequency: Frequency, time_zone: str, count: int) -> None:
    first, second, third = (renewal(anchor, frequency=frequency, time_zone=time_zone, count=count + more) for more in range(3))
    following = next_period(Period(start=first, end=second), anchor=anchor, frequency=frequency, time_zone=time_zone)
    assert following == Period(start=second, end=third)


def test_a_monthly_plan_costs_the_same_every_month_until_it_is_terminated(stage: Stage) -> None:
    """R0.35, R0.59."""
    account_id = stage.an_account()
    start = subscription_of(stage, account_id)["period_start"]
    assert renew(stage) == 0
    for _ in range(3):
        stage.clock.now = subscription_of(stage, account_id)["period_end"]
        assert renew(stage) == 1
        assert renew(stage) == 0
    assert [(purpose, total) for purpose, total, _ in invoices_of(stage, account_id)] == [("account_opening", 3920)] + [
        ("renewal", 3920)
    ] * 3
    days = [renewal(start, frequency=Frequency.MONTHLY, time_zone="Europe/Paris", count=count).date().isoformat() for count in range(4)]
    assert [day for _, _, day in invoices_of(stage, account_id)] == days
    assert stage.charged_minor() == 4 * 3920
    told = [(data["purpose"], data["period_ends_at"]) for data in stage.emitted("invoice_paid")]
    assert told[-1] == ("renewal", subscription_of(stage, account_id)["period_end"].isoformat().replace("+00:00", "Z"))
    stage.deliver(stage.told("account_cancelled", account_id))
    stage.clock.now = subscription_of(stage, account_id)["period_end"]
    assert renew(stage) == 0


def test_an_annual_plan_costs_the_same_every_year(stage: Stage) -> None:
    """R0.36, R0.59, R0.96."""
    account_id = stage.an_account(paid(frequency=Frequency.ANNUAL))
    for _ in range(2):
        stage.clock.now = subscription_of(stage, account_id)["period_end"]
        assert renew(stage) == 1
    (_, opening, first), (_, second, _), (_, third, last) = invoices_of(stage, account_id)
    assert opening == second == third
    assert int(last[:4]) == int(first[:4]) + 2
    assert last[4:] == first[4:]


def test_accounts_that_share_a_profile_are_each_renewed_on_their_own_day(stage: Stage) -> None:
    """R0.61."""
    first = stage.an_account()
    stage.clock.advance(days=10)
    second = stage.an_account()
    stage.clock.now = subscription_of(stage, first)["period_end"]
    assert renew(stage) == 1
    assert (len(invoices_of(stage, first)), len(invoices_of(stage, second))) == (2, 1)
    stage.clock.advance(days=10)
    assert renew(stage) == 1
    assert (len(invoices_of(stage, first)), len(invoices_of(stage, second))) == (2, 2)


def test_trials_and_what_has_ended_are_not_renewed(stage: Stage) -> None:
    """R0.60."""
    trial, ended, failed = stage.an_account(unpaid("Trial")), stage.an_account(), stage.an_account()
    stage.deliver(stage.told("account_expired", ended))
    stage.deliver(stage.failed(failed))
    stage.clock.advance(days=400)
    assert renew(stage) == 0
    assert [len(invoices_of(stage, each)) for each in (trial, ended)] == [0, 1]


@pytest.mark.parametrize("is_heard_first", [True, False])
def test_a_downgrade_that_waits_is_what_the_next_period_costs_whichever_is_heard_first(stage: Stage, is_heard_first: bool) -> None:
    """R0.17, R0.44."""
    account_id = stage.an_account()
    quote_id = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.PERIOD_END)["id"]
    stage.deliver(stage.told("plan_change_scheduled", account_id, quote_id=quote_id))
    stage.clock.now = subscription_of(stage, account_id)["period_end"]
    downgraded = stage.told("account_downgraded", account_id, quote_id=quote_id, effective="period_end")
    if is_heard_first:
        stage.deliver(downgraded)
    assert renew(stage) == 1
    stage.deliver(downgraded)
    assert [total for _, total, _ in invoices_of(stage, account_id)] == [3920, 1200]
    after = subscription_of(stage, account_id)
    assert (after["selection"]["plan"], after["changes"]) == ("Starter", 1)


def test_a_change_that_was_dropped_changes_no_renewal(stage: Stage) -> None:
    account_id = stage.an_account()
    quote_id = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.PERIOD_END)["id"]
    for name in ("plan_change_scheduled", "plan_change_dropped"):
        stage.deliver(stage.told(name, account_id, quote_id=quote_id))
    stage.clock.now = subscription_of(stage, account_id)["period_end"]
    assert renew(stage) == 1
    assert [total for _, total, _ in invoices_of(stage, account_id)] == [3920, 3920]


def test_what_was_away_for_several_periods_is_renewed_for_each(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.clock.now = subscription_of(stage, account_id)["period_end"] + timedelta(days=65)
    assert [renew(stage) for _ in range(4)] == [1, 1, 1, 0]
    assert len(invoices_of(stage, account_id)) == 4
    assert subscription_of(stage, account_id)["period_end"] > stage.clock.now


def test_replicas_that_come_at_once_renew_each_subscription_once(stage: Stage) -> None:
    accounts = [stage.an_account() for _ in range(6)]
    stage.clock.now = max(subscription_of(stage, each)["period_end"] for each in accounts)

    def sweep(_: int) -> int:
        with stage.units.begin() as uow:
            return renewals.renew_due_subscriptions(uow, limit=4)

    with ThreadPoolExecutor(4) as threads:
        renewed = sum(threads.map(sweep, range(8)))
    stage.settle()
    assert renewed == len(accounts)
    assert {len(invoices_of(stage, each)) for each in accounts} == {2}
    assert stage.charged_minor() == 12 * 3920


def test_an_agency_without_any_card_is_renewed_too_and_prepaid_pays_all_or_nothing(stage: Stage) -> None:
    """R0.104."""
    account_id = stage.an_account()
    stranger = stage.an_agency(agency_id=new_id("agy"))
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=stranger))
    stage.credits.available_minor = 3919
    stage.clock.now = subscription_of(stage, account_id)["period_end"]
    assert renew(stage) == 1
    [refused] = stage.emitted("payment_failed")
    assert (refused["code"], refused["attempt"], refused["is_final"]) == ("billing_profile_required", 1, False)
    assert (stage.emitted("invoice_issued")[-1]["billing_profile_id"], stage.charged_minor()) == (None, 3920)
    stage.credits.available_minor = 3920
    stage.clock.advance(days=1)
    stage.go_on()
    [_, paid] = stage.emitted("invoice_paid")
    assert (paid["prepaid_minor"], paid["card_minor"], paid["purpose"]) == (3920, 0, "renewal")


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_renewal_of_what_was_cancelled_before_is_taken_back_once_that_is_heard(stage: Stage, is_paid: bool) -> None:
    """R0.100."""
    account_id = stage.an_account()
    if not is_paid:
        stage.a_profile("pm_card_declined")
        stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": None}))
    before = subscription_of(stage, account_id)
    cancelled = stage.told("account_cancelled", account_id, expires_at=format_instant(before["period_end"]))
    stage.clock.now = before["period_end"]
    assert renew(stage) == 1
    stage.deliver(cancelled)
    stage.settle()
    after = subscription_of(stage, account_id)
    assert (after["period_start"], after["period_end"], after["standing"]) == (before["period_start"], before["period_end"], "cancelled")
    assert stage.charged_minor() == 3920
    assert [note["card_minor"] for note in stage.emitted("credit_note_issued")] == [3920 if is_paid else 0]
    assert [step["outcome"] for step in stage.emitted("dunning_step")] == ([] if is_paid else ["retry", "recovered"])
    stage.deliver(stage.told("cancellation_undone", account_id, minute=1))
    assert renew(stage) == 1
    assert subscription_of(stage, account_id)["period_start"] == before["period_end"]


def test_a_renewal_that_is_taken_back_while_it_is_being_paid_gives_the_money_back(stage: Stage) -> None:
    account_id = stage.an_account()
    ends = subscription_of(stage, account_id)["period_end"]
    stage.clock.now = ends
    with stage.units.begin() as uow:
        renewals.renew_due_subscriptions(uow, limit=10)
    [issued] = stage.pending()
    with stage.units.begin() as uow:
        assert payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"]) is not None
    stage.deliver(stage.told("account_cancelled", account_id, expires_at=format_instant(ends)))
    assert stage.emitted("credit_note_issued") == []
    stage.deliver(issued)
    stage.settle()
    assert len(stage.emitted("credit_note_issued")) == 1
    assert stage.charged_minor() == 3920


def test_a_renewal_that_is_taken_back_before_anybody_collected_it_is_never_collected(stage: Stage) -> None:
    account_id = stage.an_account()
    ends = subscription_of(stage, account_id)["period_end"]
    stage.clock.now = ends
    with stage.units.begin() as uow:
        renewals.renew_due_subscriptions(uow, limit=10)
    stage.deliver(stage.told("account_expired", account_id, expired_at=format_instant(ends)))
    stage.settle()
    assert stage.names()[2:] == ["invoice_issued", "credit_note_issued"]
    assert len(stage.charges()) == 1


def test_a_downgrade_applied_by_a_renewal_that_is_taken_back_waits_again(stage: Stage) -> None:
    account_id = stage.an_account()
    quote_id = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.PERIOD_END)["id"]
    stage.deliver(stage.told("plan_change_scheduled", account_id, quote_id=quote_id))
    before = subscription_of(stage, account_id)
    cancelled = stage.told("account_cancelled", account_id, minute=1, expires_at=format_instant(before["period_end"]))
    dropped = stage.told("plan_change_dropped", account_id, minute=1, quote_id=quote_id)
    stage.clock.now = before["period_end"]
    assert renew(stage) == 1
    assert subscription_of(stage, account_id)["selection"]["plan"] == "Starter"
    stage.deliver(cancelled)
    stage.deliver(dropped)
    after = subscription_of(stage, account_id)
    kept = ("selection", "per_cycle_minor", "catalogue_version", "changes", "period_start", "period_end")
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_a_renewal_for_an_agency_with_a_clock_of_its_own_is_issued_in_its_time(stage: Stage) -> None:
    account_id = stage.an_account()
    ends = subscription_of(stage, account_id)["period_end"]
    stage.deliver(stage.fact("test_clock_advanced", {"now": format_instant(ends), "clock_id": "clk"}))
    assert renew(stage) == 1
    [row] = stage.database.query("SELECT issued_at FROM invoices WHERE account_id = %s AND purpose = 'renewal'", account_id)
    assert row["issued_at"] == ends


def test_the_run_goes_on_where_it_ended(stage: Stage) -> None:
    accounts = [stage.an_account() for _ in range(5)]
    assert renewals.run(stage.units, batch=2, batches=10) == 0
    stage.clock.now = max(subscription_of(stage, each)["period_end"] for each in accounts)
    assert [renewals.run(stage.units, batch=2, batches=1) for _ in range(4)] == [2, 2, 1, 0]
    assert len({each["invoice_id"] for each in stage.emitted("invoice_issued")}) == 10


def test_how_far_the_run_is_can_be_asked_from_the_command_line(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    renewals.show_progress(Config(amqp_uri="amqp://nobody", database_url=stage.database.url))
    stage.an_account()
    assert capsys.readouterr().out == "0 due; 0 renewed in the last hour\n"
    stage.database.execute("UPDATE subscriptions SET period_start = '2020-01-01Z', period_end = '2020-02-01Z'")
    renewals.show_progress(Config(amqp_uri="amqp://nobody", database_url=stage.database.url))
    assert capsys.readouterr().out == "1 due, the longest since 2020-02-01T00:00:00+00:00; 0 renewed in the last hour\n"


def test_the_progress_of_the_run_can_be_asked_for(stage: Stage) -> None:
    for _ in range(3):
        stage.an_account()
    with stage.units.begin() as uow:
        assert renewals.progress(uow) == {"due": 0, "due_since": None, "renewed": 0}
    stage.clock.now = ends = subscription_of(stage, stage.an_account())["period_end"]
    with stage.units.begin() as uow:
        renewals.renew_due_subscriptions(uow, limit=1)
        told = renewals.progress(uow)
    assert (told["due"], told["due_since"]) == (3, ends)
