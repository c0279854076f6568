"""What an account is after a verb; the table says whether it may."""

from dataclasses import replace
from datetime import datetime

from accounts import errors
from accounts.domain.lifecycle import Verb, decide, status_after
from accounts.domain.states import RENEWAL_KNOWN_AFTER, TRIAL_TIME, State, expired, settled
from accounts.domain.words import Kind, Status, SuspensionReason


def allow(state: State, verb: Verb, now: datetime) -> State:
    """Give the state at `now` if the table allows `verb`; raise the refusal of the decision otherwise."""
    refusal = decide(state, verb, now).refusal
    if refusal is not None:
        raise refusal
    return settled(state, now)


def activated(state: State, now: datetime) -> State:
    """Open the account; the days of a trial begin."""
    state = allow(state, Verb.ACTIVATE, now)
    expires_at = now + TRIAL_TIME if state.kind == Kind.TRIAL else None
    return replace(state, status=status_after(state, Verb.ACTIVATE), expires_at=expires_at)


def cancelled(state: State, now: datetime) -> State:
    """End what is paid for with the paid period, a trial with its days, a sandbox at once (R0.100); a scheduled change is dropped.

    Whether a period that has just begun is paid is not known yet: the account waits to hear of it (`paid_until`) before it ends.
    """
    state = allow(state, Verb.CANCEL, now)
    paid_end = state.renews_at
    if paid_end is not None and paid_end <= now:
        paid_end += RENEWAL_KNOWN_AFTER
    ends = {Kind.PAID: paid_end, Kind.TRIAL: state.expires_at, Kind.SANDBOX: now}
    expires_at = max(ends[state.kind] or now, now)
    return replace(state, status=status_after(state, Verb.CANCEL), expires_at=expires_at, change_due_at=None)


def resumed(state: State, verb: Verb, now: datetime) -> State:
    """Bring back what was cancelled or archived (R0.91, R0.92); what is paid for goes on, what is archived begins a new period."""
    state = allow(state, verb, now)
    to = status_after(state, verb)
    if state.status == Status.ARCHIVED:
        return replace(state, status=to, renews_at=None, expires_at=None, expired_at=None, archived_at=None, noticed_for=None)
    return replace(state, status=to, expires_at=state.expires_at if state.kind == Kind.TRIAL else None)


def suspended(state: State, verb: Verb, reason: SuspensionReason, now: datetime) -> State:
    """Disable the account for one more reason; it is billed as before (R0.60)."""
    state = allow(state, verb, now)
    return replace(state, suspensions=state.suspensions | {reason}, status=status_after(state, verb))


def lifted(state: State, verb: Verb, reason: SuspensionReason, now: datetime) -> State:
    """Take one reason away; with the last one the account is usable again."""
    state = allow(state, verb, now)
    left = replace(state, suspensions=state.suspensions - {reason})
    return replace(left, status=status_after(left, verb))


def on_paid_plan(state: State, now: datetime, *, begins_shorter_period: bool = False) -> State:
    """Put the account on a paid plan at once: what has no paid period, or none any more, begins one.

    So does what goes from annual to monthly; until when that is paid for, billing tells.
    """
    state = allow(state, Verb.CHANGE_PLAN, now)
    goes_on = state.kind == Kind.PAID and state.status == Status.ACTIVE and not begins_shorter_period
    return replace(
        state,
        kind=Kind.PAID,
        status=status_after(state, Verb.CHANGE_PLAN),
        renews_at=state.renews_at if goes_on else None,
        expires_at=None,
        expired_at=None,
    )


def with_scheduled_change(state: State, now: datetime) -> State:
    """Schedule a change of plan for the end of the paid period."""
    state = allow(state, Verb.CHANGE_PLAN, now)
    if state.renews_at is None:
        raise errors.PaidPeriodUnknown
    return replace(state, change_due_at=max(state.renews_at, now))


def without_scheduled_change(state: State, now: datetime) -> State:
    """Drop the scheduled change of plan."""
    return replace(allow(state, Verb.DROP_PLAN_CHANGE, now), change_due_at=None)


def handed_over(state: State) -> State:
    """Give the account to another agency: it stays as it is, but what the former one had scheduled is dropped (R0.56)."""
    return replace(state, change_due_at=None)


def given_up_unpaid(state: State, now: datetime) -> State:
    """Expire an account that nobody paid for."""
    return expired(allow(state, Verb.EXPIRE, now), now)


def paid_until(state: State, period_ends_at: datetime) -> State:
    """Note the end of the period that was paid; facts come in any order, so an earlier one changes nothing.

    An account that was cancelled in that period, before this was known, lives to its end. One that was cancelled before it began does not:
    billing gives back what it took for it.
    """
    renews_at, expires_at = state.renews_at or period_ends_at, state.expires_at
    if state.status == Status.CANCELLED and expires_at is not None and renews_at < expires_at:
        expires_at = max(expires_at, period_ends_at)
    return replace(state, renews_at=max(renews_at, period_ends_at), expires_at=expires_at)


def renewal_is_paid(state: State) -> bool:
    """Whether a renewal begins a new period, which is paid for: that of a paid account from the archive."""
    return state.kind == Kind.PAID and state.status == Status.ARCHIVED
