"""Billing periods: from one renewal to the next, anchored to the day of the purchase, in the account's time zone."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.domain.catalogue import Frequency
from chassis.money import Money

MONTHS = {Frequency.MONTHLY: 1, Frequency.ANNUAL: 12}
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `start` until just before `end`, both whole seconds."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """How long the period is; never zero."""
        return (self.end - self.start) // SECOND

    def seconds_left(self, at: datetime) -> int:
        """Count the whole seconds from `at` to the end, that which has begun included: all before the start, none after the end."""
        return min(max(-((at - self.end) // SECOND), 0), self.seconds)

    def share_left(self, price: Money, at: datetime) -> Money:
        """Say what the rest is worth at `price` for all of it: price × seconds left / seconds in the period, half to even."""
        return price.portion(self.seconds_left(at), self.seconds)


def renewal(anchor: datetime, *, frequency: Frequency, time_zone: str, count: int) -> datetime:
    """Find the moment of the `count`-th renewal after the purchase at `anchor`.

    It is the same time of day, in the account's time zone, on the anchor's day of the month, or on the last day of a shorter month; the
    day comes back in a longer one (31 January, 28 February, 31 March). Annual: the same date, 29 February → 28 February. Every renewal
    is counted from the anchor, never from the one before it: otherwise a short month would move all that follow.
    """
    local = anchor.astimezone(ZoneInfo(time_zone))
    month = local.month - 1 + count * MONTHS[frequency]
    year, month = local.year + month // 12, month % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day, microsecond=0).astimezone(UTC)


def next_period(period: Period, *, anchor: datetime, frequency: Frequency, time_zone: str) -> Period:
    """Give the period that follows one of a purchase at `anchor`: its end is counted from the anchor, like every renewal."""
    zone = ZoneInfo(time_zone)
    first, last = anchor.astimezone(zone), period.end.astimezone(zone)
    months = 12 * (last.year - first.year) + last.month - first.month
    count = months // MONTHS[frequency] + 1
    return Period(start=period.end, end=renewal(anchor, frequency=frequency, time_zone=time_zone, count=count))


def first_period(anchor: datetime, *, frequency: Frequency, time_zone: str) -> Period:
    """Give the period that a purchase at `anchor` pays for."""
    return Period(
        start=anchor.astimezone(UTC).replace(microsecond=0),
        end=renewal(anchor, frequency=frequency, time_zone=time_zone, count=1),
    )
