"""The doors of a service, from outside: commands once, queries at will, defects refused, and always an answer."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from amqp import Message

from chassis import context as contexts
from chassis.link import open_connection
from chassis.messages import DIRECT_REPLY_TO, RPC_EXCHANGE, dumps
from chassis.rpc_client import RpcClient
from chassis.testing import Peer, eventually
from chassis.testing.bus import refusal_of

from .conftest import Stage


def raw_call(stage: Stage, method: str, body: str | bytes, **headers: Any) -> dict[str, Any]:
    """Send any bytes as a call, and give the reply as it came."""
    replies: list[Message] = []
    connection = open_connection(stage.amqp_uri, name="raw")
    channel = connection.channel()
    channel.basic_consume(DIRECT_REPLY_TO, no_ack=True, callback=replies.append)
    message = Message(body, reply_to=DIRECT_REPLY_TO, application_headers={f"nameko.{name}": value for name, value in headers.items()})
    channel.basic_publish(message, exchange=RPC_EXCHANGE, routing_key=f"toy.{method}")
    while not replies:
        connection.drain_events(timeout=10)
    connection.close()
    reply: dict[str, Any] = json.loads(replies[0].body)
    return reply


@pytest.fixture(scope="module")
def neighbour(stage: Stage) -> Peer:
    return stage.peer("neighbour", ask=lambda payload: payload)


def asked(**payload: Any) -> str:
    return dumps({"args": [payload], "kwargs": {}})


def test_fifty_commands_at_once_with_one_key_have_one_effect_and_one_answer(stage: Stage) -> None:
    """Two replicas, a queue, real transactions: whoever comes first does it, the others wait and are told the same."""
    assert stage.toy.ready()
    other = stage.run()

    def command(_number: int) -> Any:
        return stage.bus.call("toy", "mark", {"what": "fifty", "seconds_within": 0.1}, idempotency_key="fifty", timeout_seconds=30)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(command, range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert stage.marks("command").count("fifty") == 1
    assert other.metric("comptoir_rpc_requests_total", method="mark") > 0
    assert other.terminate() == 0
    refusal = refusal_of(lambda: stage.bus.call("toy", "mark", {"what": "another"}, idempotency_key="fifty"))
    assert (refusal.kind, refusal.code) == ("invalid", "idempotency_key_reused")


def test_a_refusal_is_given_again(stage: Stage) -> None:
    assert stage.toy.ready()

    def attempt(limit: int | None) -> Any:
        return stage.bus.call("toy", "mark", {"what": "limited", "limit": limit}, idempotency_key="limited")

    first = refusal_of(lambda: attempt(0))
    assert (first.kind, first.code, first.field) == ("conflict", "too_many_marks", "what")
    second = refusal_of(lambda: attempt(0))
    assert second.to_wire() == first.to_wire()
    assert refusal_of(lambda: attempt(None)).code == "idempotency_key_reused"


def test_what_a_twin_finished_meanwhile_is_the_answer(stage: Stage) -> None:
    """The second one finds done what the first one did (its quote used up), before it comes to its own unit of work. It is no refusal."""
    assert stage.toy.ready()

    def command(seconds: float) -> Any:
        asked = {"what": "twins", "seconds_before": 0.5, "seconds_within": seconds}
        return stage.bus.call("toy", "mark_unless_there", {"what": "twins", **asked}, idempotency_key="twins")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(command, 0.0)
        time.sleep(0.2)
        assert pool.submit(command, 0.0).result() == first.result()
    assert stage.marks("command").count("twins") == 1
    other = refusal_of(lambda: stage.bus.call("toy", "mark_unless_there", {"what": "twins"}, idempotency_key="another key"))
    assert other.code == "too_many_marks"


def test_work_past_its_deadline_is_not_begun(stage: Stage) -> None:
    """Trap: after an outage the queue is full of work that nobody waits for, and it is all done."""
    assert stage.toy.ready()
    past = int((time.time() - 1) * 1000)
    reply = raw_call(stage, "mark", asked(what="late"), deadline_ms=past)
    assert reply["error"]["code"] == "deadline_exceeded"
    assert "late" not in stage.marks("command")
    assert raw_call(stage, "echo", asked(what="in time"), deadline_ms=int((time.time() + 5) * 1000))["result"] == "in time"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"args": [], "kwargs": []}',
        '{"args": [1], "kwargs": {}}',
        '{"args": [{}, {}], "kwargs": {}}',
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_call_is_answered(stage: Stage, body: str | bytes) -> None:
    """Trap: the worker dies of it, and the caller waits."""
    assert stage.toy.ready()
    error = raw_call(stage, "echo", body)["error"]
    assert (error["kind"], error["code"]) == ("malformed", "malformed_call")


def test_headers_of_the_wrong_type_are_as_if_they_had_not_been_sent(stage: Stage) -> None:
    assert stage.toy.ready()
    wrong: dict[str, Any] = {
        "request_id": 5,
        "traceparent": b"\xff",
        "agency_id": [1],
        "deadline_ms": "soon",
        "depth": "deep",
        "actor": True,
    }
    context = raw_call(stage, "context", asked(), **wrong)["result"]
    assert context["request_id"].startswith("req_")
    assert len(context["trace_id"]) == 32
    assert context["agency_id"] is None


def test_text_that_cannot_be_stored_is_refused_by_the_name_of_its_field(stage: Stage) -> None:
    """Trap: U+0000 and lone surrogates are valid JSON, and break the database's and the broker's encoding far inside."""
    assert stage.toy.ready()
    for what in ("\\u0000", "\\ud800"):
        error = raw_call(stage, "mark", f'{{"args": [{{"what": "{what}"}}], "kwargs": {{}}}}')["error"]
        assert error["code"] == "invalid_request"
        assert error["details"]["errors"][0]["field"] == "what"
    error = raw_call(stage, "\ud800".encode(errors="surrogatepass").decode(errors="replace"), asked())["error"]
    assert error["code"] == "malformed_call"


def test_a_defect_is_an_internal_error_and_nothing_more(stage: Stage) -> None:
    """What failed is in the log; the caller learns that it is not its fault, and not how we are made."""
    assert stage.toy.ready()
    for method in ("fail", "no_json"):
        refusal = refusal_of(lambda method=method: stage.bus.call("toy", method, {"what": "a secret reason"}))  # type: ignore[misc]
        assert (refusal.kind, refusal.code) == ("internal", "internal_error")
        assert "secret" not in refusal.text
    eventually(lambda: "a secret reason" in stage.toy.text())
    assert stage.toy.metric("comptoir_rpc_requests_total", method="fail", outcome="internal_error") >= 1


def test_a_refusal_says_what_json_has_no_form_for_as_text(stage: Stage) -> None:
    assert stage.toy.ready()
    refusal = refusal_of(lambda: stage.bus.call("toy", "never", {"what": "x"}))
    assert (refusal.kind, refusal.details) == ("forbidden", {"at": "2026-01-31 00:00:00+00:00"})


def test_calling_on_inside_a_transaction_fails_and_undoes_it(stage: Stage, neighbour: Peer) -> None:
    assert stage.toy.ready()
    assert refusal_of(lambda: stage.bus.call("toy", "ask_inside", {"what": "inside"})).code == "internal_error"
    assert refusal_of(lambda: stage.bus.call("toy", "begin_inside", {"what": "inside"})).code == "internal_error"
    assert "inside" not in stage.marks("command")
    assert all(payload["what"] != "inside" for _, payload in neighbour.calls)
    for defect in ("RpcInsideTransaction", "NestedUnitOfWork"):
        eventually(lambda defect=defect: defect in stage.toy.text())  # type: ignore[misc]


def test_a_service_calls_on_once_and_its_neighbour_may_not(stage: Stage, neighbour: Peer) -> None:
    """Trap: calls that nest wait for each other's workers until nobody has any. One hop is allowed, and held at run time."""
    assert stage.toy.ready()
    assert stage.bus.call("toy", "ask_neighbour", {"what": "hello"}) == {"what": "hello", "greeting": "hello"}
    assert neighbour.headers[-1]["nameko.depth"] == 1
    service = RpcClient(stage.amqp_uri, from_service=True).start()
    refusal = refusal_of(lambda: service.call("toy", "ask_neighbour", {"what": "second hop"}, timeout_seconds=5))
    assert refusal.code == "internal_error"
    eventually(lambda: "second service-to-service hop" in stage.toy.text())
    service.stop()
    stage.bus.publish("elsewhere", "asked", {"what": "from a handler"})
    eventually(lambda: neighbour.calls[-1][1]["what"] == "from a handler")


