"""What the REST document of the last release promised, and what of it another document takes away.

`python -m tests.contracts.promises` makes docs/openapi.json the promise (`make release-api`), and says what that changes.
"""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from tests.architecture.tree import ROOT

Json = dict[str, Any]

PROMISED = ROOT / "docs" / "releases" / "openapi.json"
CURRENT = ROOT / "docs" / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
WHAT_TO_DO = (
    "Programs rely on it: give it back, or add the new beside it. Where it must go, say so to those who use it,"
    " and record the new promise: `make release-api BREAKING=yes`."
)
LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


class Document:
    """One document, its references followed."""

    def __init__(self, said: Json) -> None:
        self.said = said

    def operations(self) -> dict[str, Json]:
        """By `GET /v1/…`; each with the parameters of its path too."""
        return {
            f"{method.upper()} {path}": {
                **item[method],
                "parameters": [*item.get("parameters", []), *item[method].get("parameters", [])],
            }
            for path, item in self.said["paths"].items()
            for method in METHODS
            if method in item
        }

    @cached_property
    def codes(self) -> set[str]:
        """Every code that any operation may answer with."""
        return {code for operation in self.operations().values() for codes in operation.get("x-codes", {}).values() for code in codes}

    def resolved(self, part: Json) -> Json:
        """What is meant by a reference."""
        while "$ref" in part:
            found: Any = self.said
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            part = found
        return part


def broken(promised: Json, current: Json) -> list[str]:
    """A sentence for everything that the current document takes away, or newly asks for."""
    before, after = Document(promised), Document(current)
    now = after.operations()
    found = []
    for name, operation in before.operations().items():
        if name not in now:
            found.append(f"{name} ({operation['operationId']}) is gone.")
        else:
            found += [f"{name}: {sentence}" for sentence in _operation(before, operation, after, now[name])]
    return found


def new_in(promised: Json, current: Json) -> list[str]:
    """The operations that were not promised before."""
    before = Document(promised).operations()
    return [name for name in Document(current).operations() if name not in before]


def _operation(before: Document, old: Json, after: Document, new: Json) -> Iterator[str]:
    for member, what in (("operationId", "its operationId, which generated clients are named by,"), ("x-scope", "the scope it needs")):
        if old[member] != new[member]:
            yield f"{what} was {old[member]}, and is {new[member]}."
    yield from _parameters(before, old["parameters"], after, new["parameters"])
    yield from _body(before, before.resolved(old.get("requestBody", {})), after, after.resolved(new.get("requestBody", {})))
    for status, response in old["responses"].items():
        if status not in new["responses"]:
            yield f"the answer {status} is gone."
        else:
            was, is_ = before.resolved(response), after.resolved(new["responses"][status])
            yield from (f"the answer {status} has no {header} any more." for header in _gone(was, is_, "headers"))
            for media_type in was.get("content", {}):
                if media_type not in is_.get("content", {}):
                    yield f"the answer {status} is {media_type} no more."
                    continue
                schemas = (each["content"][media_type]["schema"] for each in (was, is_))
                yield from (f"the answer {status}: {sentence}" for sentence in Given(before, after).compare(*schemas))
    for status in new["responses"]:
        if status.startswith("2") and status not in old["responses"]:
            yield f"it may answer {status}, which nobody expects."
    yield from _codes(old.get("x-codes", {}), new.get("x-codes", {}), after)


def _codes(old: Json, new: Json, after: Document) -> Iterator[str]:
    """A code that does not come any more breaks nobody, but one that nobody says any more may have another name now."""
    was, is_ = ({code: status for status, codes in said.items() for code in codes} for said in (old, new))
    for code, status in was.items():
        if code in is_ and code not in new.get(status, ()):
            yield f"the code {code} came with {status}, and comes with {is_[code]}."
        elif code not in after.codes:
            yield f"the code {code} is gone."


def _parameters(before: Document, old: list[Json], after: Document, new: list[Json]) -> Iterator[str]:
    was, is_ = (
        {(each["in"], each["name"]): each for each in map(document.resolved, said)} for document, said in ((before, old), (after, new))
    )
    for (place, name), parameter in is_.items():
        if parameter.get("required") and not was.get((place, name), {}).get("required"):
            yield f"the parameter {name} ({place}) must be given now."
    for (place, name), parameter in was.items():
        if (place, name) not in is_:
            yield f"the parameter {name} ({place}) is gone."
        else:
            compared = Taken(before, after).compare(parameter["schema"], is_[place, name]["schema"])
            yield from (f"the parameter {name} ({place}): {sentence}" for sentence in compared)


def _body(before: Document, old: Json, after: Document, new: Json) -> Iterator[str]:
    if new.get("required") and not old.get("required"):
        yield "a body must be sent now."
    for media_type, described in old.get("content", {}).items():
        if media_type not in new.get("content", {}):
            yield f"a body of {media_type} is read no more."
        else:
            compared = Taken(before, after).compare(described["schema"], new["content"][media_type]["schema"])
            yield from (f"the body: {sentence}" for sentence in compared)


