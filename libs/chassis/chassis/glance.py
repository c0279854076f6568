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
from chassis.schemas import Schema

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

    def dumped(self, data: object) -> dict[str, Any] | None:
        """What the schema would dump `data` as (members or attributes), if it certainly loads that again; None where only it can say."""
        is_dict = isinstance(data, dict)
        dumped = {}
        for name, key, look, may_be_null in self._looks:
            value = data.get(name, UNCLEAR) if is_dict else getattr(data, name, UNCLEAR)  # type: ignore[attr-defined]  # a dict has it
            if value is not None or not may_be_null:
                value = look(value)
                if value is UNCLEAR:
                    return None
            dumped[key] = value
        return dumped


def _look_of(field: Any) -> Look:
    if field.validators or field.pre_load or field.post_load or field.dump_only or field.load_only or field.attribute is not None:
        return _unclear
    return MAKERS[type(field)](field) if type(field) in MAKERS else LOOKS.get(type(field), _unclear)


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


def _id(field: fields.Id) -> Look:
    return lambda value: value if type(value) is str and is_id(value, field.prefix) else UNCLEAR


def _whole_number(field: fields.Integer) -> Look:
    return _unclear if field.as_string else _integer


def _member(field: fields.Enum[Enum]) -> Look:
    return (lambda value: value.value if type(value) is field.enum else UNCLEAR) if field.by_value is True else _unclear


def _inside(field: fields.Nested) -> Look:
    return _dumped_by(Glance(field.schema)) if _is_plain(field) else _unclear


def _is_plain(field: fields.Nested) -> bool:
    """Whether a nested schema is one of the house's, used as it is declared, with nothing of its own to say about a whole."""
    of = field.nested
    is_ours = isinstance(of, type) and issubclass(of, Schema) and of.get_attribute is Schema.get_attribute
    return is_ours and not (field.many or field.only or field.exclude or any(field.schema._hooks.values()))  # noqa: SLF001  it has no other name


def _dumped_by(glance: Glance) -> Look:
    def look(value: Any) -> Any:
        dumped = glance.dumped(value)
        return UNCLEAR if dumped is None else dumped

    return look


def _each(field: fields.List[Any]) -> Look:
    look = _look_of(field.inner)

    def look_at_each(value: Any) -> Any:
        if type(value) is not list and type(value) is not tuple:
            return UNCLEAR
        dumped = [look(each) for each in value]
        return UNCLEAR if UNCLEAR in dumped else dumped

    return look_at_each


LOOKS: Mapping[type, Look] = {fields.String: _text, fields.Minor: _minor, fields.Boolean: _boolean, fields.Instant: _moment}
MAKERS: Mapping[type, Callable[[Any], Look]] = {
    fields.Id: _id,
    fields.Integer: _whole_number,
    fields.Enum: _member,
    fields.Nested: _inside,
    fields.List: _each,
}
"""Of fields whose look depends on how they are declared."""
