"""marshmallow's fields, and those of this house: ids, minor units, moments, money."""

from collections import abc
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import *  # noqa: F403  one place to take fields from

from marshmallow import fields as stock  # isort: skip

from chassis.ids import is_id
from chassis.money import Money


class Id(stock.String):
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
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Instant(stock.Field[datetime]):
    """A moment: RFC 3339 with its offset on the way in, UTC with `Z` on the way out (microseconds only when there are any)."""

    default_error_messages = {"invalid": "Not a moment: write it like 2026-01-31T10:00:00Z."}

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else format_instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ARG002
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if moment.tzinfo is None:
            raise self.make_error("invalid")
        return moment.astimezone(UTC)


class MoneyField(stock.Field[Money]):
    """`{"amount": 4900, "currency": "EUR"}` ↔ `Money`."""

    default_error_messages = {
        "invalid": 'Not an amount of money: write it like {{"amount": 4900, "currency": "EUR"}}, the amount in minor units.'
    }

    def _serialize(self, value: Money | None, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any] | None:  # noqa: ARG002
        return None if value is None else {"amount": value.amount_minor, "currency": value.currency}

    def _deserialize(self, value: Any, attr: str | None, data: abc.Mapping[str, Any] | None, **kwargs: Any) -> Money:  # noqa: ARG002
        if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
            raise self.make_error("invalid")
        amount, currency = value["amount"], value["currency"]
        if isinstance(amount, bool) or not isinstance(amount, int) or abs(amount) > 2**53:
            raise self.make_error("invalid")
        if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):  # noqa: PLR2004  ISO 4217: three letters
            raise self.make_error("invalid")
        return Money(amount_minor=amount, currency=currency)


def format_instant(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
