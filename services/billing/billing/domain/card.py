"""Cards: when one stops paying, and when its agency is reminded of that."""

from datetime import UTC, datetime, timedelta

REMINDERS = (timedelta(days=30), timedelta(days=7))
"""How long before the end of its month it is said that a card expires, in order."""

DECEMBER = 12


def expires_at(*, expiry_month: int, expiry_year: int) -> datetime:
    """Say when the card stops paying: at the end of the month that is printed on it."""
    year, month = (expiry_year + 1, 1) if expiry_month == DECEMBER else (expiry_year, expiry_month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def first_reminder(expires: datetime, *, now: datetime) -> datetime | None:
    """Say when its agency is first told that the card expires; what would have been earlier than `now` is left out."""
    return next((expires - before for before in REMINDERS if expires - before > now), None)


def next_reminder(expires: datetime, *, after: datetime) -> datetime | None:
    """Say when the reminder follows that was due `after`: each is told once, however late."""
    return next((expires - before for before in REMINDERS if expires - before > after), None)
