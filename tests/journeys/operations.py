"""Every operation of docs/openapi.json, and what it takes: whatever is added there is in these tests from then on."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from tests.architecture.tree import ROOT

Json = dict[str, Any]
Path = tuple[str | int, ...]
"""Where a value stands in a body: names of members, positions in lists."""

DOCUMENT: Json = json.loads((ROOT / "docs" / "openapi.json").read_text())


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, as the document describes it."""

    method: str
    path: str
    said: Json
    parameters: list[Json]
    components: Json

    def __str__(self) -> str:
        return str(self.said["operationId"])

    @property
    def scope(self) -> str:
        """What a key needs to take it."""
        return str(self.said["x-scope"])

    @property
    def statuses(self) -> set[int]:
        """What it says it may answer with."""
        return {int(status) for status in self.said["responses"]}

    def undeclared(self, status: int, code: str) -> str | None:
        """Say that the document knows nothing of this refusal; None where it does."""
        if code in self.said["x-codes"].get(str(status), []):
            return None
        return f"{self} refuses with {status} {code}, of which its x-codes say nothing"

    def parameters_in(self, place: str) -> dict[str, Json]:
        """The schemas of its parameters in the `path` or the `query`, by name, in order."""
        return {each["name"]: each["schema"] for each in self.parameters if each["in"] == place}

    def required_query(self) -> dict[str, str]:
        """An example of each query parameter that must be given."""
        return {each["name"]: str(_example(each["schema"])) for each in self.parameters if each["in"] == "query" and each["required"]}

    @property
    def has_body(self) -> bool:
        """Whether it reads JSON."""
        return "application/json" in self.said.get("requestBody", {}).get("content", {})

    def example(self) -> Json:
        """The body that the document shows."""
        shown: Json = deepcopy(self.said["requestBody"]["content"]["application/json"]["example"])
        return shown

    def allows(self, body: object) -> bool:
        """Whether the document says that the body may be sent."""
        return Draft202012Validator({**self._body_schema(), "components": self.components}).is_valid(body)

    def needs_body(self) -> bool:
        """Whether nothing at all is less than it asks for."""
        return not self.allows({})

    def fields(self) -> Iterator[tuple[Path, Json]]:
        """Every field of its body with its schema: members of members and entries of lists too."""
        if self.has_body:
            yield from self._fields(self._body_schema(), ())

    def _body_schema(self) -> Json:
        schema: Json = self.said["requestBody"]["content"]["application/json"]["schema"]
        return schema

    def _fields(self, schema: Json, path: Path) -> Iterator[tuple[Path, Json]]:
        schema = self._resolved(schema)
        for name, inner in schema.get("properties", {}).items():
            yield (*path, name), self._resolved(inner)
            yield from self._fields(inner, (*path, name))
        if "items" in schema:
            yield (*path, 0), self._resolved(schema["items"])
            yield from self._fields(schema["items"], (*path, 0))

    def _resolved(self, schema: Json) -> Json:
        """The schema that is meant: behind a reference, or beside null."""
        while "$ref" in schema or "anyOf" in schema:
            schema = next((each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"), {})
            if "$ref" in schema:
                schema = self.components["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def operations(document: Json) -> list[Operation]:
    """Every operation of the document."""
    return [
        Operation(
            method=method.upper(),
            path=path,
            said=said,
            parameters=[*item.get("parameters", []), *said.get("parameters", [])],
            components=document["components"],
        )
        for path, item in document["paths"].items()
        for method, said in item.items()
        if method != "parameters"
    ]


def id_prefix(schema: Json) -> str | None:
    """`acc` where the schema is that of an account's id; None where it is no id."""
    prefix, separator, _ = str(schema.get("pattern", "")).removeprefix("^").partition("_[0-7]")
    return prefix if separator else None


def value_at(body: Any, path: Path) -> Any:
    """What stands there; None where nothing does."""
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def with_value(body: Any, path: Path, value: object) -> Any:
    """The body with this value there; what is missing on the way is made, and of a list there is one entry."""
    step, rest = path[0], path[1:]
    inner = with_value(value_at(body, (step,)), rest, value) if rest else value
    if isinstance(step, int):
        return [inner]
    return {**(body if isinstance(body, dict) else {}), step: inner}


def without(body: Any, path: Path) -> Any:
    """The body without the member there."""
    parent = path[:-1]
    left = {name: value for name, value in (value_at(body, parent) or {}).items() if name != path[-1]}
    return with_value(body, parent, left) if parent else left


def _example(schema: Json) -> object:
    return (schema.get("examples") or schema.get("enum") or [schema.get("default")])[0]
