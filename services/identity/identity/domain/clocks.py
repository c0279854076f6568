"""How the clock of an agency in test mode moves (decision 0012)."""

from datetime import datetime, timedelta

from identity import errors

LONGEST_STEP = timedelta(days=731)
"""Two years, one of them a leap year."""


def refuse_clock(*, test_mode: bool, clock_id: str | None) -> None:
    """Raise `NotInTestMode` for an agency whose time is real, `TestClockExists` for one that has the clock `clock_id`."""
    if not test_mode:
        raise errors.NotInTestMode
    if clock_id is not None:
        raise errors.TestClockExists(clock_id=clock_id)


def begin_clock(*, wanted: datetime | None, platform_now: datetime) -> datetime:
    """Say where a new clock stands: at `wanted`, or where the agency's time is now.

    Until now the agency lived in the platform's time, so that is where the first move begins. Raises `ClockBeginsNoEarlier` and
    `ClockBeginsNoLater`.
    """
    if wanted is None:
        return platform_now
    if wanted < platform_now:
        raise errors.ClockBeginsNoEarlier(now=platform_now.isoformat())
    if wanted - platform_now > LONGEST_STEP:
        raise errors.ClockBeginsNoLater(until=(platform_now + LONGEST_STEP).isoformat())
    return wanted


def advance_clock(*, now: datetime, to: datetime) -> datetime:
    """Say where a clock that stands at `now` stands when it was told to move `to`.

    Raises `ClockMovesForwardOnly` where that is no later, and `ClockStepTooLong` where it is more than two years later.
    """
    if to <= now:
        raise errors.ClockMovesForwardOnly(now=now.isoformat())
    if to - now > LONGEST_STEP:
        raise errors.ClockStepTooLong(until=(now + LONGEST_STEP).isoformat())
    return to
