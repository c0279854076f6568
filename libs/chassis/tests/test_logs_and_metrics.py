"""What a process says of itself: one JSON object a line, its context on each, no secrets; and numbers that are right."""

import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog

from chassis import context as contexts
from chassis import logs
from chassis.testing import ServiceProcess, eventually
from chassis.testing.bus import refusal_of

from .conftest import Stage


def lines(process: ServiceProcess) -> list[dict[str, Any]]:
    """The log, parsed: every line is a JSON object."""
    return [json.loads(line) for line in list(process.log)]


SAY_ONE_LINE = """
import structlog
from chassis import logs
logs.configure(service="toy", process="serve", log_format="json", level="INFO")
structlog.get_logger().info("said")
"""


def test_a_line_is_one_write_so_that_processes_which_share_a_log_never_mix_their_lines() -> None:
    reader, writer = os.pipe2(os.O_DIRECT)  # gives every write by itself
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", SAY_ONE_LINE], stderr=writer, env=unbuffered, check=True)
    os.close(writer)
    first, nothing = os.read(reader, 4096), os.read(reader, 4096)
    os.close(reader)
    assert (json.loads(first)["event"], nothing) == ("said", b"")
    assert first.endswith(b"\n")


def test_one_request_is_followed_through_call_outbox_event_and_handler(stage: Stage) -> None:
    """One request id, one trace and one agency, from the caller to the last handler, on every line."""
    seen = stage.bus.collect("toy")
    assert stage.relay.ready()
    context = contexts.new_context(agency_id="agy_1")
    with contexts.activated(context):
        stage.toy.ready()
        stage.bus.call("toy", "mark", {"what": "followed", "agency_id": "agy_1"}, idempotency_key="f")

    def of_this() -> list[dict[str, Any]]:
        return [line for line in lines(stage.toy) if line.get("request_id") == context.request_id]

    eventually(lambda: [line["event"] for line in of_this()] == ["call", "marked", "event handled"], what="three lines")
    for line in of_this():
        assert line["trace_id"] == context.trace_id()
        assert line["agency_id"] == "agy_1"
        assert (line["service"], line["process"]) == ("toy", "serve")
        assert line["timestamp"].endswith("Z")
    call, marked, _handled = of_this()
    assert (call["method"], call["outcome"]) == ("mark", "ok")
    assert marked["what"] == "followed"
    (event,) = seen.wait_for("toy.marked")
    assert event["correlation_id"] == context.request_id
    assert event["causation_id"] is None
    assert event["agency_id"] == "agy_1"


def test_an_effect_names_the_event_that_caused_it(stage: Stage) -> None:
    seen = stage.bus.collect("toy")
    assert stage.toy.ready()
    assert stage.relay.ready()
    cause = stage.bus.publish("elsewhere", "happened", {"what": "cause"}, agency_id="agy_2")
    effects = seen.wait_for("toy.marked", "toy.marked")
    for effect in effects:
        assert effect["causation_id"] == cause["id"]
        assert effect["correlation_id"] == cause["correlation_id"]
        assert effect["agency_id"] == "agy_2"
    eventually(lambda: any(line["event"] == "happened" and line["request_id"] == cause["correlation_id"] for line in lines(stage.toy)))


def test_no_line_holds_a_secret(stage: Stage) -> None:
    """Trap: the log is the least guarded of all databases."""
    assert stage.toy.ready()
    refusal_of(lambda: stage.bus.call("toy", "fail", {"what": "x"}))
    found = eventually(lambda: [line for line in lines(stage.toy) if line["event"] == "about to fail"])[0]
    assert found["password"] == "…"
    assert found["payment"] == {"api_key": "…"}
    assert found["tokens"] == [{"token": "…"}]
    for secret in ("hunter2", "ck_live_secret", "t-secret"):
        assert secret not in stage.toy.text()


