"""Test clocks: an agency in test mode stops its time, and moves it."""

from http import HTTPStatus
from typing import Any

from flask import Response

from chassis.fields import format_instant
from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.clocks import TestClock, TestClockAdvance, TestClockRequest

routes = Routes(
    "test-clocks", "The time of an agency in test mode: it stands still from when the agency makes its clock, and moves when told to."
)
show = shown(TestClock)
show_page = shown_page(show)


@routes.post(
    "/v1/test-clocks",
    scope=Scope.ADMIN,
    body=TestClockRequest,
    answer=TestClock,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def create_test_clock(caller: Caller, body: Json) -> Any:
    """Stop the agency's time, for tests of what falls due. An agency in test mode has one clock at most, and keeps it."""
    now = None if body["now"] is None else format_instant(body["now"])
    clock = services().identity.tell("create_test_clock", idempotency_key=idempotency_key(), agency_id=caller.agency_id, now=now)
    return created(show(clock), f"/v1/test-clocks/{clock['id']}")


@routes.get("/v1/test-clocks", scope=Scope.ADMIN, query=PageRequest, answer=page_of(TestClock))
def list_test_clocks(caller: Caller, query: Json) -> Json:
    """List the agency's clocks: one, or none."""
    return show_page(services().identity.ask("test_clocks", agency_id=caller.agency_id, **query))


@routes.get('/v1/test-clocks/<id("clk"):clock_id>', scope=Scope.ADMIN, answer=TestClock, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_test_clock(caller: Caller, *, clock_id: str) -> Response:
    """Show where the clock stands."""
    clock = services().identity.ask("test_clock", agency_id=caller.agency_id, clock_id=clock_id)
    return single(show(clock), version=clock["version"])


@routes.post(
    '/v1/test-clocks/<id("clk"):clock_id>/advance',
    scope=Scope.ADMIN,
    body=TestClockAdvance,
    answer=TestClock,
    refuses=(HTTPStatus.NOT_FOUND,),
)
def advance_test_clock(caller: Caller, body: Json, *, clock_id: str) -> Json:
    """Move the agency's time forward. What falls due by it is done within seconds, as it is in real time."""
    clock = services().identity.tell(
        "advance_test_clock",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        clock_id=clock_id,
        to=format_instant(body["to"]),
    )
    return show(clock)