def _gone(old: Json, new: Json, member: str) -> list[str]:
    return [name for name in old.get(member, {}) if name not in new.get(member, {})]


class _Comparison(ABC):
    """Two schemas, member by member."""

    def __init__(self, before: Document, after: Document) -> None:
        self._before, self._after = before, after
        self._within: set[str] = set()

    def compare(self, old: Json, new: Json, name: str = "it") -> Iterator[str]:
        """Sentences about what is less, or more, than was promised."""
        references = {each["$ref"] for each in (old, *old.get("anyOf", [])) if "$ref" in each}
        if references & self._within:  # it holds itself
            return
        self._within |= references
        was, is_ = self._flat(self._before, old), self._flat(self._after, new)
        yield from self._here(was, is_, name)
        for inner in was.get("properties", {}):
            path = inner if name == "it" else f"{name}.{inner}"
            if inner not in is_.get("properties", {}):
                yield f"the field {path} is gone."
            else:
                yield from self.compare(was["properties"][inner], is_["properties"][inner], path)
        if "items" in was and "items" in is_:
            yield from self.compare(was["items"], is_["items"], "its entry" if name == "it" else f"{name}[]")
        self._within -= references

    @abstractmethod
    def _here(self, was: Json, is_: Json, name: str) -> Iterator[str]:
        """Sentences about these two alone, without what is in them."""

    @staticmethod
    def _flat(document: Document, schema: Json) -> Json:
        """The schema behind references and beside null, its types as a set."""
        schema = document.resolved(schema)
        types = schema.get("type", [])
        types = {types} if isinstance(types, str) else set(types)
        for each in schema.get("anyOf", []):
            inner = _Comparison._flat(document, each)
            types |= inner["type"]
            schema = {**inner, **{key: value for key, value in schema.items() if key != "anyOf"}}
        if "integer" in types and "number" in types:
            types -= {"integer"}
        return {**schema, "type": types}


class Taken(_Comparison):
    """What callers send: less may not be taken, and no more be asked for."""

    def _here(self, was: Json, is_: Json, name: str) -> Iterator[str]:
        if is_["type"] and not was["type"] <= is_["type"] | ({"integer"} if "number" in is_["type"] else set()):
            yield f"{name} may not be {' or '.join(sorted(was['type'] - is_['type'])) or 'anything'} any more."
        yield from (f"{name} may not be {value} any more." for value in _values_gone(was, is_))
        if "enum" in is_ and "enum" not in was:
            yield f"{name} may only be one of {is_['enum']} now."
        yield from (f"{inner} must be given now, in {name}." for inner in is_.get("required", []) if inner not in was.get("required", []))
        for limit in LOWEST:
            if limit in is_ and is_[limit] > was.get(limit, float("-inf")) and not (limit.startswith("minL") and is_[limit] == 0):
                yield f"{name} has a {limit} of {is_[limit]} now."
        for limit in HIGHEST:
            if limit in is_ and is_[limit] < was.get(limit, float("inf")):
                yield f"{name} has a {limit} of {is_[limit]} now."
        for rule in ("pattern", "format"):
            if rule in is_ and is_[rule] != was.get(rule):
                yield f"{name} has another {rule}: {is_[rule]}."


class Given(_Comparison):
    """What callers get: nothing they read may be missing, or be of a kind that it never was."""

    def _here(self, was: Json, is_: Json, name: str) -> Iterator[str]:
        if was["type"] and not is_["type"] <= was["type"] | ({"integer"} if "number" in was["type"] else set()):
            yield f"{name} may be {' or '.join(sorted(is_['type'] - was['type']))}, which it never was."
        yield from (f"{name} is never {value} any more." for value in _values_gone(was, is_))
        yield from (f"{inner} may be missing, in {name}." for inner in was.get("required", []) if inner not in is_.get("required", []))
        if "format" in was and is_.get("format") != was["format"]:
            yield f"{name} is no {was['format']} any more."


def _values_gone(was: Json, is_: Json) -> list[Any]:
    return [value for value in was.get("enum", []) if "enum" in is_ and value not in is_["enum"]]


def main(arguments: list[str]) -> int:
    """Make the current document the promise; refused where it takes something away, unless that is meant."""
    current = json.loads(CURRENT.read_text())
    promised = json.loads(PROMISED.read_text()) if PROMISED.exists() else current
    found = broken(promised, current)
    sys.stdout.writelines(f"{sentence}\n" for sentence in found)
    if found and arguments != ["breaking"]:
        sys.stdout.write(f"Nothing is recorded. {WHAT_TO_DO}\n")
        return 1
    sys.stdout.writelines(f"New: {name}\n" for name in new_in(promised, current))
    PROMISED.parent.mkdir(exist_ok=True)
    PROMISED.write_text(CURRENT.read_text())
    sys.stdout.write(f"{PROMISED.relative_to(ROOT)} is what is promised from now on: commit it with the release.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
