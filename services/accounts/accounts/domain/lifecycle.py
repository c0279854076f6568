"""The lifecycle: one table decides every command, every event and what is shown as possible."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts import errors
from accounts.domain.states import ARCHIVED_AFTER, State, next_due, settled
from accounts.domain.words import Kind, Status, SuspensionReason

LEAP_DAY = (2, 29)


class Verb(StrEnum):
    """What can be done to an account."""

    ACTIVATE = "activate"
    FAIL = "fail"
    EXPIRE = "expire"
    ARCHIVE = "archive"
    SUSPEND = "suspend"
    LIFT = "lift"
    CHANGE_PLAN = "change_plan"
    DROP_PLAN_CHANGE = "drop_plan_change"
    CANCEL = "cancel"
    UNDO_CANCELLATION = "undo_cancellation"
    DISABLE = "disable"
    ENABLE = "enable"
    RENEW = "renew"
    EDIT = "edit"
    BRAND = "brand"
    LOG_IN = "log_in"
    RESET_PASSWORD = "reset_password"  # noqa: S105  an action, no password
    CLAIM_CREDENTIALS = "claim_credentials"
    ISSUE_CREDENTIALS = "issue_credentials"
    MANAGE_USERS = "manage_users"
    TRANSFER_OUT = "transfer_out"
    OWN_LOG_IN = "own_log_in"


PLATFORM_VERBS = (Verb.ACTIVATE, Verb.FAIL, Verb.EXPIRE, Verb.ARCHIVE, Verb.SUSPEND, Verb.LIFT)
"""What happens by itself, or is the platform's to do."""

USER_VERBS = (Verb.OWN_LOG_IN,)
"""What the account's own users do; the agency's way in is `LOG_IN` (SSO)."""

OPENING_VERBS = (Verb.ISSUE_CREDENTIALS,)
"""What comes with opening an account by the agency API, and by nothing else."""

AGENCY_VERBS = tuple(verb for verb in Verb if verb not in PLATFORM_VERBS + USER_VERBS + OPENING_VERBS)
"""What an agency can ask for."""

