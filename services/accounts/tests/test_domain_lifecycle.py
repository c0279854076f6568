"""The lifecycle table: every verb in every status, what happens by itself, and that `actions` and commands say the same."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import domain, errors
from accounts.domain import AGENCY_VERBS, Due, Kind, State, Status, SuspensionReason, Verb

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
SOON, LATER = NOW + timedelta(days=10), NOW + timedelta(days=60)
AGENCY, PAYMENT, ABUSE = SuspensionReason.AGENCY, SuspensionReason.PAYMENT, SuspensionReason.ABUSE

CREATING = State(kind=Kind.PAID, status=Status.CREATING)
FAILED = State(kind=Kind.PAID, status=Status.FAILED)
ACTIVE = State(kind=Kind.PAID, status=Status.ACTIVE, renews_at=SOON)
TRIAL = State(kind=Kind.TRIAL, status=Status.ACTIVE, expires_at=SOON)
SANDBOX = State(kind=Kind.SANDBOX, status=Status.ACTIVE)
DISABLED = dataclasses.replace(ACTIVE, status=Status.DISABLED, suspensions=frozenset({AGENCY}))
CANCELLED = dataclasses.replace(ACTIVE, status=Status.CANCELLED, expires_at=SOON)
EXPIRED = State(kind=Kind.PAID, status=Status.EXPIRED, expires_at=NOW, expired_at=NOW)
ARCHIVED = dataclasses.replace(EXPIRED, status=Status.ARCHIVED, archived_at=NOW)
SCHEDULED = dataclasses.replace(ACTIVE, change_due_at=SOON)
EVERY = [CREATING, FAILED, ACTIVE, DISABLED, CANCELLED, EXPIRED, ARCHIVED]


def like(state: State, **changes: Any) -> State:
    return dataclasses.replace(state, **changes)


def refusal(state: State, verb: Verb, now: datetime = NOW) -> errors.Refusal:
    found = domain.decide(state, verb, now).refusal
    assert found is not None, f"{verb} is allowed"
    return found


POSSIBLE = {
    Verb.ACTIVATE: {Status.CREATING: Status.ACTIVE},
    Verb.FAIL: {Status.CREATING: Status.FAILED},
    Verb.EXPIRE: dict.fromkeys((Status.ACTIVE, Status.DISABLED, Status.CANCELLED), Status.EXPIRED),
    Verb.ARCHIVE: {Status.EXPIRED: Status.ARCHIVED},
    Verb.SUSPEND: {Status.ACTIVE: Status.DISABLED, Status.DISABLED: Status.DISABLED, Status.CANCELLED: Status.CANCELLED},
    Verb.LIFT: {
        Status.DISABLED: Status.DISABLED,
        Status.CANCELLED: Status.CANCELLED,
        Status.EXPIRED: Status.EXPIRED,
        Status.ARCHIVED: Status.ARCHIVED,
    },
    Verb.CHANGE_PLAN: {Status.ACTIVE: Status.ACTIVE, Status.EXPIRED: Status.ACTIVE},
    Verb.DROP_PLAN_CHANGE: {},
    Verb.CANCEL: dict.fromkeys((Status.ACTIVE, Status.DISABLED), Status.CANCELLED),
    Verb.UNDO_CANCELLATION: {Status.CANCELLED: Status.ACTIVE},
    Verb.DISABLE: dict.fromkeys((Status.ACTIVE, Status.DISABLED), Status.DISABLED),
    Verb.ENABLE: {Status.DISABLED: Status.DISABLED},
    Verb.RENEW: {Status.CANCELLED: Status.ACTIVE, Status.ARCHIVED: Status.ACTIVE},
    Verb.EDIT: {each: each for each in (Status.ACTIVE, Status.DISABLED, Status.CANCELLED, Status.EXPIRED)},
    Verb.BRAND: {each: each for each in (Status.ACTIVE, Status.DISABLED, Status.CANCELLED)},
    Verb.LOG_IN: {each: each for each in (Status.ACTIVE, Status.DISABLED)},
    Verb.RESET_PASSWORD: {each: each for each in (Status.ACTIVE, Status.DISABLED, Status.CANCELLED)},
    Verb.CLAIM_CREDENTIALS: {Status.ACTIVE: Status.ACTIVE},
    Verb.ISSUE_CREDENTIALS: {status: status for status in (Status.CREATING, Status.ACTIVE)},
    Verb.MANAGE_USERS: {each: each for each in (Status.ACTIVE, Status.DISABLED, Status.CANCELLED)},
    Verb.TRANSFER_OUT: {each: each for each in (Status.ACTIVE, Status.CANCELLED, Status.EXPIRED)},
    Verb.OWN_LOG_IN: {each: each for each in (Status.ACTIVE, Status.CANCELLED)},
}
"""Of a paid account without anything scheduled, disabled by its agency where it is disabled."""


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("state", EVERY, ids=lambda state: state.status)
def test_a_verb_is_possible_in_the_statuses_of_its_row_and_in_no_other(state: State, verb: Verb) -> None:
    """R0.58: no verb deletes. R0.98: nobody logs in by link once it is cancelled, but its own users do, and passwords are reset."""
    decision = domain.decide(state, verb, NOW)
    expected = POSSIBLE[verb].get(state.status)
    assert decision.allowed is (expected is not None)
    if expected is None:
        assert decision.code is not None
        assert decision.reason
        assert decision.until is None
        with pytest.raises(errors.Refusal) as caught:
            domain.allow(state, verb, NOW)
        assert caught.value.to_wire() == refusal(state, verb).to_wire()
    else:
        assert (decision.code, decision.reason) == (None, None)
        assert domain.allow(state, verb, NOW) == state
        assert domain.status_after(state, verb) is expected


def test_a_refusal_says_what_is_possible_instead_and_until_when() -> None:
    found = refusal(CANCELLED, Verb.CHANGE_PLAN)
    assert found.details["possible_while"] == ["active", "expired"]
    assert found.details["possible_now"] == [
        "undo_cancellation",
        "renew",
        "edit",
        "brand",
        "reset_password",
        "manage_users",
        "transfer_out",
    ]
    ends, archives = SOON.isoformat(), (SOON + timedelta(days=30)).isoformat()
    assert found.details["until"] == {
        **dict.fromkeys(("undo_cancellation", "renew", "brand", "reset_password", "manage_users"), ends),
        "edit": archives,
        "transfer_out": archives,
    }
    assert found.text == (
        "change_plan is not possible while the account is cancelled: it is while the account is active or expired. "
        f"Possible now: undo_cancellation until {ends}, renew until {ends}, edit until {archives}, brand until {ends}, "
        f"reset_password until {ends}, manage_users until {ends}, transfer_out until {archives}."
    )
    assert refusal(CREATING, Verb.CANCEL).text.endswith("Nothing is possible now.")
    assert "Possible now: change_plan, cancel," in refusal(ACTIVE, Verb.RENEW).text


def test_the_table_leads_nowhere_from_where_it_refuses() -> None:
    with pytest.raises(LookupError):
        domain.status_after(EXPIRED, Verb.RENEW)


# --- kinds, times and suspensions -------------------------------------------------------------------------------------------------------


def test_a_sandbox_neither_becomes_paid_nor_expires_by_itself() -> None:
    """R0.95."""
    assert refusal(SANDBOX, Verb.CHANGE_PLAN).code == "kind_stays"
    assert refusal(SANDBOX, Verb.EXPIRE).code == "not_in_this_status"
    assert domain.next_due(SANDBOX) is None


def test_cancelling_keeps_what_is_paid_for_and_the_days_of_a_trial_and_ends_a_sandbox_at_once() -> None:
    """R0.100."""
    for state, ends in ((ACTIVE, SOON), (DISABLED, SOON), (TRIAL, SOON), (SANDBOX, NOW)):
        cancelled = domain.cancelled(state, NOW)
        assert (cancelled.status, cancelled.expires_at, cancelled.suspensions) == (Status.CANCELLED, ends, state.suspensions)
    assert domain.cancelled(SCHEDULED, NOW).change_due_at is None
    overdue = like(ACTIVE, renews_at=NOW - timedelta(days=1))
    assert domain.cancelled(overdue, NOW).expires_at == NOW


def test_what_is_cancelled_in_a_period_that_is_paid_lives_to_its_end_whenever_that_is_heard() -> None:
    """R0.100."""
    began, ends = NOW - timedelta(seconds=1), NOW + timedelta(days=30)
    for renews_at in (began, NOW):
        waiting = domain.cancelled(like(ACTIVE, renews_at=renews_at), NOW)
        assert waiting.expires_at == renews_at + timedelta(days=1)
        lives = domain.paid_until(waiting, ends)
        assert (lives.status, lives.renews_at, lives.expires_at) == (Status.CANCELLED, ends, ends)
        assert domain.paid_until(lives, ends) == domain.paid_until(lives, began) == lives
        assert domain.paid_until(waiting, renews_at) == waiting
    assert domain.paid_until(like(ACTIVE, renews_at=NOW), ends) == domain.paid_until(like(ACTIVE, renews_at=began), ends)


def test_what_is_cancelled_before_a_period_begins_does_not_live_in_it_though_it_was_charged() -> None:
    cancelled = domain.cancelled(like(ACTIVE, renews_at=SOON), NOW)
    assert domain.paid_until(cancelled, SOON + timedelta(days=30)).expires_at == SOON


def test_an_account_whose_period_is_not_known_yet_is_not_cancelled_yet() -> None:
    assert refusal(like(ACTIVE, renews_at=None), Verb.CANCEL).code == "paid_period_unknown"
    with pytest.raises(errors.PaidPeriodUnknown):
        domain.with_scheduled_change(like(ACTIVE, renews_at=None), NOW)


def test_a_cancellation_is_undone_until_the_account_expires() -> None:
    """R0.91."""
    assert domain.decide(CANCELLED, Verb.UNDO_CANCELLATION, NOW).until == SOON
    assert domain.resumed(CANCELLED, Verb.UNDO_CANCELLATION, NOW) == ACTIVE
    assert domain.resumed(CANCELLED, Verb.RENEW, NOW) == ACTIVE
    assert domain.resumed(domain.cancelled(TRIAL, NOW), Verb.UNDO_CANCELLATION, NOW) == TRIAL
    suspended = like(CANCELLED, suspensions=frozenset({ABUSE}))
    assert domain.resumed(suspended, Verb.UNDO_CANCELLATION, NOW).status is Status.DISABLED
    assert refusal(CANCELLED, Verb.UNDO_CANCELLATION, SOON).details["possible_now"] == ["change_plan", "edit", "transfer_out"]


def test_what_has_expired_is_not_renewed_on_its_previous_plan() -> None:
    """R0.93."""
    found = refusal(EXPIRED, Verb.RENEW)
    assert (found.code, found.details["until"]) == ("renew_by_plan_change", (NOW + timedelta(days=30)).isoformat())
    assert domain.decide(EXPIRED, Verb.CHANGE_PLAN, NOW).until == NOW + timedelta(days=30)
    assert refusal(like(EXPIRED, kind=Kind.SANDBOX), Verb.RENEW).code == "renew_once_archived"


@pytest.mark.parametrize("bought", [datetime(2022, 12, 1, tzinfo=UTC), NOW])
def test_what_is_archived_is_renewed_for_a_year_whenever_it_was_bought(bought: datetime) -> None:
    """R0.90, R0.92, R0.94."""
    archived = like(ARCHIVED, archived_at=bought)
    year = bought.replace(year=bought.year + 1)
    assert domain.decide(archived, Verb.RENEW, bought).until == year
    renewed = domain.resumed(archived, Verb.RENEW, year - timedelta(microseconds=1))
    assert renewed == State(kind=Kind.PAID, status=Status.ACTIVE)
    found = refusal(archived, Verb.RENEW, year)
    assert (found.code, found.details["until"]) == ("archived_too_long", year.isoformat())


def test_a_year_is_a_calendar_year() -> None:
    assert domain.a_year_after(datetime(2024, 2, 29, 1, tzinfo=UTC)) == datetime(2025, 2, 28, 1, tzinfo=UTC)
    assert domain.a_year_after(datetime(2024, 2, 28, tzinfo=UTC)) == datetime(2025, 2, 28, tzinfo=UTC)


def test_an_archived_trial_has_no_plan_to_be_renewed_on_and_an_archived_sandbox_comes_back() -> None:
    assert refusal(like(ARCHIVED, kind=Kind.TRIAL), Verb.RENEW).code == "trial_not_renewable"
    assert domain.resumed(like(ARCHIVED, kind=Kind.SANDBOX), Verb.RENEW, NOW) == SANDBOX
    paid = {kind: domain.renewal_is_paid(like(ARCHIVED, kind=kind)) for kind in Kind}
    assert paid == {Kind.PAID: True, Kind.TRIAL: False, Kind.SANDBOX: False}
    assert not domain.renewal_is_paid(CANCELLED)


def test_an_account_is_usable_again_when_the_last_suspension_is_lifted_and_agencies_lift_only_their_own() -> None:
    """R0.60: disabled, it is billed as before."""
    twice = domain.suspended(domain.suspended(ACTIVE, Verb.DISABLE, AGENCY, NOW), Verb.SUSPEND, PAYMENT, NOW)
    assert (twice.status, twice.suspensions, twice.renews_at) == (Status.DISABLED, frozenset({AGENCY, PAYMENT}), SOON)
    once = domain.lifted(twice, Verb.ENABLE, AGENCY, NOW)
    assert (once.status, once.suspensions) == (Status.DISABLED, frozenset({PAYMENT}))
    found = refusal(once, Verb.ENABLE)
    assert (found.code, found.details["remaining"]) == ("suspension_not_yours", ["payment"])
    assert domain.lifted(once, Verb.LIFT, PAYMENT, NOW) == ACTIVE


def test_expiring_ends_a_suspension_for_payment_and_no_other() -> None:
    suspended = like(DISABLED, suspensions=frozenset({AGENCY, PAYMENT, ABUSE}))
    expired = domain.given_up_unpaid(suspended, NOW)
    assert (expired.status, expired.expired_at, expired.suspensions) == (Status.EXPIRED, NOW, frozenset({AGENCY, ABUSE}))


def test_a_paid_plan_keeps_the_running_period_and_begins_one_where_there_is_none() -> None:
    assert domain.on_paid_plan(ACTIVE, NOW) == ACTIVE
    begun = State(kind=Kind.PAID, status=Status.ACTIVE)
    assert domain.on_paid_plan(TRIAL, NOW) == begun
    assert domain.on_paid_plan(EXPIRED, NOW) == begun
    assert domain.on_paid_plan(like(EXPIRED, suspensions=frozenset({ABUSE})), NOW).status is Status.DISABLED
    assert domain.paid_until(begun, SOON).renews_at == SOON
    assert domain.paid_until(ACTIVE, NOW).renews_at == SOON


def test_one_change_of_plan_waits_at_most_and_can_be_dropped() -> None:
    assert domain.with_scheduled_change(ACTIVE, NOW) == SCHEDULED
    found = refusal(SCHEDULED, Verb.CHANGE_PLAN)
    assert (found.code, found.details["due_at"]) == ("plan_change_waiting", SOON.isoformat())
    assert domain.without_scheduled_change(SCHEDULED, NOW) == ACTIVE
    assert domain.decide(SCHEDULED, Verb.DROP_PLAN_CHANGE, NOW).until == SOON
    assert refusal(ACTIVE, Verb.DROP_PLAN_CHANGE).code == "no_plan_change_waiting"


def test_a_trial_has_its_days_from_its_activation_on() -> None:
    """R0.84."""
    opened = {kind: domain.activated(like(CREATING, kind=kind), NOW).expires_at for kind in Kind}
    assert opened == {Kind.PAID: None, Kind.TRIAL: NOW + timedelta(days=15), Kind.SANDBOX: None}


# --- what happens by itself -------------------------------------------------------------------------------------------------------------


def happening(state: State, until: datetime) -> list[tuple[datetime, Due]]:
    found = []
    while (coming := domain.due_by(state, until)) is not None:
        found.append(coming)
        state = domain.aged(state, *coming)
    return found


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_a_trial_is_announced_ended_and_archived() -> None:
    assert happening(TRIAL, LATER) == [
        (SOON - days(3), Due.TRIAL_ENDING),
        (SOON, Due.EXPIRE),
        (SOON + days(30), Due.ARCHIVE),
    ]
    assert domain.settled(TRIAL, LATER).archived_at == SOON + days(30)


def test_a_renewal_is_announced_once_a_period_and_a_scheduled_change_takes_effect() -> None:
    assert happening(SCHEDULED, LATER) == [(SOON - days(7), Due.RENEWAL_UPCOMING), (SOON, Due.APPLY_PLAN_CHANGE)]
    announced = domain.settled(ACTIVE, LATER)
    assert happening(announced, LATER) == []
    assert happening(domain.paid_until(announced, SOON + days(30)), LATER) == [(SOON + days(23), Due.RENEWAL_UPCOMING)]


def test_a_cancelled_account_expires_and_is_archived_however_late_somebody_looks() -> None:
    assert happening(CANCELLED, LATER + days(1000)) == [(SOON, Due.EXPIRE), (SOON + days(30), Due.ARCHIVE)]


def test_nothing_happens_to_what_is_over_or_not_begun() -> None:
    for state in (CREATING, FAILED, ARCHIVED, like(CANCELLED, expires_at=None), like(EXPIRED, expired_at=None)):
        assert domain.next_due(state) is None
    assert domain.decide(like(ARCHIVED, archived_at=None), Verb.RENEW, NOW).until is None


# --- for every state --------------------------------------------------------------------------------------------------------------------

Moments = st.none() | st.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  Hypothesis wants bounds without a zone
States = st.builds(
    State,
    kind=st.sampled_from(Kind),
    status=st.sampled_from(Status),
    suspensions=st.frozensets(st.sampled_from(SuspensionReason)),
    renews_at=Moments,
    expires_at=Moments,
    expired_at=Moments,
    archived_at=Moments,
    noticed_for=Moments,
    change_due_at=Moments,
)


@settings(max_examples=60, deadline=None)
@given(state=States, verb=st.sampled_from(AGENCY_VERBS), now=Moments.filter(lambda moment: moment is not None))
def test_what_is_possible_stays_so_exactly_until_it_says(state: State, verb: Verb, now: datetime) -> None:
    decision = domain.decide(state, verb, now)
    assert decision.allowed is (decision.refusal is None)
    if decision.until is not None:
        assert decision.until > now
        assert domain.decide(state, verb, decision.until - timedelta(microseconds=1)).allowed
        assert not domain.decide(state, verb, decision.until).allowed
    assert next(each for each in domain.actions(state, now) if each.verb == verb).code == decision.code
