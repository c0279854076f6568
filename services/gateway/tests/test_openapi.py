"""The OpenAPI document: right, whole, committed; and every operation in it asks who is there."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from chassis.errors import Refusal
from gateway.app import create_app
from gateway.app.observation import AccessLog
from gateway.auth import Scope
from gateway.schemas.examples import ID_END

from .conftest import Front, Services, assert_problem

COMMITTED = Path(__file__).resolve().parents[3] / "docs/openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")
ALWAYS = {"401", "403", "414", "422", "429", "431", "500", "503", "504"}


def made() -> dict[str, Any]:
    app = create_app(Services((), {}), access_log=AccessLog())
    document: dict[str, Any] = app.extensions["comptoir-documentation"].document
    return document


DOCUMENT = made()
OPERATIONS = [(path, method, item[method]) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]
NAMED = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=[operation["operationId"] for *_, operation in OPERATIONS])


class Reached(Refusal):
    """The request came through to a service."""

    kind = "conflict"
    code = "reached"
    message = "Here."


class Everybody(dict[str, Any]):
    """Every method of every service there could be."""

    def __missing__(self, _method: str) -> Any:
        def answer(_request: dict[str, Any]) -> Any:
            raise Reached

        return answer


@cache
def application(scopes: tuple[str, ...]) -> Front:
    """One for each set of scopes: to put an application together takes a tenth of a second."""
    client = Front(Services(scopes, {}))
    client.services.call._methods = Everybody(client.services.call._methods)
    return client


def reach(*scopes: str) -> Front:
    """A client with these scopes that has asked nothing yet."""
    client = application(scopes)
    client.services.call.calls.clear()
    client.services.call.keys.clear()
    return client


def send(client: Front, path: str, method: str, operation: dict[str, Any], **options: Any) -> Any:
    """The request of the operation's own examples."""
    address = path
    item = DOCUMENT["paths"][path]
    for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
        value = parameter["schema"].get("examples", parameter["schema"].get("enum", [None]))[0]
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", value)
        elif parameter.get("required"):
            address += f"?{parameter['name']}={value}"
    if "requestBody" in operation:
        options |= {"data": json.dumps(example_body(operation)).encode(), "Content_Type": "application/json"}
    return client.send(method.upper(), address, **options)


def example_body(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"]["application/json"]["example"]


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the operation with its example."""
    shared = DOCUMENT["components"]["responses"]
    for name, part in [("request", operation.get("requestBody", {})), *operation["responses"].items()]:
        described = shared[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        for content in described.get("content", {}).values():
            yield name, content


# --- the document -----------------------------------------------------------------------------------------------------------------------


def test_the_committed_document_is_that_of_the_code() -> None:
    assert json.loads(COMMITTED.read_text()) == DOCUMENT, "run `make openapi` and commit docs/openapi.json"


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for *_, operation in OPERATIONS]
    assert len(set(names)) == len(names)


@NAMED
def test_every_operation_says_what_it_needs_and_how_it_refuses(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"].endswith(".")
    assert operation["x-scope"] in set(Scope)
    assert operation["security"] == [{"key": [operation["x-scope"]]}]
    assert operation["responses"].keys() >= ALWAYS | ({"400", "413", "415"} if "requestBody" in operation else set())
    assert ("requestBody" in operation) == (method in {"post", "put", "patch"})
    if "{" in path:
        assert "404" in operation["responses"], "what is no address of anything is answered so, whatever the operation"


def test_an_operation_links_to_those_that_go_on_from_its_answer() -> None:
    """What is made, found in a list, read and changed leads on; the address of the next is all in the answer, or in the request's own."""
    links = {
        operation["operationId"]: {**response["links"]}
        for *_, operation in OPERATIONS
        for response in operation["responses"].values()
        if "links" in response
    }
    by_id = {"path.view_id": "$response.body#/id"}
    assert links["create_view"] == {name: {"operationId": name, "parameters": by_id} for name in ("get_view", "change_view", "remove_view")}
    assert links["list_views"]["get_view"]["parameters"] == {"path.view_id": "$response.body#/data/0/id"}
    assert links["get_view"].keys() == {"change_view", "remove_view"}
    assert links["change_view"].keys() == {"get_view", "remove_view"}
    assert links["create_account_user"]["remove_account_user"]["parameters"] == {
        "path.account_id": "$request.path.account_id",
        "path.user_id": "$response.body#/id",
    }
    assert links["list_assets"]["get_asset"]["parameters"] == {
        "path.account_id": "$request.path.account_id",
        "path.kind": "$response.body#/data/0/kind",
        "path.key": "$response.body#/data/0/key",
    }
    assert links["list_statements"]["get_statement"]["parameters"] == {"path.month": "$response.body#/data/0/month"}
    assert "get_invoice_pdf" in links["get_invoice"]
    assert "list_account_users" in links["get_account"]
    assert "get_account_user" not in links["get_account"], "an account's id is no user's"


def test_every_link_gives_the_whole_address_of_an_operation_that_is_there() -> None:
    addresses = {
        operation["operationId"]: {f"path.{part.partition('}')[0]}" for part in path.split("{")[1:]} for path, _, operation in OPERATIONS
    }
    linked = [
        link for *_, operation in OPERATIONS for response in operation["responses"].values() for link in response.get("links", {}).values()
    ]
    assert [link for link in linked if link["parameters"].keys() != addresses[link["operationId"]]] == []


@NAMED
def test_a_body_is_required_where_one_of_its_fields_is(path: str, method: str, operation: dict[str, Any]) -> None:
    if "requestBody" in operation:
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        fields = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]].get("required", [])
        assert operation["requestBody"].get("required", False) == (fields != []), "none at all is an empty object"