Guard = Callable[[State, datetime], errors.Refusal | None]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Where a verb leads from a status; `None`: nowhere, and `unless` says why. Suspensions in force turn `active` into `disabled`."""

    to: Status | None
    unless: tuple[Guard, ...] = ()


def a_year_after(moment: datetime) -> datetime:
    """Give the same date and time of the next year; of 29 February, 28 February."""
    is_leap_day = (moment.month, moment.day) == LEAP_DAY
    return moment.replace(year=moment.year + 1, day=28 if is_leap_day else moment.day)


def _sandbox_stays(state: State, _now: datetime) -> errors.Refusal | None:
    """R0.95."""
    return errors.KindStays(account_kind=state.kind, wanted=Kind.PAID) if state.kind == Kind.SANDBOX else None


def _sandbox_lasts(state: State, now: datetime) -> errors.Refusal | None:
    """A sandbox expires by being cancelled, never by itself."""
    return _not_now(state, Verb.EXPIRE, now) if state.kind == Kind.SANDBOX else None


def _change_waits(state: State, _now: datetime) -> errors.Refusal | None:
    return errors.PlanChangeWaiting(due_at=state.change_due_at.isoformat()) if state.change_due_at is not None else None


def _no_change_waits(state: State, _now: datetime) -> errors.Refusal | None:
    return errors.NoPlanChangeWaiting() if state.change_due_at is None else None


def _paid_period_unknown(state: State, _now: datetime) -> errors.Refusal | None:
    return errors.PaidPeriodUnknown() if state.kind == Kind.PAID and state.renews_at is None else None


def _not_the_agencys(state: State, _now: datetime) -> errors.Refusal | None:
    return None if SuspensionReason.AGENCY in state.suspensions else errors.SuspensionNotYours(remaining=sorted(state.suspensions))


def _on_another_way_back(state: State, _now: datetime) -> errors.Refusal | None:
    """R0.93: what has expired needs a plan; a sandbox, which can have none, the archive."""
    archived_at = state.expired_at and (state.expired_at + ARCHIVED_AFTER).isoformat()
    if state.kind == Kind.SANDBOX:
        return errors.RenewOnceArchived(archived_at=archived_at)
    return errors.RenewByPlanChange(until=archived_at)


def _trial_is_over(state: State, _now: datetime) -> errors.Refusal | None:
    return errors.TrialNotRenewable() if state.kind == Kind.TRIAL else None


def _archived_too_long(state: State, now: datetime) -> errors.Refusal | None:
    """R0.92, R0.94; whenever it was bought (R0.90)."""
    until = _renewable_until(state)
    if state.archived_at is None or until is None or now < until:
        return None
    return errors.ArchivedTooLong(archived_at=state.archived_at.isoformat(), until=until.isoformat())


def _staying(*statuses: Status) -> Mapping[Status, Cell]:
    return {status: Cell(to=status) for status in statuses}


LIFECYCLE: Mapping[Verb, Mapping[Status, Cell]] = {
    Verb.ACTIVATE: {Status.CREATING: Cell(to=Status.ACTIVE)},
    Verb.FAIL: {Status.CREATING: Cell(to=Status.FAILED)},
    Verb.EXPIRE: {
        Status.ACTIVE: Cell(to=Status.EXPIRED, unless=(_sandbox_lasts,)),
        Status.DISABLED: Cell(to=Status.EXPIRED, unless=(_sandbox_lasts,)),
        Status.CANCELLED: Cell(to=Status.EXPIRED),
    },
    Verb.ARCHIVE: {Status.EXPIRED: Cell(to=Status.ARCHIVED)},
    Verb.SUSPEND: {
        Status.ACTIVE: Cell(to=Status.DISABLED),
        Status.DISABLED: Cell(to=Status.DISABLED),
        Status.CANCELLED: Cell(to=Status.CANCELLED),
    },
    Verb.LIFT: {Status.DISABLED: Cell(to=Status.ACTIVE), **_staying(Status.CANCELLED, Status.EXPIRED, Status.ARCHIVED)},
    Verb.CHANGE_PLAN: {
        Status.ACTIVE: Cell(to=Status.ACTIVE, unless=(_sandbox_stays, _change_waits)),
        Status.EXPIRED: Cell(to=Status.ACTIVE, unless=(_sandbox_stays,)),
    },
    Verb.DROP_PLAN_CHANGE: {
        Status.ACTIVE: Cell(to=Status.ACTIVE, unless=(_no_change_waits,)),
        Status.DISABLED: Cell(to=Status.DISABLED, unless=(_no_change_waits,)),
    },
    Verb.CANCEL: {
        Status.ACTIVE: Cell(to=Status.CANCELLED, unless=(_paid_period_unknown,)),
        Status.DISABLED: Cell(to=Status.CANCELLED, unless=(_paid_period_unknown,)),
    },
    Verb.UNDO_CANCELLATION: {Status.CANCELLED: Cell(to=Status.ACTIVE)},
    Verb.DISABLE: {Status.ACTIVE: Cell(to=Status.DISABLED), Status.DISABLED: Cell(to=Status.DISABLED)},
    Verb.ENABLE: {Status.DISABLED: Cell(to=Status.ACTIVE, unless=(_not_the_agencys,))},
    Verb.RENEW: {
        Status.CANCELLED: Cell(to=Status.ACTIVE),
        Status.EXPIRED: Cell(to=None, unless=(_on_another_way_back,)),
        Status.ARCHIVED: Cell(to=Status.ACTIVE, unless=(_archived_too_long, _trial_is_over)),
    },
    Verb.EDIT: _staying(Status.ACTIVE, Status.DISABLED, Status.CANCELLED, Status.EXPIRED),
    Verb.BRAND: _staying(Status.ACTIVE, Status.DISABLED, Status.CANCELLED),
    Verb.LOG_IN: _staying(Status.ACTIVE, Status.DISABLED),
    Verb.RESET_PASSWORD: _staying(Status.ACTIVE, Status.DISABLED, Status.CANCELLED),
    Verb.CLAIM_CREDENTIALS: _staying(Status.ACTIVE),
    Verb.ISSUE_CREDENTIALS: _staying(Status.CREATING, Status.ACTIVE),
    Verb.MANAGE_USERS: _staying(Status.ACTIVE, Status.DISABLED, Status.CANCELLED),
    Verb.TRANSFER_OUT: _staying(Status.ACTIVE, Status.CANCELLED, Status.EXPIRED),
    Verb.OWN_LOG_IN: _staying(Status.ACTIVE, Status.CANCELLED),
}
"""Verb → status it is possible in → where it leads: the one table that decides commands, events and `actions` alike."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a verb is possible, until when if so (None: nothing ends that by itself), and else the refusal that the command raises."""

    verb: Verb
    refusal: errors.Refusal | None
    until: datetime | None

    @property
    def allowed(self) -> bool:
        """Whether it is possible now."""
        return self.refusal is None

    @property
    def code(self) -> str | None:
        """The stable code of the refusal."""
        return None if self.refusal is None else self.refusal.code

    @property
    def reason(self) -> str | None:
        """The sentence of the refusal."""
        return None if self.refusal is None else self.refusal.text


