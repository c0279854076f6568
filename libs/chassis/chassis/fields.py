"""marshmallow's fields, and those of this house: ids, minor units, moments, money."""

import re
from collections import abc
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import *  # noqa: F403  one place to take fields from

from marshmallow import fields as stock  # isort: skip

from chassis.ids import is_id
from chassis.money import Money

LARGEST_MINOR = 2**53
"""The largest integer up to which every JSON reader counts exactly (RFC 8259, 6)."""
CURRENCY = re.compile(r"[A-Z]{3}")


class String(stock.String):  # type: ignore[no-redef]  # ours takes the place of marshmallow's
    """Text that UTF-8 and PostgreSQL can hold: JSON lets pass what they cannot, U+0000 and lone surrogates."""

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_storable(text):
            raise ValidationError("This text holds a character that is none: U+0000 or half of a surrogate pair.")
        return text


Str = String  # type: ignore[misc]  # as above


class Boolean(stock.Boolean):  # type: ignore[no-redef]  # as above
    """True or false; marshmallow takes 1, «yes» and «off» for them, too."""

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


Bool = Boolean  # type: ignore[misc]  # as above


class Id(String):
    """A prefixed ULID of one kind: `Id("acc")`."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_id(text, self.prefix):
            raise ValidationError(f"Not an id of this kind: it begins with {self.prefix}_ and 26 characters follow.")
        return text


class Minor(stock.Integer):
    """An amount in minor units: an integer, never a float, never a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_MINOR:
            raise self.make_error("invalid", input=value)
        return value


class Instant(stock.Field[datetime]):
    """A moment: RFC 3339 with its offset on the way in, UTC with `Z` on the way out (microseconds only when there are any)."""

    default_error_messages = {"invalid": "Not a moment: write it like 2026-01-31T10:00:00Z."}  # noqa: RUF012  marshmallow's way

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else format_instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ARG002
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # no moment, or one that UTC puts before the year 1 or after 9999
            pass
        raise self.make_error("invalid")


class MoneyField(stock.Field[Money]):
    """`{"amount": 4900, "currency": "EUR"}` ↔ `Money`."""

    default_error_messages = {  # noqa: RUF012  marshmallow's way
        "invalid": 'Not an amount of money: write it like {{"amount": 4900, "currency": "EUR"}}, the amount in minor units.'
    }

    def _serialize(self, value: Money | None, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any] | None:  # noqa: ARG002
        return None if value is None else {"amount": value.amount_minor, "currency": value.currency}

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> Money:  # noqa: ARG002
        if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
            raise self.make_error("invalid")
        amount, currency = value["amount"], value["currency"]
        if isinstance(amount, bool) or not isinstance(amount, int) or abs(amount) > LARGEST_MINOR:
            raise self.make_error("invalid")
        if not isinstance(currency, str) or CURRENCY.fullmatch(currency) is None:
            raise self.make_error("invalid")
        return Money(amount_minor=amount, currency=currency)


def format_instant(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`; raises `ValueError` for a moment that does not know its offset."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} does not know its offset from UTC")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_storable(text: str) -> bool:
    """Whether UTF-8 and PostgreSQL can hold `text`."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False
