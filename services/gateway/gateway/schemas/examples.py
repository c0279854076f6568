"""Examples for the documentation, made of what the schemas say of their fields."""

from typing import Any

import marshmallow

from chassis.schemas import fields
from gateway.schemas import Json

ID_END = "_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"

_BY_TYPE: dict[type[Any], Any] = {
    fields.Instant: "2026-01-31T10:00:00Z",
    fields.Boolean: False,
    fields.Integer: 0,
    fields.String: "…",
    fields.Dict: {},
}


def example_of(schema: type[marshmallow.Schema] | marshmallow.Schema) -> Json:
    """One valid object of the schema."""
    instance = schema() if isinstance(schema, type) else schema
    return {field.data_key or name: _value(field) for name, field in instance.fields.items()}


def _value(field: Any) -> Any:
    said = field.metadata.get("examples") or field.metadata.get("enum")
    if said:
        return said[0]
    if isinstance(field, fields.Nested):
        return example_of(field.schema)
    if isinstance(field, fields.List):
        return [_value(field.inner)]
    if isinstance(field, fields.Id) and not field.allow_none:
        return field.prefix + ID_END
    return None if field.allow_none else next(value for kind, value in _BY_TYPE.items() if isinstance(field, kind))
