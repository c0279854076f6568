"""What an account's life is decided by, and what becomes of it by itself as time goes by."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.domain.words import Kind, Status, SuspensionReason

TRIAL_TIME = timedelta(days=15)
"""How long a trial is usable, from its activation on."""
ARCHIVED_AFTER = timedelta(days=30)
"""How long an expired account can be given a plan before it is archived."""
TRIAL_NOTICE = timedelta(days=3)
RENEWAL_NOTICE = timedelta(days=7)
"""How long ahead the agency is told."""

RENEWAL_KNOWN_AFTER = timedelta(days=1)
"""How long after a paid period it may take to be heard whether the next one is paid; until then nobody can say that nothing is."""

USABLE = frozenset({Status.ACTIVE, Status.DISABLED})


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything the lifecycle decides by.

    `renews_at` ends the paid period (None: not paid for, or not told yet); `expires_at` ends a trial or a cancelled account;
    `noticed_for` is the ending that was announced last; `change_due_at` is when the scheduled change of plan takes effect.
    """

    kind: Kind
    status: Status
    suspensions: frozenset[SuspensionReason] = frozenset()
    renews_at: datetime | None = None
    expires_at: datetime | None = None
    expired_at: datetime | None = None
    archived_at: datetime | None = None
    noticed_for: datetime | None = None
    change_due_at: datetime | None = None


class Due(StrEnum):
    """What happens by itself when its moment has come."""

    TRIAL_ENDING = "trial_ending"
    RENEWAL_UPCOMING = "renewal_upcoming"
    APPLY_PLAN_CHANGE = "apply_plan_change"
    EXPIRE = "expire"
    ARCHIVE = "archive"


def next_due(state: State) -> tuple[datetime, Due] | None:
    """Tell what happens next by itself, and when; None where nothing ever does."""
    coming: list[tuple[datetime, Due]] = []
    if state.status in USABLE:
        if state.kind == Kind.TRIAL and state.expires_at is not None:
            coming.append((state.expires_at, Due.EXPIRE))
            if state.noticed_for != state.expires_at:
                coming.append((state.expires_at - TRIAL_NOTICE, Due.TRIAL_ENDING))
        if state.kind == Kind.PAID and state.renews_at is not None and state.noticed_for != state.renews_at:
            coming.append((state.renews_at - RENEWAL_NOTICE, Due.RENEWAL_UPCOMING))
        if state.change_due_at is not None:
            coming.append((state.change_due_at, Due.APPLY_PLAN_CHANGE))
    elif state.status == Status.CANCELLED and state.expires_at is not None:
        coming.append((state.expires_at, Due.EXPIRE))
    elif state.status == Status.EXPIRED and state.expired_at is not None:
        coming.append((state.expired_at + ARCHIVED_AFTER, Due.ARCHIVE))
    return min(coming, default=None)


def due_by(state: State, now: datetime) -> tuple[datetime, Due] | None:
    """Tell what is due at `now` and has not happened yet: the earliest of it, and when it was due."""
    coming = next_due(state)
    return coming if coming is not None and coming[0] <= now else None


def aged(state: State, moment: datetime, due: Due) -> State:
    """Give the state after what was due at `moment`: it counts as done then, however late somebody came to it."""
    match due:
        case Due.TRIAL_ENDING:
            return replace(state, noticed_for=state.expires_at)
        case Due.RENEWAL_UPCOMING:
            return replace(state, noticed_for=state.renews_at)
        case Due.APPLY_PLAN_CHANGE:
            return replace(state, change_due_at=None)
        case Due.EXPIRE:
            return expired(state, moment)
    return replace(state, status=Status.ARCHIVED, archived_at=moment)


def expired(state: State, moment: datetime) -> State:
    """Give the state once it has expired: nothing is owed for what is over, so a suspension for payment ends with it."""
    return replace(
        state,
        status=Status.EXPIRED,
        expired_at=moment,
        change_due_at=None,
        suspensions=state.suspensions - {SuspensionReason.PAYMENT},
    )


def settled(state: State, now: datetime) -> State:
    """Give the state at `now`, with everything done that is due by then: whether somebody came to it yet makes no difference."""
    while (coming := due_by(state, now)) is not None:
        state = aged(state, *coming)
    return state
