"""Every example of the document is a request that works: sent to the whole platform, it is answered as the document says.

Ids are those of things made for it, in the state that the operation is about; everything else is sent as it stands there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from .conftest import Agency, Platform
from .operations import DOCUMENT, Json, Operation, id_prefix, operations
from .wire import REFUSAL, Answer
from .world import World, bearer
from .world_of_examples import LEFT_OUT, MEMBERS, OWN_AGENCY, STATES

OPERATIONS = operations(DOCUMENT)


class ExampleWorld(World):
    """Things of an agency, each in the state that the operation is about."""

    def id_of(self, operation: Operation, name: str, agency: Agency, before: Mapping[str, str]) -> str:
        """The thing of this name, made into what the operation needs; a new one where that would be another for the next."""
        make = STATES.get(f"{operation}.{name}")
        return super().id_of(operation, name, agency, before) if make is None else make(agency, before)

    def asks(self, operation: Operation) -> Agency:
        """Who sends the example."""
        return self.platform.agency() if str(operation) in OWN_AGENCY else self.owner

    def example_of(self, operation: Operation, agency: Agency) -> Json | None:
        """The body; None where there is none."""
        body = self.body(operation, agency)
        make = MEMBERS.get(str(operation))
        return body if body is None or make is None else {**body, **make()}

    def queries(self, operation: Operation, agency: Agency) -> Iterator[dict[str, str]]:
        """The least that is needed; and all parameters by their examples, in two that hold each filter in one of its forms."""
        needed = operation.required_query()
        full: dict[str, str] = {}
        for name, schema in operation.parameters_in("query").items():
            shown = schema.get("examples") or schema.get("enum") or [schema.get("default")]
            if name not in LEFT_OUT and shown[0] is not None:
                full[name] = self.id_of(operation, name, agency, {}) if id_prefix(schema) else str(shown[0])
        bounds = {name for name in full if name.endswith(("[from]", "[to]"))}
        ranges = {name.rpartition("[")[0] for name in bounds}
        words = {name for name in full if f"filter[{name}]" in full}
        others = {f"filter[{name}]" for name in words}
        wanted = [needed, *({name: full[name] for name in full.keys() - left_out} for left_out in (ranges | others, bounds | words))]
        yield from (query for place, query in enumerate(wanted) if query not in wanted[:place])


@pytest.fixture(scope="module")
def world(platform: Platform) -> Iterator[ExampleWorld]:
    world = ExampleWorld(platform)
    yield world
    world.wire.close()


def unlike(operation: Operation, answer: Answer) -> list[str]:
    """Say where an answer is not the success that the document describes."""
    said: Json = operation.said["responses"].get(str(answer.status), {})
    if answer.status >= REFUSAL or not said:
        return [f"{operation} answers its own example with {answer.status}: {answer.text[:400]}"]
    content: dict[str, Any] = said.get("content", {})
    if not content:
        return [f"{operation} answers something where its document says nothing"] if answer.text else []
    if answer.headers.get_content_type() not in content:
        return [f"{operation} answers {answer.headers.get_content_type()}, and says {', '.join(content)}"]
    if "application/json" not in content:
        return []
    validator = Draft202012Validator({**content["application/json"]["schema"], "components": operation.components})
    return [f"{operation} answers {error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(answer.text))]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_example_of_an_operation_works(world: ExampleWorld, operation: Operation) -> None:
    agency = world.asks(operation)
    address = world.ids(operation, agency)
    for query in world.queries(operation, agency):
        body = world.example_of(operation, agency)
        answer = world.send(operation, address, authorization=bearer(agency), query=query, body=body)
        assert unlike(operation, answer) == []


def test_what_is_said_of_examples_is_said_of_what_there_is() -> None:
    names = {f"{operation}.{name}" for operation in OPERATIONS for place in ("path", "query") for name in operation.parameters_in(place)}
    names |= {f"{operation}.{path[-1]}" for operation in OPERATIONS for path, _ in operation.fields()}
    assert STATES.keys() <= names
    assert OWN_AGENCY | MEMBERS.keys() <= {str(operation) for operation in OPERATIONS}
