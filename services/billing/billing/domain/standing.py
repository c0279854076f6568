"""Whether an account is renewed: what the run of renewals goes by."""

from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """What follows the period that is paid for. In the order in which facts of one moment follow one another."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    RENEWED = "renewed"


def follows(told: Standing, *, at: datetime, known: Standing, since: datetime | None) -> bool:
    """Tell whether what was told of the moment `at` is newer than what is known: facts come in any order.

    What happens by itself is done before a command is, in one moment: an account is archived and then renewed, or cancelled and then ended.
    """
    order = list(Standing)
    return since is None or (at, order.index(told)) > (since, order.index(known))


def has_ended(standing: Standing, *, period_end: datetime | None, now: datetime) -> bool:
    """Tell whether nothing goes on: the account has ended, or was cancelled and its period is over, whatever was heard of it yet."""
    is_over = period_end is not None and now >= period_end
    return standing is Standing.ENDED or (standing is Standing.CANCELLED and is_over)
