"""Claims about what the gateway asks the services and makes of their answers, for every operation of docs/openapi.json."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.app.observation import AccessLog
from gateway.errors import PROBLEMS
from tests.architecture.tree import ROOT, hold

from .golden import Json, examples
from .rpc import RPC, StandIn
from .surface import methods

OPENAPI: Json = json.loads((ROOT / "docs" / "openapi.json").read_text())
GOLDEN = examples(ROOT / RPC)
KEY_QUESTION = "identity/key_by_digest"
COMPOSED = {"credits/pots", "credits/statement"}
"""What is asked for a part of an answer whose rest another method gives."""
REFUSAL = 400
HEADERS = {"Authorization": "Bearer ck_live_" + "a" * 43}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation, and what the document says of it; its requests are the document's own examples."""

    method: str
    path: str
    said: Json
    parameters: list[Json]

    def __str__(self) -> str:
        return str(self.said["operationId"])

    def address(self) -> str:
        """The path, with an example for each part."""
        return self.path.format(**{each["name"]: _example(each) for each in self.parameters if each["in"] == "path"})

    def query(self) -> Json:
        """The query with the parameters alone that must be given."""
        return {each["name"]: _example(each) for each in self._queries() if each["required"]}

    def full_query(self, asked: Json) -> Json:
        """The query with every parameter, as the service is asked for it; what it is asked for otherwise is the document's example."""
        return {each["name"]: asked[each["name"]] if each["name"] in asked else _example(each) for each in self._queries()}

    def body(self) -> Json | None:
        """The body, where there is one."""
        content: Json = self.said.get("requestBody", {}).get("content", {})
        body: Json | None = content.get("application/json", {}).get("example")
        return body

    def other_bodies(self, asked: Json) -> Iterator[Json]:
        """The body with what the service is asked for where the example has null, and without each of its members."""
        body = self.body()
        if body is None:
            return
        yield {name: asked.get(name) if value is None else value for name, value in body.items()}
        yield from ({name: value for name, value in body.items() if name != left_out} for left_out in body)

    def answer_errors(self, answer: TestResponse) -> list[str]:
        """Say where the answer is not what the document describes."""
        content = self.said["responses"][str(answer.status_code)].get("content")
        if content is None:
            return [f"{self} answers something where its document says nothing"] if answer.data else []
        if "application/json" not in content:
            return [] if answer.mimetype in content else [f"{self} answers {answer.mimetype} where its document says {', '.join(content)}"]
        described = content["application/json"]["schema"]
        validator = Draft202012Validator({**described, "components": OPENAPI["components"]})
        return [f"{self} answers {error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(answer.data))]

    def _queries(self) -> list[Json]:
        return [each for each in self.parameters if each["in"] == "query"]


def _example(parameter: Json) -> object:
    schema = parameter["schema"]
    return (schema.get("examples") or schema["enum"])[0]


OPERATIONS = [
    Operation(method=method.upper(), path=path, said=said, parameters=[*operations.get("parameters", []), *said.get("parameters", [])])
    for path, operations in OPENAPI["paths"].items()
    for method, said in operations.items()
    if method != "parameters"
]


class Front:
    """The gateway over services that answer by their examples."""

    def __init__(self) -> None:
        self.services = StandIn(caller="gateway", methods=methods(), golden=GOLDEN)
        self._client = create_app(self.services, access_log=AccessLog()).test_client()

    def send(self, operation: Operation, *, query: Json | None = None, body: Json | None = None) -> TestResponse:
        """Send the document's example, or this; whatever is refused is refused with a code that the document says."""
        answer = self._client.open(
            operation.address(),
            method=operation.method,
            query_string=operation.query() if query is None else query,
            json=operation.body() if body is None else body,
            headers=HEADERS,
        )
        if answer.status_code >= REFUSAL:
            assert json.loads(answer.data)["code"] in operation.said["x-codes"][str(answer.status_code)], f"{operation}: {answer.text}"
        return answer

    def method_behind(self, operation: Operation) -> str:
        """The last method that the operation calls: the one it answers with; forgets what was asked before."""
        self.services.asked.clear()
        self.services.wrong.clear()
        self.send(operation)
        return next(method for method in reversed(self.services.asked) if method not in COMPOSED)


@pytest.fixture(scope="module")
def front() -> Front:
    return Front()


def nulls(value: object, name: str = "", entry: str = "") -> set[str]:
    """The names of all members that are null, with the position of their entry where they are in a list."""
    if isinstance(value, dict):
        return {found for name, inner in value.items() for found in nulls(inner, name, entry)}
    if isinstance(value, list):
        return {found for position, inner in enumerate(value) for found in nulls(inner, name, f"{entry}{position}.")}
    return {entry + name} if value is None else set()


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_gateway_asks_what_the_door_takes(front: Front, operation: Operation) -> None:
    asked = GOLDEN[front.method_behind(operation)]["request"]
    front.send(operation, query=operation.full_query(asked))
    for body in operation.other_bodies(asked):
        front.send(operation, body=body)
    hold(front.services.wrong)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_gateway_shows_whatever_the_door_answers_as_its_document_says(front: Front, operation: Operation) -> None:
    name = front.method_behind(operation)
    for answer in front.services.answer_variants(name):
        shown = front.send(operation)
        hold(operation.answer_errors(shown))
        invented = nulls(shown.get_json(silent=True) or {}) - nulls(answer)
        assert not invented, f"{operation} shows null as {invented}, of which {RPC}/{name}.json knows nothing"


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_gateway_documents_how_the_door_refuses(front: Front, operation: Operation) -> None:
    name = front.method_behind(operation)
    refusal = GOLDEN[name]["refusal"]
    if refusal is not None:
        front.services.refusals[name] = refusal
        refused = front.send(operation)
        del front.services.refusals[name]
        assert (refused.status_code, json.loads(refused.data)["code"]) == (PROBLEMS[refusal["kind"]].status, refusal["code"])
        assert str(refused.status_code) in operation.said["responses"]


def test_a_key_that_identity_refuses_opens_nothing() -> None:
    front = Front()
    front.services.refusals[KEY_QUESTION] = GOLDEN[KEY_QUESTION]["refusal"]
    assert {front.send(operation).status_code for operation in OPERATIONS} == {401}
    assert {*front.services.asked} == {KEY_QUESTION}
    hold(front.services.wrong)
