"""Cancelling, disabling, renewing, changing plan and what is due, on a real database, with the exact events."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from accounts import errors, models, usecases
from accounts.domain import Kind, Status, SuspensionReason
from chassis import context
from chassis.fields import format_instant
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import PLUS, activated, change_quote, plus

PERIOD = timedelta(days=30)


class Stage:
    """An agency's account on a clock that moves."""

    def __init__(self, units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
        self.units, self.database, self.clock, self.agency_id = units, database, clock, agency_id

    def account(self, kind: Kind = Kind.PAID) -> str:
        with self.units.begin() as uow:
            account_id = activated(uow, self.agency_id, kind=kind).id
        if kind is Kind.PAID:
            self.pay(account_id)
        return account_id

    def pay(self, account_id: str) -> None:
        with self.units.begin() as uow:
            usecases.record_payment(uow, account_id=account_id, purpose="renewal", period_ends_at=self.clock.now + PERIOD)

    def do(self, usecase: Any, account_id: str, **changes: Any) -> models.Account:
        with self.units.begin() as uow:
            done: models.Account = usecase(uow, agency_id=self.agency_id, account_id=account_id, **changes)
            return done

    def change(self, account_id: str, selection: Any, effective: Any = None) -> Any:
        down = selection.plan == "Starter"
        waits = None if effective == "now" or not down else self.clock.now + PERIOD
        quote = change_quote(account_id, selection, direction="downgrade" if down else "upgrade", takes_effect_at=waits)
        with self.units.begin() as uow:
            usecases.change_plan(uow, agency_id=self.agency_id, account_id=account_id, effective=effective, quote=quote)
        return self.shown(account_id)

    def sweep(self) -> None:
        with self.units.begin() as uow:
            usecases.do_what_is_due(uow, limit=100)

    def shown(self, account_id: str) -> Any:
        with self.units.rows() as connection:
            return usecases.account(connection, agency_id=self.agency_id, account_id=account_id)

    def told(self) -> list[str]:
        return [name for name, _ in self.database.emitted()][2:]


@pytest.fixture
def stage(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> Stage:
    return Stage(units, database, clock, agency_id)


def test_a_cancelled_account_is_usable_until_the_end_of_its_period_then_expired_then_archived_then_renewed(stage: Stage) -> None:
    """R0.14, R0.89, R0.91, R0.92, R0.93, R0.100."""
    account_id = stage.account()
    ends = stage.clock.now + PERIOD
    cancelled = stage.do(usecases.cancel_account, account_id, reason="Gone.")
    assert (cancelled.status, cancelled.expires_at, cancelled.cancellation_reason) == ("cancelled", ends, "Gone.")
    undone = stage.do(usecases.undo_cancellation, account_id)
    assert (undone.status, undone.cancelled_at, undone.renews_at, undone.expires_at) == ("active", None, ends, None)
    stage.do(usecases.cancel_account, account_id, reason=None)
    stage.clock.advance(days=31)
    with pytest.raises(errors.RenewByPlanChange):
        stage.do(usecases.renew_account, account_id, billing_profile_id=None, quote=None)
    stage.sweep()
    assert (stage.shown(account_id).status, stage.shown(account_id).expired_at) == ("expired", ends)
    stage.clock.advance(days=30)
    stage.sweep()
    assert stage.shown(account_id).archived_at == ends + timedelta(days=30)
    with pytest.raises(errors.RenewalUnquoted):
        stage.do(usecases.renew_account, account_id, billing_profile_id=None, quote=None)
    profile_id = new_id("bp")
    renewed = stage.do(usecases.renew_account, account_id, billing_profile_id=profile_id, quote=change_quote(account_id, PLUS))
    assert (renewed.status, renewed.billing_profile_id, renewed.expired_at, renewed.archived_at) == ("active", profile_id, None, None)
    assert stage.told() == [
        "account_cancelled",
        "cancellation_undone",
        "account_cancelled",
        "account_expired",
        "account_archived",
        "account_renewed",
    ]


def test_an_account_cancelled_before_it_is_heard_that_its_renewal_was_paid_lives_to_the_end_of_that(stage: Stage) -> None:
    """R0.100."""
    account_id = stage.account()
    stage.clock.advance(days=30, seconds=1)
    assert stage.do(usecases.cancel_account, account_id, reason="Gone.").status == "cancelled"
    ends = stage.clock.now + PERIOD
    for _ in range(2):
        with stage.units.begin() as uow:
            usecases.record_payment(uow, account_id=account_id, purpose="renewal", period_ends_at=ends)
    stage.clock.advance(days=2)
    stage.sweep()
    assert (stage.shown(account_id).status, stage.shown(account_id).expires_at) == ("cancelled", ends)
    told = [data for name, data in stage.database.emitted() if name == "account_cancelled"]
    assert [each["expires_at"] for each in told] == [format_instant(stage.clock.now - timedelta(days=1, seconds=1)), format_instant(ends)]
    assert {each["reason"] for each in told} == {"Gone."}
    stage.clock.now = ends
    stage.sweep()
    assert stage.told() == ["renewal_upcoming", "account_cancelled", "account_cancelled", "account_expired"]


def test_an_account_cancelled_while_its_renewal_is_not_paid_ends_after_a_day(stage: Stage) -> None:
    account_id = stage.account()
    stage.clock.advance(days=30)
    stage.do(usecases.cancel_account, account_id, reason=None)
    stage.clock.advance(days=1)
    stage.sweep()
    assert stage.shown(account_id).status == "expired"
    overdue = stage.account()
    stage.clock.advance(days=32)
    assert stage.do(usecases.cancel_account, overdue, reason=None).status == "expired"


def test_a_trial_ends_and_becomes_paid_by_a_change_of_plan(stage: Stage) -> None:
    """R0.84, R0.87, R0.88."""
    account_id = stage.account(Kind.TRIAL)
    assert stage.shown(account_id).expires_at == stage.clock.now + timedelta(days=15)
    stage.clock.advance(days=12)
    stage.sweep()
    stage.sweep()
    stage.clock.advance(days=3)
    stage.sweep()
    assert stage.shown(account_id).status == "expired"
    converted = stage.change(account_id, PLUS)
    assert (converted.kind, converted.status, converted.expires_at) == ("paid", "active", None)
    assert stage.told() == ["trial_ending", "account_expired", "account_converted"]


def test_a_sandbox_is_cancelled_at_once(stage: Stage) -> None:
    account_id = stage.account(Kind.SANDBOX)
    assert stage.do(usecases.cancel_account, account_id, reason=None).status == "expired"
    assert stage.told() == ["account_cancelled", "account_expired"]


def test_several_suspensions_are_in_force_at_once_and_each_lifts_its_own(stage: Stage) -> None:
    """R0.60."""
    account_id = stage.account()
    for message in ("Call us.", "Call us.", "Call us now."):
        assert stage.do(usecases.disable_account, account_id, message=message).status == "disabled"
    stage.do(usecases.suspend_account, account_id, reason=SuspensionReason.PAYMENT, message=None)
    assert stage.do(usecases.enable_account, account_id).status == "disabled"
    with pytest.raises(errors.SuspensionNotYours):
        stage.do(usecases.enable_account, account_id)
    assert stage.do(usecases.lift_suspension, account_id, reason=SuspensionReason.ABUSE).status == "disabled"
    assert stage.do(usecases.lift_suspension, account_id, reason=SuspensionReason.PAYMENT).status == "active"
    assert stage.told() == [*["account_disabled"] * 3, "account_enabled"]


def test_a_downgrade_waits_for_the_end_of_the_period_and_can_be_dropped(stage: Stage) -> None:
    account_id = stage.account()
    starter = plus(plan="Starter")
    assert stage.change(account_id, starter).plan == "Plus"
    with pytest.raises(errors.PlanChangeWaiting):
        stage.change(account_id, plus(plan="Pro"))
    assert stage.do(usecases.drop_plan_change, account_id).due_at == stage.clock.now + PERIOD
    with pytest.raises(errors.NoPlanChangeWaiting):
        stage.do(usecases.drop_plan_change, account_id)
    stage.change(account_id, starter)
    stage.clock.advance(days=30)
    stage.sweep()
    assert stage.shown(account_id).plan == "Starter"
    with stage.units.reading() as session:
        page = usecases.plan_changes(session, agency_id=stage.agency_id, account_id=account_id, limit=1, cursor=None)
        rest = usecases.plan_changes(session, agency_id=stage.agency_id, account_id=account_id, limit=1, cursor=page.next_cursor)
    assert (sorted([page.data[0].state, rest.data[0].state]), page.total, rest.next_cursor) == (["applied", "dropped"], 2, None)
    stage.change(account_id, plus(plan="Starter", contacts=500), "now")
    assert stage.told() == [
        "plan_change_scheduled",
        "plan_change_dropped",
        "plan_change_scheduled",
        "renewal_upcoming",
        "account_downgraded",
        "account_downgraded",
    ]


def test_from_annual_to_monthly_at_once_the_paid_period_is_the_one_billing_tells(stage: Stage) -> None:
    """R0.96."""
    account_id = stage.account()
    stage.change(account_id, plus(frequency="annual"))
    quote = change_quote(account_id, PLUS, direction="downgrade")
    with stage.units.begin() as uow:
        usecases.change_plan(uow, agency_id=stage.agency_id, account_id=account_id, effective=None, quote=quote)
    assert stage.shown(account_id).renews_at is None
    ends_at = stage.clock.now + PERIOD / 2
    for granted in ((account_id, ends_at), (account_id, ends_at), (account_id, None), (None, None)):
        with stage.units.begin() as uow:
            usecases.record_grant(uow, account_id=granted[0], period_ends_at=granted[1])
    assert stage.shown(account_id).renews_at == ends_at
    assert stage.told() == ["account_upgraded", "account_downgraded"]


def test_an_account_nobody_paid_for_expires_and_comes_back_on_any_plan(stage: Stage) -> None:
    """R0.93."""
    account_id = stage.account()
    stage.do(usecases.suspend_account, account_id, reason=SuspensionReason.PAYMENT, message=None)
    for _ in range(2):
        with stage.units.begin() as uow:
            usecases.expire_unpaid_account(uow, account_id=account_id)
    assert stage.change(account_id, PLUS).status == "active"
    assert stage.told() == ["account_disabled", "account_expired", "account_renewed"]


def test_actions_say_what_the_commands_do(stage: Stage) -> None:
    account_id = stage.account()
    stage.do(usecases.disable_account, account_id, message="Call us.")
    with stage.units.begin() as uow:
        shown: Any = usecases.actions(uow, agency_id=stage.agency_id, account_id=account_id)
    assert (shown["status"], [each.message for each in shown["suspensions"]]) == (Status.DISABLED, ["Call us."])
    allowed = [each.verb for each in shown["data"] if each.allowed]
    assert allowed == ["cancel", "disable", "enable", "edit", "brand", "log_in", "reset_password", "manage_users"]


def test_the_history_tells_who_changed_what_and_is_never_changed(stage: Stage) -> None:
    account_id = stage.account()
    with context.changed(actor="key_1"):
        stage.do(usecases.cancel_account, account_id, reason="Gone.")
    with stage.units.reading() as session:
        page = usecases.account_history(session, agency_id=stage.agency_id, account_id=account_id, limit=2, cursor=None)
        rest = usecases.account_history(session, agency_id=stage.agency_id, account_id=account_id, limit=9, cursor=page.next_cursor)
        with pytest.raises(errors.InvalidCursor):
            usecases.account_history(session, agency_id=stage.agency_id, account_id=account_id, limit=9, cursor="WyJhIl0")
        with pytest.raises(errors.AccountNotFound):
            usecases.account_history(session, agency_id=new_id("agy"), account_id=account_id, limit=9, cursor=None)
    assert [(each.action, each.actor) for each in [*page.data, *rest.data]] == [
        ("cancel", "key_1"),
        ("pay", "platform"),
        ("activate", "platform"),
        ("open", "platform"),
    ]
    latest = page.data[0]
    assert (latest.before["status"], latest.after["status"], latest.after["cancellation_reason"]) == ("active", "cancelled", "Gone.")
    with pytest.raises(Exception, match="never changed"):
        stage.database.execute("DELETE FROM account_events")


def test_three_replicas_over_many_periods_do_what_is_due_once(stage: Stage, database: ServiceDatabase, clock: MovingClock) -> None:
    accounts = [stage.account(Kind.TRIAL) for _ in range(10)]
    units = database.units(clock, pool_size=3)

    def sweep(_: int) -> None:
        with units.begin() as uow:
            usecases.do_what_is_due(uow, limit=4)

    with ThreadPoolExecutor(3) as replicas:
        for _ in range(10):
            clock.advance(days=5)
            list(replicas.map(sweep, range(9)))
    told = [name for name, _ in database.emitted()]
    assert {name: told.count(name) for name in ("trial_ending", "account_expired", "account_archived")} == {
        "trial_ending": 10,
        "account_expired": 10,
        "account_archived": 10,
    }
    assert {stage.shown(account_id).status for account_id in accounts} == {"archived"}
