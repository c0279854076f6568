"""Golden examples: a file for every event and every method, and what a schema says of such an example."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import marshmallow

from chassis.schemas import fields

Json = dict[str, Any]
Field = marshmallow.fields.Field[Any]

FOLDER = Path("tests/contracts")


def examples(folder: Path) -> dict[str, Json]:
    """Every example below the folder, by its path in it: `billing/invoice_paid.v1`."""
    return {str(path.relative_to(folder).with_suffix("")): json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))}


def members(schema: marshmallow.Schema) -> dict[str, Field]:
    """The fields by the names that are sent."""
    return {field.data_key or name: field for name, field in schema.fields.items()}


def variants(schema: marshmallow.Schema, example: Json, *, asked: Collection[str] = ()) -> Iterator[Json]:
    """The example, and what may be sent in its place: each member null where it can be, and with every value of its enumeration.

    An enumeration that is `asked` for by its name is answered as it was asked.
    """
    yield example
    for name, field in members(schema).items():
        if name in example:
            yield from ({**example, name: value} for value in _values(name, field, example[name], asked))


def unlike(schema: marshmallow.Schema, example: object, path: str) -> Iterator[str]:
    """Say where the example is not what the schema dumps: other members, or values that are no values of their fields."""
    if not isinstance(example, dict):
        yield f"{path} is no object"
        return
    described = members(schema)
    yield from (f"{path}.{name} is missing" for name in described if name not in example)
    yield from (f"{path}.{name} is not in {type(schema).__name__}" for name in example if name not in described)
    for name, field in described.items():
        if name in example:
            yield from _unlike(field, example[name], f"{path}.{name}")


def not_in(told: Mapping[str, Any], understood: object, path: str = "") -> Iterator[str]:
    """The names that a reader has a value for though nobody told one: its default is all it ever gets."""
    if isinstance(understood, Mapping):
        for name, value in understood.items():
            if name not in told:
                yield f"{path}{name}"
            elif isinstance(told[name], dict):
                yield from not_in(told[name], value, f"{path}{name}.")


def _values(name: str, field: Field, value: Any, asked: Collection[str]) -> Iterator[Any]:
    if field.allow_none:
        yield None
    if isinstance(field, fields.Enum) and name not in asked:
        yield from (each.value for each in field.enum if _takes(field, each.value))
    elif isinstance(field, fields.Nested) and isinstance(value, dict):
        yield from variants(field.schema, value, asked=asked)
    elif isinstance(field, fields.List) and value:
        yield from ([each] for each in _values(name, field.inner, value[0], asked))


def _takes(field: Field, value: object) -> bool:
    try:
        field.deserialize(value)
    except marshmallow.ValidationError:
        return False
    return True


def _unlike(field: Field, value: Any, path: str) -> Iterator[str]:
    if value is None:
        if not (field.allow_none or isinstance(field, fields.Function)):
            yield f"{path} is null, which its field does not say (allow_none)"
    elif isinstance(field, fields.Nested):
        yield from unlike(field.schema, value, path)
    elif isinstance(field, fields.List):
        for position, each in enumerate(value):
            yield from _unlike(field.inner, each, f"{path}.{position}")
    elif not isinstance(field, fields.Function):  # what a function makes has no type here: its readers' schemas say it
        try:
            again = field._serialize(field.deserialize(value), None, None)
        except marshmallow.ValidationError as error:
            yield f"{path} is {value!r}: {error}"
        else:
            if again != value:
                yield f"{path} is {value!r}, which would be dumped as {again!r}"
