"""marshmallow as this house uses it: strict towards those who ask, tolerant towards facts read."""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, RAISE, ValidationError

from chassis import fields
from chassis.errors import InvalidRequest

__all__ = ["ROOT", "Reading", "Schema", "fields", "load", "problems"]

ROOT = "_schema"


class Schema(marshmallow.Schema):
    """A payload somebody sends us (unknown fields are refused by name) or gets from us (dumped in order of declaration)."""

    class Meta:
        """Strict."""

        unknown = RAISE

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read a member of a dict or an attribute of anything else; marshmallow tries both ways on every object, and dotted paths."""
        return obj.get(attr, default) if isinstance(obj, dict) else getattr(obj, attr, default)


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
