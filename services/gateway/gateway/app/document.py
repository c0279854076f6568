"""The OpenAPI document, made of the routes and their schemas."""

from functools import cache
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.routing import BaseConverter, Map

from chassis.errors import VersionMismatch
from chassis.ids import PATTERN
from chassis.schemas import fields
from gateway import errors
from gateway.app.codes import say_codes
from gateway.app.links import link
from gateway.routes import Routes
from gateway.schemas import Json, Problem
from gateway.schemas.examples import ID_END, example_of
from gateway.schemas.invoices import MONTH

DESCRIPTION = """\
Resell hosted accounts from your own programs.

- **Keys.** `Authorization: Bearer ck_live_…`. Each operation says the scope it needs; `admin` has them all.
- **JSON** in and out. Unknown fields are refused by name. Times are RFC 3339 in UTC, amounts are whole minor units beside a currency.
- **Repeating.** Send an `Idempotency-Key` with every command: the same key and body get the first answer again, and nothing is done twice.
- **Changing** what others change too: send its `ETag` as `If-Match` where an operation takes it, and 412 says that it is another by now.
- **Lists** take `limit` (50, at most 200) and `cursor`; `next_cursor` is null on the last page.
- **Problems** are RFC 9457: decide by `code`, which is stable; show `detail`; quote `request_id` to our support. `x-codes` of an operation
  has the codes that it knows, by status; what comes without one of them is to be taken by its status, for there will be new ones.
- **Limits.** Each key has a budget of requests; `RateLimit-Policy` says which, `RateLimit` what is left of it. What is more gets 429
  (`rate_limited`), and costs nothing.
- **Retrying.** 429, 503 and 504 may pass: try again, after `Retry-After` where it is given, with the same `Idempotency-Key`.
- **What a client could still see.** Branding and a custom domain put your name on an account, and we never write to your client; but the
  IP addresses that an account is hosted on, and that its mail is sent from, may reveal us as the provider.
"""

RATE_HEADERS: Json = {
    "RateLimit-Policy": {
        "schema": {"type": "string"},
        "description": "The budget of your key: `q` requests, and after `w` seconds without any it is whole again.",
        "example": '"key";q=400;w=2',
    },
    "RateLimit": {
        "schema": {"type": "string"},
        "description": "What is left of it: `r` requests now, all of them again in `t` seconds.",
        "example": '"key";r=399;t=1',
    },
}
"""draft-ietf-httpapi-ratelimit-headers."""

IDS = PATTERN.pattern.partition("_")[2]
"""What stands behind the prefix of an id."""


class IdConverter(BaseConverter):
    """`<id("acc"):account_id>`: an id of one kind; any other text is no address."""

    def __init__(self, url_map: Map, prefix: str) -> None:
        super().__init__(url_map)
        self.prefix = prefix
        self.regex = f"{prefix}_{IDS}"


class KeyConverter(BaseConverter):
    """`<key:key>`: what its owner called a thing; text that nobody could read, or that points elsewhere, is no address."""

    regex = r"(?!\.{1,2}$)[^\x00-\x20\x7f/\ufffd](?:[^\x00-\x1f\x7f/\ufffd]{0,198}[^\x00-\x20\x7f/\ufffd])?"


class MonthConverter(BaseConverter):
    """`<month:month>`: a month of a year, 2026-01."""

    regex = MONTH.removesuffix(r"\Z")


CONVERTERS = {"id": IdConverter, "key": KeyConverter, "month": MonthConverter}


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest, with this house's problems."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None


@cache
def document_of(blueprints: tuple[Routes, ...]) -> Json:
    """Describe the routes, for this and for every later question: it takes a fifth of a second."""
    app = Flask("gateway")
    app.url_map.converters |= CONVERTERS
    api = Api(
        app,
        spec_kwargs={
            "title": "Comptoir",
            "version": "1",
            "openapi_version": "3.1.0",
            "info": {"description": DESCRIPTION},
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key of the agency."}}},
        },
    )
    api.register_converter(IdConverter, _id_parameter)
    api.register_converter(KeyConverter, _key_parameter)
    api.register_converter(MonthConverter, _month_parameter)
    api.register_field(fields.Instant, "string", "date-time")
    api.ma_plugin.converter.add_attribute_function(_id_pattern)
    for problem in errors.EVERY_PROBLEM:
        api.spec.components.response(f"Problem{problem.status}", _problem_response(problem))
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    document: Json = api.spec.to_dict()
    del document["components"]["schemas"]["PaginationMetadata"]  # flask-smorest's own way to page, which is not ours
    _announce_limits(document)
    say_codes(document)
    link(document)
    return document


def _announce_limits(document: Json) -> None:
    """Add to every answer to a caller who is known what it has left."""
    document["components"]["headers"] = RATE_HEADERS
    answers = [
        answer
        for item in document["paths"].values()
        for each in item.values()
        if "responses" in each
        for answer in each["responses"].values()
    ]
    problems = [answer for name, answer in document["components"]["responses"].items() if name != f"Problem{HTTPStatus.UNAUTHORIZED.value}"]
    for answer in (*answers, *problems):
        if "$ref" not in answer:
            answer.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS})


def _id_pattern(_converter: Any, field: Any, **_options: Any) -> Json:
    return {"pattern": f"^{field.prefix}_{IDS}$"} if isinstance(field, fields.Id) else {}


def _id_parameter(converter: IdConverter) -> Json:
    return {"type": "string", "pattern": f"^{converter.regex}$", "examples": [converter.prefix + ID_END]}


def _key_parameter(converter: KeyConverter) -> Json:
    return {"type": "string", "pattern": f"^{converter.regex}$", "examples": ["spring-sale"]}


def _month_parameter(converter: MonthConverter) -> Json:
    return {"type": "string", "pattern": f"^{converter.regex}$", "examples": ["2026-01"]}


def _problem_response(problem: errors.Problem) -> Json:
    example = example_of(Problem) | {"type": problem.type, "title": problem.title, "status": problem.status}
    example |= _EXAMPLES.get(problem.status, {"code": problem.name.replace("-", "_"), "detail": problem.title, "errors": []})
    waits = any(errors.PROBLEMS[kind] == problem for kind in errors.PASSING)
    if not waits:
        del example["retry_after_seconds"]
    response: Json = {"description": problem.title, "content": {errors.MEDIA_TYPE: {"schema": Problem, "example": example}}}
    if waits:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return response


_EXAMPLES: dict[int, Json] = {
    HTTPStatus.CONFLICT: {},
    HTTPStatus.UNPROCESSABLE_ENTITY: {
        "code": "invalid_request",
        "detail": "colour: Unknown field: possible are name, size.",
        "errors": [{"field": "colour", "code": "unknown_field", "message": "Unknown field: possible are name, size."}],
    },
    HTTPStatus.UNAUTHORIZED: {"code": errors.KeyInvalid.code, "detail": errors.KeyInvalid.message, "errors": []},
    HTTPStatus.PRECONDITION_FAILED: {
        "code": VersionMismatch.code,
        "detail": VersionMismatch.message,
        "errors": [{"field": VersionMismatch.field, "code": VersionMismatch.code, "message": VersionMismatch.message}],
    },
    HTTPStatus.TOO_MANY_REQUESTS: {
        "code": errors.RateLimited.code,
        "detail": errors.RateLimited.message.format(retry_after_seconds=2),
        "errors": [],
    },
    HTTPStatus.GONE: {
        "code": "credentials_already_claimed",
        "detail": "The credentials were claimed already; they are shown once.",
        "errors": [],
    },
}
"""Where the problem's own words would say too little; a conflict keeps those of the schema."""