def decide(state: State, verb: Verb, now: datetime) -> Decision:
    """Decide whether `verb` is possible at `now`: for the command and for `actions`, so that the two cannot disagree."""
    state = settled(state, now)
    refusal = _refusal(state, verb, now)
    return Decision(verb=verb, refusal=refusal, until=_until(state, verb, now) if refusal is None else None)


def actions(state: State, now: datetime) -> list[Decision]:
    """Decide everything that an agency can ask for."""
    return [decide(state, verb, now) for verb in AGENCY_VERBS]


def possible(status: str, verb: Verb) -> bool:
    """Whether the table leads from `status` anywhere by `verb`, as far as the status alone decides that."""
    return status in _possible_while(verb)


def status_after(state: State, verb: Verb) -> Status:
    """Tell where the table leads from an allowed verb; an account with suspensions in force is disabled where it would be active."""
    to = LIFECYCLE[verb][state.status].to
    if to is None:
        raise LookupError(f"{verb} leads nowhere from {state.status}: ask decide() first.")
    return Status.DISABLED if to == Status.ACTIVE and state.suspensions else to


def _refusal(state: State, verb: Verb, now: datetime) -> errors.Refusal | None:
    cell = LIFECYCLE[verb].get(state.status)
    if cell is None:
        return _not_now(state, verb, now)
    refusals: Iterable[errors.Refusal | None] = (guard(state, now) for guard in cell.unless)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _not_now(state: State, verb: Verb, now: datetime) -> errors.Refusal:
    return errors.NotNow(
        action=verb,
        status=state.status,
        possible_while=_possible_while(verb),
        possible_now={other: _until(state, other, now) for other in AGENCY_VERBS if _is_possible(state, other, now)},
    )


def _is_possible(state: State, verb: Verb, now: datetime) -> bool:
    cell = LIFECYCLE[verb].get(state.status)
    return cell is not None and all(guard(state, now) is None for guard in cell.unless)


def _possible_while(verb: Verb) -> list[Status]:
    return [status for status, cell in LIFECYCLE[verb].items() if cell.to is not None]


def _until(state: State, verb: Verb, now: datetime) -> datetime | None:
    """Find the first moment from which what is possible now is not any more, though nobody does anything."""
    moment = _next_change(state, now)
    while moment is not None:
        state = settled(state, moment)
        if not _is_possible(state, verb, moment):
            return moment
        moment = _next_change(state, moment)
    return None


def _next_change(state: State, now: datetime) -> datetime | None:
    if state.status == Status.ARCHIVED:
        until = _renewable_until(state)
        return until if until is not None and now < until else None
    coming = next_due(state)
    return None if coming is None else coming[0]


def _renewable_until(state: State) -> datetime | None:
    return None if state.archived_at is None else a_year_after(state.archived_at)