def test_lines_of_libraries_and_failures_have_the_same_shape(stage: Stage) -> None:
    assert stage.toy.ready()
    context = contexts.new_context()
    with contexts.activated(context):
        refusal_of(lambda: stage.bus.call("toy", "fail", {"what": "the reason"}))

    def of_this() -> dict[str, dict[str, Any]]:
        return {line["event"]: line for line in lines(stage.toy) if line.get("request_id") == context.request_id}

    eventually(lambda: "call" in of_this())
    assert of_this()["a line of a library"]["level"] == "warning"
    assert of_this()["call failed"]["level"] == "error"
    assert "RuntimeError: the reason" in of_this()["call failed"]["exception"]
    assert of_this()["call"]["outcome"] == "internal_error"
    assert all({"event", "level", "timestamp", "service", "process"} <= line.keys() for line in lines(stage.toy))


def test_what_nobody_caught_is_a_line_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys  # noqa: PLC0415
    import threading  # noqa: PLC0415

    handlers = logging.getLogger().handlers[:]
    before = structlog.get_config()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    try:
        logs.configure(service="toy", process="test", log_format="json", level="INFO")
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        sys.excepthook(KeyError, KeyError("missing"), None)
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers[:] = handlers
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in said] == ["uncaught", "uncaught"]
    assert "ZeroDivisionError" in said[0]["exception"]
    assert "KeyError" in said[1]["exception"]


def test_the_metrics_of_calls_and_of_the_pool_are_right(stage: Stage) -> None:
    toy = stage.toy

    def count(**labels: str) -> float:
        return toy.metric("comptoir_rpc_requests_total", service="toy", **labels)

    before = count(method="count", outcome="ok")
    for _ in range(3):
        stage.bus.call("toy", "count", {})
    assert count(method="count", outcome="ok") == before + 3
    assert toy.metric("comptoir_rpc_request_seconds_count", method="count") == before + 3
    refusal_of(lambda: stage.bus.call("toy", "count", {"wat": 1}))
    assert count(method="count", outcome="invalid_request") == 1
    refusal_of(lambda: stage.bus.call("toy", "never_heard_of", {}))
    assert count(method="unknown", outcome="malformed_call") == 1
    assert "never_heard_of" not in " ".join(line for line in toy.log if "comptoir_" in line)
    idle = toy.metric("comptoir_database_connections_in_use", service="toy")
    assert idle <= 2  # the clock of the service
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(stage.bus.call, "toy", "sleep_in_database", {"seconds": 1}) for _ in range(4)]
        eventually(lambda: toy.metric("comptoir_database_connections_in_use", service="toy") >= 4)
        assert [each.result() for each in held] == [{}] * 4
    eventually(lambda: toy.metric("comptoir_database_connections_in_use", service="toy") <= 2)
    assert toy.metric("comptoir_rpc_request_seconds_sum", method="sleep_in_database") >= 4
    eventually(lambda: toy.metric("comptoir_due_runs_total", job="tick", outcome="ok") >= 1)
    eventually(lambda: toy.metric("comptoir_due_runs_total", job="stumble", outcome="failed") >= 1)


def test_the_metrics_of_the_outbox_are_right(stage: Stage) -> None:
    relay = stage.relay
    eventually(lambda: stage.waiting() == 0)
    assert relay.metric("comptoir_outbox_messages", service="toy") == 0
    assert relay.metric("comptoir_outbox_oldest_seconds", service="toy") == 0
    stage.database.execute(
        "INSERT INTO outbox (event_id, exchange, routing_key, headers, body, created_at, held_until)"
        " VALUES ('evt_1', 'unread.events', 'old', '{}', '{}', now() - interval '1 hour', now() + interval '1 hour')"
    )
    assert relay.metric("comptoir_outbox_messages", service="toy") == 1
    assert 3600 <= relay.metric("comptoir_outbox_oldest_seconds", service="toy") < 3700
    assert relay.metric("comptoir_outbox_unroutable_total", service="toy") == 0
    stage.database.execute("UPDATE outbox SET held_until = NULL")
    eventually(lambda: relay.metric("comptoir_outbox_unroutable_total", service="toy") >= 1)
    assert stage.waiting() == 1
