"""The access log and the metrics: what they say, what they keep to themselves, and that they make nobody wait."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.errors import Refused
from chassis.testing import eventually
from gateway.app import observation
from gateway.app.observation import MOST_WAITING, AccessLog, Line

from .conftest import AGENCY_ID, KEY, KEY_ID, Front

ACCOUNT = "/v1/accounts/acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"


def not_found(_request: dict[str, Any]) -> Any:
    raise Refused(kind="not_found", code="account_not_found", message="There is no such account.")


def line(**changes: Any) -> Line:
    members = {
        "ended_at": 1769853600.25,
        "request_id": "req_1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "agency_id": AGENCY_ID,
        "actor": KEY_ID,
        "method": "GET",
        "path": "/v1/accounts",
        "status": 200,
        "seconds": 0.0042,
    }
    return Line(**{**members, **changes})


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("comptoir_http_request_seconds_count", labels) or 0.0


def test_a_request_has_one_line(front: Callable[..., Front]) -> None:
    client = front(accounts__account=not_found)
    client.get(ACCOUNT, X_Request_Id="case-1")
    (said,) = client.lines()
    assert said.pop("timestamp").endswith("Z")
    assert said.pop("duration_ms") > 0
    assert len(said.pop("trace_id")) == 32
    assert said == {
        "service": "gateway",
        "process": "serve",
        "level": "info",
        "event": "request",
        "request_id": "case-1",
        "agency_id": AGENCY_ID,
        "actor": KEY_ID,
        "method": "GET",
        "path": ACCOUNT,
        "status": 404,
    }


def test_no_line_holds_a_query_a_key_or_a_body(front: Callable[..., Front]) -> None:
    client = front()
    client.get("/v1/accounts?api_key=secret-in-query&q=secret-word")
    client.get("/v1/nothing?api_key=secret-in-query")
    client.post("/v1/quotes", {"payment_method": "secret-in-body"}, Idempotency_Key="secret-in-header")
    client.get("/v1/accounts", key="ck_live_secret")
    lines = client.lines()
    assert [line["status"] for line in lines] == [422, 404, 422, 401]
    assert "secret" not in str(lines)
    assert KEY not in str(lines)


def test_a_stranger_has_a_line_without_an_agency(front: Callable[..., Front]) -> None:
    client = front()
    client.get(ACCOUNT, key=None)
    client.get("/" + "x" * 5000)
    first, second = client.lines()
    assert (first["status"], "agency_id" in first) == (401, False)
    assert len(second["path"]) == 200


def test_who_lacks_the_scope_is_named(front: Callable[..., Front]) -> None:
    client = front(scopes=())
    client.get(ACCOUNT)
    assert client.lines()[0]["actor"] == KEY_ID


def test_a_line_cannot_be_forged() -> None:
    written: list[bytes] = []
    for is_console in (False, True):
        log = AccessLog(is_console=is_console, write=written.append)
        log.add(line(path='/x\n{"event": "forged"}\x1b[2J', request_id="req_1"))
        log.flush()
        (text,) = written
        assert text.count(b"\n") == 1
        assert b"\x1b" not in text
        written.clear()


def test_the_console_reads_in_one_line() -> None:
    written: list[bytes] = []
    log = AccessLog(is_console=True, write=written.append)
    log.add(line())
    log.add(line(agency_id=None))
    log.flush()
    assert b"".join(written).decode().splitlines() == [
        f"2026-01-31T10:00:00.250Z 200 GET /v1/accounts 4.2 ms {AGENCY_ID} req_1",
        "2026-01-31T10:00:00.250Z 200 GET /v1/accounts 4.2 ms - req_1",
    ]


def test_lines_are_written_by_a_thread_and_the_last_ones_at_the_end() -> None:
    written: list[bytes] = []
    log = AccessLog(write=written.append).start()
    log.add(line(request_id="first"))
    eventually(lambda: b"first" in b"".join(written))
    log.add(line(request_id="last"))
    log.stop()
    assert b"last" in b"".join(written)


def test_lines_that_nobody_takes_are_counted_and_dropped() -> None:
    log = AccessLog(write=lambda _: None)
    before = observation.LINES_DROPPED._value.get()
    for _ in range(MOST_WAITING + 3):
        log.add(line())
    assert observation.LINES_DROPPED._value.get() - before == 3


def test_lines_go_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog()
    log.add(line(request_id="req_unique"))
    log.flush()
    assert "req_unique" in capfd.readouterr().err


def test_requests_are_counted_by_the_template_of_their_route(front: Callable[..., Front]) -> None:
    labels = {"route": "/v1/accounts/{account_id}", "method": "GET", "status": "404"}
    before = counted(**labels)
    client = front(accounts__account=not_found)
    client.get(ACCOUNT)
    client.get(ACCOUNT[:-1] + "E")
    assert counted(**labels) - before == 2


def test_strangers_make_no_series(front: Callable[..., Front]) -> None:
    labels = {"route": "none", "method": "other", "status": "404"}
    before = counted(**labels)
    client = front()
    for number in range(3):
        client.send(f"BREW{number}", f"/v1/nothing/{number}")
    assert counted(**labels) - before == 3
