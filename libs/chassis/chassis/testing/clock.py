"""Time in tests."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


class MovingClock:
    """Call it for the moment; it stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def advance(self, **delta: float) -> datetime:
        """Move by a timedelta's keywords: `advance(days=15)`."""
        self.now += timedelta(**delta)
        return self.now
