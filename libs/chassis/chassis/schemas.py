"""marshmallow as this house uses it: strict towards those who ask, tolerant towards facts read."""

import functools
from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, RAISE, ValidationError, missing

from chassis import fields
from chassis.errors import InvalidRequest

__all__ = ["ROOT", "Reading", "Schema", "fields", "load", "problems"]

ROOT = "_schema"

PLAIN: Mapping[type, tuple[type, ...]] = {
    fields.String: (str, NoneType),
    fields.Id: (str, NoneType),
    fields.Integer: (int, NoneType),
    fields.Minor: (int, NoneType),
    fields.Boolean: (bool, NoneType),
    fields.Instant: (NoneType,),
}
"""Kinds of field → types whose values they dump as they are."""


class Schema(marshmallow.Schema):
    """A payload somebody sends us (unknown fields are refused by name) or gets from us (dumped in order of declaration)."""

    class Meta:
        """Strict."""

        unknown = RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        names = [field.data_key or name for name, field in self.load_fields.items()]
        there_are = f"possible are {', '.join(names)}" if names else "there are none here"
        self.error_messages["unknown"] = f"Unknown field: {there_are}."

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """Dump as marshmallow does, but what a field would give just as it came is not carried through it: a third of the time."""
        if many and obj is not None:
            return [self._serialize(each) for each in obj]
        look_up, dumped = _look_up_in(obj), {}
        for name, key, plain, field in self._members:
            value = look_up(name, missing)
            if type(value) not in plain:
                value = field.serialize(name, obj, accessor=lambda _obj, attribute, default: look_up(attribute, default))
                if value is missing:
                    continue
            dumped[key] = value
        return dumped

    @functools.cached_property
    def _members(self) -> list[tuple[str, str, tuple[type, ...], Any]]:
        """Of each field what it is read by and told as, and of which types it gives values as they are."""
        return [
            (name, field.data_key if field.data_key is not None else name, _plain_types(field), field)
            for name, field in self.dump_fields.items()
        ]


def _look_up_in(obj: Any) -> Callable[[str, Any], Any]:
    """How the members of `obj` are read: a row of the database as a whole, for each look into one costs as much as a field does."""
    if isinstance(obj, dict):
        return obj.get
    as_dict = getattr(obj, "_asdict", None)
    return functools.partial(getattr, obj) if as_dict is None else as_dict().get


def _plain_types(field: Any) -> tuple[type, ...]:
    is_as_read = field.attribute is None and not getattr(field, "as_string", False)
    return PLAIN.get(type(field), ()) if is_as_read else ()


class Reading(marshmallow.Schema):
    """What a consumer reads of somebody else's fact or answer: the rest is not its business."""

    class Meta:
        """Tolerant."""

        unknown = EXCLUDE


def load(schema: marshmallow.Schema, payload: object) -> dict[str, Any]:
    """Load `payload`, or raise `InvalidRequest` that names every field at fault."""
    if not isinstance(payload, dict):
        raise InvalidRequest(errors=[{"field": ROOT, "code": "invalid", "message": "One JSON object is expected."}])
    try:
        loaded: dict[str, Any] = schema.load(payload)
    except ValidationError as error:
        raise InvalidRequest(errors=list(problems(error.messages))) from None
    return loaded


def problems(messages: Any, path: str = "") -> Iterator[dict[str, str]]:
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
