"""What callers send and get: what is asked is loaded by these, what is given has their members and no others."""

from collections.abc import Callable, Mapping
from functools import cache
from json import JSONEncoder
from typing import Any

import marshmallow
from marshmallow.validate import Length, OneOf, Range

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

Json = dict[str, Any]
Show = Callable[[Mapping[str, Any]], Json]

encoded = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Compact JSON, members in order, by one encoder made once."""

SHORT = Length(min=1, max=200)
LONG = Length(min=1, max=1000)
CURSOR = Length(min=1, max=2000)
"""After a row whose sort value has 254 characters, whichever they are (`chassis.paging.encode_cursor`)."""
EMAIL = Length(min=3, max=254)  # RFC 5321, 4.5.3.1.3
MOST_MINOR = 10**12
"""Ten thousand million of a currency's main unit: nothing here is bought for more, and every service's column holds it."""
MOST_CONTACTS = 10**9


def example(value: object, description: str | None = None) -> Json:
    """Metadata of a field for the documentation."""
    metadata: Json = {"examples": [value]}
    return metadata if description is None else {**metadata, "description": description}


def described(text: str) -> Json:
    """Metadata of a field that needs no example."""
    return {"description": text}


class Money(Schema):
    amount = fields.Minor(required=True, metadata=example(4900, "In minor units of the currency (cents for EUR)."))
    currency = fields.String(required=True, validate=Length(equal=3), metadata=example("EUR", "ISO 4217."))


class Selection(Schema):
    """What is bought from the catalogue. `contacts` and `frequency` belong to paid plans alone (R0.33, R0.34)."""

    pricing_version = fields.String(required=True, validate=SHORT, metadata=example("V3", "V3: paid plans; V1: trials and sandboxes."))
    product = fields.String(required=True, validate=SHORT, metadata=example("EM"))
    plan = fields.String(required=True, validate=SHORT, metadata=example("Plus"))
    contacts = fields.Minor(load_default=None, allow_none=True, validate=Range(min=1, max=MOST_CONTACTS), metadata=example(1000))
    frequency = fields.String(load_default=None, allow_none=True, validate=OneOf(["monthly", "annual"]), metadata=example("monthly"))


class Nothing(Schema):
    """A body without members; leaving it out says the same."""


class PageRequest(Schema):
    """Which part of a list is wanted."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT, validate=Range(min=1, max=HIGHEST_LIMIT), metadata=described("How many entries at most.")
    )
    cursor = fields.String(validate=CURSOR, metadata=described("Where to go on: the `next_cursor` of the page before."))


class ProblemError(Schema):
    field = fields.String(required=True, metadata=example("name", "The field at fault; the parts of a path are joined by dots."))
    code = fields.String(required=True, metadata=example("name_taken"))
    message = fields.String(required=True, metadata=example("The name acme is taken: choose another one."))


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata=example("/docs#conflict", "A URI reference that identifies the type of problem."))
    title = fields.String(required=True, metadata=example("The state of things does not allow this now.", "What the type is called."))
    status = fields.Integer(required=True, metadata=example(409))
    detail = fields.String(required=True, metadata=example("The name acme is taken: choose another one.", "What happened here."))
    code = fields.String(required=True, metadata=example("name_taken", "Stable, for programs."))
    errors = fields.List(fields.Nested(ProblemError), required=True, metadata=described("The fields at fault, where there are any."))
    retry_after_seconds = fields.Integer(metadata=example(2, "After how long to try again; of 429 and 503 alone, as in Retry-After."))
    request_id = fields.String(required=True, metadata=example("req_01KAMV7Q9ZC4S2T1X8RJ5N6B3D", "Also in X-Request-Id, and in our logs."))


@cache
def page_of(schema: type[marshmallow.Schema]) -> type[marshmallow.Schema]:
    """Describe one page of a list."""
    members: dict[str, marshmallow.fields.Field[Any]] = {
        "data": fields.List(fields.Nested(schema), required=True),
        "next_cursor": fields.String(required=True, allow_none=True, metadata=described("null: this is the last page.")),
        "total": fields.Integer(required=True, metadata=described("How many entries the whole list has.")),
    }
    return Schema.from_dict(members, name=f"{schema.__name__}Page")


def shown(schema: type[marshmallow.Schema]) -> Show:
    """Make the function that gives of a service's answer the members of `schema` under their public names, the values as they came."""
    names = tuple((field.data_key or name, field.attribute or name) for name, field in schema().fields.items())

    def show(answer: Mapping[str, Any]) -> Json:
        return {public: answer.get(inner) for public, inner in names}

    return show


def shown_page(show: Show) -> Show:
    """Make the function that shows a page of what `show` shows."""

    def show_page(answer: Mapping[str, Any]) -> Json:
        return {"data": [show(entry) for entry in answer["data"]], "next_cursor": answer["next_cursor"], "total": answer["total"]}

    return show_page
