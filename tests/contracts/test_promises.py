"""What the REST document of the last release promised is still true of today's; and whatever is taken away is named."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.architecture.tree import hold

from .promises import CURRENT, PROMISED, WHAT_TO_DO, broken, new_in

Json = dict[str, Any]

DOCUMENT: Json = {
    "paths": {
        "/v1/things": {
            "get": {
                "operationId": "list_things",
                "x-codes": {"422": ["name_bad"]},
                "x-scope": "things:read",
                "parameters": [
                    {"in": "query", "name": "sort", "schema": {"type": "string", "enum": ["name", "-name"]}},
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
                        "headers": {"ETag": {}},
                    },
                    "404": {"$ref": "#/components/responses/Problem404"},
                },
            },
            "post": {
                "operationId": "make_thing",
                "x-scope": "things:write",
                "x-codes": {"409": ["name_taken", "too_many_things"], "422": ["name_bad"]},
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingRequest"}}}},
                "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            },
        },
    },
    "components": {
        "responses": {"Problem404": {"description": "Not there."}},
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id", "kind"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "kind": {"type": "string", "enum": ["round", "square"]},
                    "within": {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]},
                },
            },
            "ThingRequest": {
                "type": "object",
                "properties": {
                    "name": {"type": ["string", "null"], "maxLength": 200},
                    "kind": {"type": "string", "enum": ["round", "square"]},
                    "money": {"type": "object", "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}}},
                },
            },
        },
    },
}


def things(document: Json) -> Json:
    found: Json = document["paths"]["/v1/things"]
    return found


def thing(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["Thing"]
    return found


def asked(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["ThingRequest"]
    return found


BREAKS: list[tuple[str, Callable[[Json], object]]] = [
    ("POST /v1/things (make_thing) is gone.", lambda d: things(d).pop("post")),
    ("GET /v1/things (list_things) is gone.", lambda d: d["paths"].clear()),
    ("was list_things, and is things.", lambda d: things(d)["get"].update(operationId="things")),
    ("the scope it needs was things:read, and is admin.", lambda d: things(d)["get"].update({"x-scope": "admin"})),
    ("the parameter sort (query) is gone.", lambda d: things(d)["get"]["parameters"].pop(0)),
    ("the parameter sort (query): it may not be -name any more.", lambda d: things(d)["get"]["parameters"][0]["schema"]["enum"].pop()),
    ("the parameter limit (query) must be given now.", lambda d: things(d)["get"]["parameters"][1].update(required=True)),
    (
        "the parameter colour (query) must be given now.",
        lambda d: things(d)["get"]["parameters"].append({"in": "query", "name": "colour", "required": True, "schema": {}}),
    ),
    ("it has a maximum of 100 now.", lambda d: things(d)["get"]["parameters"][1]["schema"].update(maximum=100)),
    ("it has a minimum of 2 now.", lambda d: things(d)["get"]["parameters"][1]["schema"].update(minimum=2)),
    ("the answer 404 is gone.", lambda d: things(d)["get"]["responses"].pop("404")),
    ("it may answer 202, which nobody expects.", lambda d: things(d)["post"]["responses"].update({"202": {}})),
    ("the answer 200 has no ETag any more.", lambda d: things(d)["get"]["responses"]["200"].pop("headers")),
    ("the answer 201 is application/json no more.", lambda d: things(d)["post"]["responses"]["201"].pop("content")),
    ("the code name_taken is gone.", lambda d: things(d)["post"].pop("x-codes")),
    (
        "the code name_taken came with 409, and comes with 422.",
        lambda d: things(d)["post"]["x-codes"].update({"409": [], "422": ["name_taken"]}),
    ),
    ("a body must be sent now.", lambda d: things(d)["post"]["requestBody"].update(required=True)),
    ("a body of application/json is read no more.", lambda d: things(d)["post"]["requestBody"].update(content={})),
    ("the body: the field name is gone.", lambda d: asked(d)["properties"].pop("name")),
    ("the body: the field money.currency is gone.", lambda d: asked(d)["properties"]["money"]["properties"].pop("currency")),
    ("the body: name may not be null any more.", lambda d: asked(d)["properties"]["name"].update(type="string")),
    ("the body: name must be given now, in it.", lambda d: asked(d).update(required=["name"])),
    ("the body: name has a maxLength of 20 now.", lambda d: asked(d)["properties"]["name"].update(maxLength=20)),
    ("the body: name has another pattern: ^a.", lambda d: asked(d)["properties"]["name"].update(pattern="^a")),
    ("the body: name may only be one of ['a'] now.", lambda d: asked(d)["properties"]["name"].update(enum=["a"])),
    ("the body: kind may not be square any more.", lambda d: asked(d)["properties"]["kind"]["enum"].pop()),
    ("the answer 201: the field kind is gone.", lambda d: thing(d)["properties"].pop("kind")),
    ("the answer 201: kind is never square any more.", lambda d: thing(d)["properties"]["kind"]["enum"].pop()),
    ("the answer 201: kind may be null, which it never was.", lambda d: thing(d)["properties"]["kind"].update(type=["string", "null"])),
    ("the answer 201: id may be missing, in it.", lambda d: thing(d)["required"].remove("id")),
    ("the answer 200: id may be missing, in its entry.", lambda d: thing(d)["required"].remove("id")),
    ("the answer 201: id is no uuid any more.", lambda d: thing(d)["properties"]["id"].pop("format")),
]


def test_nothing_that_the_last_release_promised_is_taken_away() -> None:
    found = broken(json.loads(PROMISED.read_text()), json.loads(CURRENT.read_text()))
    hold([*found, WHAT_TO_DO] if found else [])


@pytest.mark.parametrize(("sentence", "change"), BREAKS, ids=[sentence for sentence, _ in BREAKS])
def test_what_is_taken_away_or_newly_asked_for_is_named(sentence: str, change: Callable[[Json], object]) -> None:
    current = deepcopy(DOCUMENT)
    change(current)
    found = broken(DOCUMENT, current)
    assert any(sentence in each for each in found), found


def test_what_is_added_or_allowed_breaks_nobody() -> None:
    current = deepcopy(DOCUMENT)
    things(current)["get"]["parameters"].append({"in": "query", "name": "colour", "schema": {"type": "string"}})
    things(current)["get"]["parameters"][0]["schema"]["enum"].append("kind")
    things(current)["post"]["x-codes"] = {"409": ["too_many_things", "thing_busy", "name_taken"]}
    things(current)["get"]["responses"]["429"] = {"description": "Too many."}
    things(current)["put"] = things(current)["post"]
    asked(current)["properties"]["colour"] = {"type": "string"}
    asked(current)["properties"]["kind"]["enum"].append("flat")
    asked(current)["properties"]["money"]["properties"]["amount"]["type"] = "number"
    thing(current)["properties"]["colour"] = {"type": "string"}
    thing(current)["required"].append("within")
    assert broken(DOCUMENT, current) == []
    assert new_in(DOCUMENT, current) == ["PUT /v1/things"]
