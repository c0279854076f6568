"""Calendar months in UTC, `2026-01`: what lists are narrowed to and statements are made for."""

from datetime import UTC, datetime

from billing.domain.period import Period

MONTH_PATTERN = r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z"
"""A year, but for the year 0 that no calendar has, and a month."""
DECEMBER = 12


def month_named(month: str) -> Period:
    """Give the month, from its first moment to the first of the next."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return Period(start=start, end=_next(start))


def name_of_month(moment: datetime) -> str:
    """Name the month that a moment is in."""
    return f"{moment.astimezone(UTC):%Y-%m}"


def months_between(first: datetime, last: datetime) -> list[str]:
    """Name the months from that of `first` to that of `last`, the newest first."""
    names, start = [], first.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start <= last:
        names.append(name_of_month(start))
        start = _next(start)
    return names[::-1]


def next_first(now: datetime) -> datetime:
    """Give the first moment of the next month."""
    return _next(now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def _next(first: datetime) -> datetime:
    if first.month == DECEMBER:
        return first.replace(year=first.year + 1, month=1)
    return first.replace(month=first.month + 1)
