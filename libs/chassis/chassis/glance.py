"""Values that are right at a glance: what a fact is made of need not go through all of marshmallow where that would certainly pass it on.

A look at a value gives what its field would dump it as and load again. Whatever is not that plain is `UNCLEAR`, and marshmallow's to judge.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import marshmallow

from chassis import fields
from chassis.ids import is_id

UNCLEAR = object()
NULLABLE = (
    *(fields.String, fields.Id, fields.Boolean, fields.Minor, fields.Integer, fields.Instant, fields.Enum),
    *(fields.Nested, fields.List, fields.Dict),
)
"""Fields that dump None as null; where they allow it, they load it again."""

Look = Callable[[Any], Any]


class Glance:
    """A quick look at the data of one schema."""

    def __init__(self, schema: marshmallow.Schema) -> None:
        self._looks = [(name, field.data_key or name, _look_of(field), _may_be_null(field)) for name, field in schema.fields.items()]

    def dumped(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the schema would dump `data` as, if it certainly loads that again; None where only the schema can say."""
        dumped = {}
        for name, key, look, may_be_null in self._looks:
            value = data.get(name, UNCLEAR)
            if value is not None or not may_be_null:
                value = look(value)
                if value is UNCLEAR:
                    return None
            dumped[key] = value
        return dumped


def _look_of(field: Any) -> Look:
    if field.validators or field.dump_only or field.load_only or field.attribute is not None:
        return _unclear
    if type(field) is fields.Id:
        return lambda value: value if type(value) is str and is_id(value, field.prefix) else UNCLEAR
    if type(field) is fields.Integer:
        return _integer if field.strict and not field.as_string else _unclear
    if type(field) is fields.Enum:
        return _member_of(field.enum) if field.by_value is True else _unclear
    return LOOKS.get(type(field), _unclear)


def _may_be_null(field: Any) -> bool:
    return type(field) in NULLABLE and field.allow_none and not (field.dump_only or field.load_only or field.attribute is not None)


def _unclear(_value: Any) -> Any:
    return UNCLEAR


def _text(value: Any) -> Any:
    return value if type(value) is str and fields.is_storable(value) else UNCLEAR


def _integer(value: Any) -> Any:
    return value if type(value) is int else UNCLEAR


def _minor(value: Any) -> Any:
    return value if type(value) is int and -fields.LARGEST_MINOR <= value <= fields.LARGEST_MINOR else UNCLEAR


def _boolean(value: Any) -> Any:
    return value if value is True or value is False else UNCLEAR


def _moment(value: Any) -> Any:
    return fields.format_instant(value) if type(value) is datetime and value.tzinfo is UTC else UNCLEAR


def _member_of(enum: type[Enum]) -> Look:
    return lambda value: value.value if type(value) is enum else UNCLEAR


LOOKS: Mapping[type, Look] = {fields.String: _text, fields.Minor: _minor, fields.Boolean: _boolean, fields.Instant: _moment}