def test_a_command_of_its_own_unit_of_work_answers_nothing(stage: Stage) -> None:
    assert stage.toy.ready()
    assert stage.bus.call("toy", "mark_silently", {"what": "silent"}) == {}
    assert "silent" in stage.marks("command")


def test_a_query_survives_connections_that_died(stage: Stage) -> None:
    """Trap: after a restart of the database every pooled connection fails once, each in the face of somebody."""
    assert stage.toy.ready()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _number: stage.bus.call("toy", "sleep_in_database", {"seconds": 0.3}), range(5)))
    stage.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'comptoir-toy'")
    assert stage.bus.call("toy", "count", {"what": "nothing"}) == {"count": 0}
    assert stage.bus.call("toy", "mark", {"what": "after"}, idempotency_key="after")["what"] == "after"


def test_work_that_is_due_is_done_once_a_period_by_one_of_the_replicas(fresh_stage: Stage) -> None:
    """Trap: timers fire in every replica. One that fails is counted, and tried again in the next period.

    A period is shorter than the work says where the environment wants it so: half a second each, says the toy.
    """
    replicas = [fresh_stage.run(DUE_SECONDS="0.1"), fresh_stage.run(DUE_SECONDS="0.1")]
    eventually(lambda: len(fresh_stage.marks("tick")) >= 5)
    for replica in replicas:
        assert replica.terminate() == 0
    periods = fresh_stage.database.query("SELECT job, count(*) AS count, max(period) AS last FROM leases GROUP BY job")
    taken = {row["job"]: row["count"] for row in periods}
    assert [row["last"] for row in periods] == [pytest.approx(time.time() / 0.1, abs=600)] * 2
    assert len(fresh_stage.marks("tick")) == taken["tick"]
    assert taken["stumble"] >= 4
    assert any("due work failed; the next period tries again" in replica.text() for replica in replicas)


