"""marshmallow as this house uses it: strict towards those who ask, tolerant towards facts read."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, RAISE, ValidationError, fields as stock

from chassis.errors import InvalidRequest
from chassis.ids import is_id
from chassis.money import Money

ROOT = "_schema"


class Schema(marshmallow.Schema):
    """A payload somebody sends us (unknown fields are refused by name) or gets from us (dumped in order of declaration)."""

    class Meta:
        """Strict."""

        unknown = RAISE


class Reading(marshmallow.Schema):
    """What a consumer reads of somebody else's fact or answer: the rest is not its business."""

    class Meta:
        """Tolerant."""

        unknown = EXCLUDE


class Id(stock.String):
    """A prefixed ULID of one kind: `Id("acc")`."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:  # noqa: ANN401  marshmallow's own options
        super().__init__(**kwargs)
        self.prefix = prefix

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_id(text, self.prefix):
            raise ValidationError(f"Not an id of this kind: it begins with {self.prefix}_ and 26 characters follow.")
        return text


class Minor(stock.Integer):
    """An amount in minor units: an integer, never a float, never a string."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  marshmallow's own options
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> int:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Instant(stock.Field[datetime]):
    """A moment: RFC 3339 with its offset on the way in, UTC with `Z` on the way out (microseconds only when there are any)."""

    default_error_messages = {"invalid": "Not a moment: write it like 2026-01-31T10:00:00Z."}

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ANN401, ARG002
        return None if value is None else format_instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ANN401, ARG002
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

    default_error_messages = {"invalid": 'Not an amount of money: write it like {{"amount": 4900, "currency": "EUR"}}, the amount in minor units.'}

    def _serialize(self, value: Money | None, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, Any] | None:  # noqa: ANN401, ARG002
        return None if value is None else {"amount": value.amount_minor, "currency": value.currency}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Money:  # noqa: ANN401, ARG002
        if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
            raise self.make_error("invalid")
        amount, currency = value["amount"], value["currency"]
        if isinstance(amount, bool) or not isinstance(amount, int) or abs(amount) > 2**53:
            raise self.make_error("invalid")
        if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):  # noqa: PLR2004  ISO 4217: three letters
            raise self.make_error("invalid")
        return Money(amount_minor=amount, currency=currency)


fields = SimpleNamespace(
    **{name: getattr(stock, name) for name in stock.__all__},
    Id=Id,
    Minor=Minor,
    Instant=Instant,
    MoneyField=MoneyField,
)


def format_instant(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def load(schema: marshmallow.Schema, payload: object) -> dict[str, Any]:
    """Load `payload`, or raise `InvalidRequest` that names every field at fault."""
    if not isinstance(payload, dict):
        raise InvalidRequest(errors=[{"field": ROOT, "code": "invalid", "message": "One JSON object is expected."}])
    try:
        loaded: dict[str, Any] = schema.load(payload)
    except ValidationError as error:
        raise InvalidRequest(errors=list(problems(error.messages))) from None
    return loaded


def problems(messages: Any, path: str = "") -> Iterator[dict[str, str]]:  # noqa: ANN401  marshmallow's own nested structure
    """Flatten marshmallow's nested messages into field, code, message; nested fields are joined by dots."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from problems(inner, path if name == ROOT and path else f"{path}.{name}" if path else str(name))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield {"field": path or ROOT, "code": _code(str(message)), "message": str(message)}


def _code(message: str) -> str:
    if message.startswith("Missing data"):
        return "required"
    return "unknown_field" if message.startswith("Unknown field") else "invalid"
