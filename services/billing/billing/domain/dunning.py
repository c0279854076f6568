"""Dunning: what follows once a card is refused, and when (domain: Card refused)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from billing.domain.invoice import Purpose

DUNNED = frozenset({Purpose.RENEWAL, Purpose.PLAN_CHANGE})
"""What is owed for an account in use. An account that is not paid for is not opened, and credit that is not paid for is not there."""


class DunningOutcome(StrEnum):
    """What a step comes to."""

    RETRY = "retry"
    SUSPENDED = "suspended"
    EXHAUSTED = "exhausted"
    RECOVERED = "recovered"


class DunningState(StrEnum):
    """Where the dunning of an invoice is; `dropped`: what was owed is not owed any more."""

    RETRYING = "retrying"
    SUSPENDED = "suspended"
    RECOVERED = "recovered"
    EXHAUSTED = "exhausted"
    DROPPED = "dropped"


class Deed(StrEnum):
    """What is done when a step is due: try again; say where it stands, for a card that is not worth asking; give up."""

    TRY = "try"
    TELL = "tell"
    GIVE_UP = "give_up"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step: how long after the first failure, and what it comes to where the invoice is still not paid then."""

    after: timedelta
    outcome: DunningOutcome


SCHEDULE: Sequence[Step] = (
    Step(after=timedelta(0), outcome=DunningOutcome.RETRY),
    Step(after=timedelta(days=1), outcome=DunningOutcome.RETRY),
    Step(after=timedelta(days=3), outcome=DunningOutcome.RETRY),
    Step(after=timedelta(days=5), outcome=DunningOutcome.RETRY),
    Step(after=timedelta(days=7), outcome=DunningOutcome.SUSPENDED),
    Step(after=timedelta(days=21), outcome=DunningOutcome.EXHAUSTED),
)
"""Step by step, from the first failure on: each but the last tries once more, and comes to its outcome if that fails too."""


@dataclass(frozen=True, kw_only=True)
class Dunning:
    """An invoice that is overdue: since when, the last step that was told, and whether its card is one that will not pay later either.

    `wanted_at`: somebody did something about it then (a new card, credit bought), so that it is tried whatever the schedule says.
    """

    began_at: datetime
    step: int = 0
    is_hard: bool = False
    wanted_at: datetime | None = None

    @property
    def coming(self) -> Step:
        """The step that comes next; after the last one no dunning goes on."""
        return SCHEDULE[self.step + 1]

    @property
    def coming_at(self) -> datetime:
        """When the next step is due by the schedule."""
        return self.began_at + self.coming.after

    @property
    def due_at(self) -> datetime:
        """When something is to be done."""
        return self.coming_at if self.wanted_at is None else min(self.wanted_at, self.coming_at)

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried again by itself; None where it is not."""
        if self.wanted_at is not None:
            return self.due_at
        return None if self.is_hard or self.coming.outcome is DunningOutcome.EXHAUSTED else self.coming_at

    @property
    def state(self) -> DunningState:
        """Where it is while it goes on."""
        return DunningState.SUSPENDED if SCHEDULE[self.step].outcome is DunningOutcome.SUSPENDED else DunningState.RETRYING


def deed(dunning: Dunning) -> Deed:
    """Say what is to be done when the dunning is due. What somebody did about it is tried first, however late it is."""
    if dunning.wanted_at is not None:
        return Deed.TRY
    if dunning.coming.outcome is DunningOutcome.EXHAUSTED:
        return Deed.GIVE_UP
    return Deed.TELL if dunning.is_hard else Deed.TRY


def reached(dunning: Dunning, *, at: datetime) -> Dunning:
    """Give the dunning after a refusal, or a look, at that moment: one step on if the next one was due and is not the end.

    One step at a time, however late somebody comes to it: every step is taken, and told.
    """
    is_due = dunning.coming_at <= at and dunning.coming.outcome is not DunningOutcome.EXHAUSTED
    return replace(dunning, step=dunning.step + 1) if is_due else dunning