def test_due_work_that_takes_longer_than_its_period_is_not_begun_beside_itself(fresh_stage: Stage) -> None:
    """Trap: a slow database makes every period begin one more, until all connections wait."""
    database = fresh_stage.database

    def periods_of(job: str) -> int:
        return len(database.query("SELECT period FROM leases WHERE job = %s", job))

    def waiting() -> int:
        return len(database.query("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'marks'::regclass"))

    with closing(psycopg2.connect(database.url)) as holder:
        holder.cursor().execute("LOCK TABLE marks IN SHARE MODE")
        fresh_stage.run(DUE_SECONDS="0.05")
        eventually(lambda: waiting() > 0)
        before = periods_of("stumble")
        eventually(lambda: periods_of("stumble") >= before + 10)
        assert waiting() == 1
    eventually(lambda: len(fresh_stage.marks("tick")) >= 3)


def test_a_handler_may_take_its_time_without_the_context_of_others(stage: Stage) -> None:
    """Each worker has its own context: what one call is about never shows in another."""
    assert stage.toy.ready()

    def ask(number: int) -> bool:
        context = contexts.new_context(agency_id=f"agy_{number}")
        with contexts.activated(context):
            answer = stage.bus.call("toy", "context", {})
        return bool(answer["request_id"] == context.request_id and answer["agency_id"] == f"agy_{number}")

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(ask, range(200)))