@NAMED
def test_what_takes_an_if_match_may_answer_412(path: str, method: str, operation: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    assert ("If-Match" in names) == ("412" in operation["responses"])


@NAMED
def test_every_example_is_valid(path: str, method: str, operation: dict[str, Any]) -> None:
    registry: Registry[Any] = Registry().with_resource("urn:openapi", Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))
    for name, content in contents(operation):
        schema = json.loads(json.dumps(content["schema"]).replace('"#/', '"urn:openapi#/'))
        validator = jsonschema.Draft202012Validator(schema, registry=registry, format_checker=jsonschema.FormatChecker())
        errors = [f"{name} {error.json_path}: {error.message}" for error in validator.iter_errors(content["example"])]
        assert errors == []


@NAMED
def test_every_command_takes_an_idempotency_key(path: str, method: str, operation: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    assert ("Idempotency-Key" in names) == (method != "get")


def test_no_operation_deletes_an_account(front: Callable[..., Front]) -> None:
    """R0.58."""
    assert [
        operation["operationId"] for path, method, operation in OPERATIONS if method == "delete" and path.endswith("{account_id}")
    ] == []
    assert_problem(front().send("DELETE", f"/v1/accounts/acc{ID_END}"), 405, "method_not_allowed")


# --- every operation, as anonymous, as a key of another scope, as the right one ---------------------------------------------------------


@NAMED
def test_no_operation_is_open_to_strangers(path: str, method: str, operation: dict[str, Any]) -> None:
    client = reach()
    assert_problem(send(client, path, method, operation, key=None), 401, "api_key_missing")
    assert client.services.call.calls == []


@NAMED
def test_no_operation_is_open_to_a_key_of_other_scopes(path: str, method: str, operation: dict[str, Any]) -> None:
    others = [scope for scope in Scope if scope not in (operation["x-scope"], Scope.ADMIN)]
    client = reach(*others)
    assert_problem(send(client, path, method, operation), 403, "scope_missing")
    assert client.services.asked() == []


@NAMED
def test_the_example_of_every_operation_reaches_a_service_with_its_scope(path: str, method: str, operation: dict[str, Any]) -> None:
    for scope in (operation["x-scope"], Scope.ADMIN):
        client = reach(scope)
        assert_problem(send(client, path, method, operation, Idempotency_Key="key-1"), 409, "reached")
        assert len(client.services.asked()) == 1
        assert client.services.call.keys[-1] == ("key-1" if method != "get" else None)


def test_the_document_is_served_to_programs_and_to_people(front: Callable[..., Front]) -> None:
    client = front()
    assert json.loads(client.get("/v1/openapi.json", key=None).data) == DOCUMENT
    page = client.get("/docs", key=None)
    assert page.content_type.startswith("text/html")
    for *_, operation in OPERATIONS:
        assert f'id="{operation["operationId"]}"' in page.text


def test_the_page_needs_nothing_from_elsewhere(front: Callable[..., Front]) -> None:
    page = front().get("/docs", key=None)
    assert "src=" not in page.text
    assert "<link" not in page.text.replace('<link rel="icon" href="data:,">', "")
    assert "http" not in re.sub(r"https://([a-z]+\.)?comptoir\.example(?=[/<])", "", page.text), "but for invented addresses in examples"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none';")
