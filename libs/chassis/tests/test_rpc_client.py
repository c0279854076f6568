"""Calling services from many threads over one connection."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from amqp import Connection, Message

from chassis import context as contexts
from chassis import link as links
from chassis.errors import DeadlineExceeded, Refused, TooBusy, Unavailable
from chassis.link import Link
from chassis.messages import RPC_EXCHANGE, publish, rpc_queue
from chassis.rpc_client import RpcClient
from chassis.testing import eventually, quickest

from .conftest import Stage
from .proxy import Proxy


@pytest.fixture
def client(stage: Stage) -> Iterator[RpcClient]:
    assert stage.toy.ready()
    made = RpcClient(stage.amqp_uri, name="client").start()
    yield made
    made.stop()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as made:
        yield made


def echo(client: RpcClient, what: str, *, seconds: float = 0.0, timeout_seconds: float = 10.0, is_read: bool = False) -> Any:
    return client.call("toy", "echo", {"what": what, "seconds": seconds}, timeout_seconds=timeout_seconds, is_read=is_read)


def under_way(client: RpcClient, call: Callable[[], Any], pool: ThreadPoolExecutor) -> "Future[Any]":
    """A call that has been sent and is not answered yet."""
    before = client.in_flight
    future = pool.submit(call)
    eventually(lambda: client.in_flight > before)
    time.sleep(0.2)
    return future


def test_sixty_four_threads_each_get_the_answers_to_their_own_questions(client: RpcClient, pool: ThreadPoolExecutor) -> None:
    """Trap: stock proxies are not thread-safe; eight threads that shared one made 3 of 400 calls."""
    questions = [f"question {number}" for number in range(64 * 20)]
    assert list(pool.map(lambda what: echo(client, what), questions)) == questions
    assert client.in_flight == 0


def test_one_call_too_many_is_refused_at_once(stage: Stage, pool: ThreadPoolExecutor) -> None:
    """Trap: without a bound, callers of a slow service pile up until the process has no threads left."""
    assert stage.toy.ready()
    narrow = RpcClient(stage.amqp_uri, max_in_flight=2).start()
    slow = [pool.submit(echo, narrow, str(number), seconds=2.0) for number in range(2)]
    eventually(lambda: narrow.in_flight == 2)

    def one_too_many() -> None:
        with pytest.raises(TooBusy):
            echo(narrow, "one too many")

    assert quickest(one_too_many) < 0.1
    assert narrow.in_flight == 2, "it waited for neither of them"
    assert [each.result() for each in slow] == ["0", "1"]
    assert echo(narrow, "there is room again") == "there is room again"
    narrow.stop()


def test_no_call_outlives_its_deadline(client: RpcClient) -> None:
    """Trap: callers wait for ever. A late reply is nobody's, and disturbs nobody."""

    def late() -> None:
        with pytest.raises(DeadlineExceeded):
            echo(client, "late", seconds=0.6, timeout_seconds=0.2)

    assert 0.2 <= quickest(late) < 0.5
    time.sleep(0.6)
    assert echo(client, "in time") == "in time"


def test_the_earlier_deadline_counts(client: RpcClient) -> None:
    """A caller that has half a second left does not give its helper ten."""

    def late() -> None:
        with contexts.changed(deadline=time.time() + 0.2), pytest.raises(DeadlineExceeded):
            echo(client, "late", seconds=1.0, timeout_seconds=10)

    assert quickest(late) < 0.5


def test_a_call_past_its_deadline_is_not_even_sent(stage: Stage, client: RpcClient) -> None:
    peer = stage.peer("unasked", ask=lambda payload: payload)
    with contexts.changed(deadline=time.time() - 0.1), pytest.raises(DeadlineExceeded):
        client.call("unasked", "ask", {}, timeout_seconds=10)
    assert peer.calls == []


def test_a_service_that_nobody_runs_is_unavailable_at_once(client: RpcClient) -> None:
    """Trap: a message that no queue takes is dropped in silence, and its sender waits."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as refusal:
        client.call("nobody", "ask", {}, timeout_seconds=10)
    assert time.monotonic() - began < 1
    assert refusal.value.text == "nobody cannot be reached right now: nobody serves it. Try again in a moment."


def test_an_unknown_method_and_a_malformed_request_are_refused_by_name(client: RpcClient) -> None:
    with pytest.raises(Refused) as unknown:
        client.call("toy", "juggle", {}, timeout_seconds=5)
    assert (unknown.value.kind, unknown.value.code) == ("malformed", "malformed_call")
    with pytest.raises(Refused) as invalid:
        client.call("toy", "mark", {"what": 5, "wat": 1}, timeout_seconds=5)
    assert invalid.value.code == "invalid_request"
    errors = {error["field"]: error["code"] for error in invalid.value.details["errors"]}
    assert errors == {"wat": "unknown_field", "what": "invalid"}


@pytest.mark.parametrize("body", ["no json", "[1]", '{"result": 1}', "7"])
def test_an_answer_that_is_none_is_a_failure_with_a_name(stage: Stage, client: RpcClient, body: str) -> None:
    def answer(message: Message) -> None:
        reply = Message(body, correlation_id=message.properties["correlation_id"])
        publish(message.channel, reply, exchange="", routing_key=message.properties["reply_to"])

    def prepare(connection: Connection) -> None:
        channel = connection.channel()
        channel.queue_declare(rpc_queue("babbler"), auto_delete=True)
        channel.queue_bind(rpc_queue("babbler"), RPC_EXCHANGE, "babbler.*")
        channel.basic_consume(rpc_queue("babbler"), no_ack=True, callback=answer)

    babbler = Link(stage.amqp_uri, name="babbler", prepare=prepare)
    babbler.start()
    assert babbler.wait_ready(5)
    with pytest.raises(Refused) as refusal:
        client.call("babbler", "ask", {}, timeout_seconds=5)
    assert (refusal.value.kind, refusal.value.code) == ("internal", "unreadable_reply")
    babbler.stop()


def test_the_context_crosses_to_the_service(stage: Stage, client: RpcClient) -> None:
    context = contexts.new_context(agency_id="agy_1", actor="key_1")
    with contexts.activated(context):
        seen = client.call("toy", "context", {}, timeout_seconds=5)
        own = client.call("toy", "context", {"agency_id": "agy_2"}, timeout_seconds=5)
    assert seen == {"request_id": context.request_id, "trace_id": context.trace_id(), "agency_id": "agy_1", "actor": "key_1"}
    assert own["agency_id"] == "agy_2", "what the request says counts"


def test_calls_in_flight_fail_at_once_when_the_connection_is_lost(stage: Stage, client: RpcClient, pool: ThreadPoolExecutor) -> None:
    """Trap: their replies will never come, and they wait for their whole deadline. Reads are sent again, once."""
    command = under_way(client, lambda: echo(client, "command", seconds=3.0), pool)
    read = under_way(client, lambda: echo(client, "read", seconds=0.5, is_read=True), pool)
    began = time.monotonic()
    stage.rabbit.close_all_connections()
    with pytest.raises(Unavailable, match="connection to it was lost"):
        command.result()
    assert time.monotonic() - began < 1
    assert read.result() == "read"
    assert echo(client, "again") == "again"


def test_a_call_finds_out_for_itself_that_the_connection_is_gone(client: RpcClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket fails while a call is being written, before the reader has noticed."""
    assert echo(client, "first") == "first"
    channel = client._channel
    assert channel is not None

    def broken(*_arguments: object, **_more: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(channel, "send_method", broken)
    with pytest.raises(Unavailable, match="connection to it was lost"):
        echo(client, "second")


def test_stopping_fails_what_is_in_flight(stage: Stage, pool: ThreadPoolExecutor) -> None:
    assert stage.toy.ready()
    ending = RpcClient(stage.amqp_uri).start()
    slow = under_way(ending, lambda: echo(ending, "slow", seconds=2.0), pool)
    began = time.monotonic()
    ending.stop()
    with pytest.raises(Unavailable):
        slow.result()
    assert time.monotonic() - began < 2
    assert not ending.ready
    with pytest.raises(Unavailable, match="the message broker is away"):
        echo(ending, "after the end")
    ending.stop()


def test_a_broker_short_of_memory_is_answered_for_within_two_seconds(stage: Stage, client: RpcClient, pool: ThreadPoolExecutor) -> None:
    """Trap: the broker stops reading, and every call waits for its deadline. Afterwards all goes on by itself."""
    assert echo(client, "before") == "before"
    with_the_service: list[DeadlineExceeded] = []
    stage.rabbit.set_memory_alarm(True)
    try:

        def refused_quickly() -> bool:
            began = time.monotonic()
            try:
                echo(client, "during", timeout_seconds=4)
            except Unavailable:
                assert time.monotonic() - began < 2
                return True
            except DeadlineExceeded as late:  # the alarm came between its question and its answer, which could not be published
                with_the_service.append(late)
            return False

        eventually(refused_quickly, what="a refusal")
        assert len(with_the_service) <= 1
        assert all(each.result() for each in [pool.submit(refused_quickly) for _ in range(20)])
        assert not client.ready
    finally:
        stage.rabbit.set_memory_alarm(False)
    began = time.monotonic()
    eventually(lambda: client.ready)
    assert echo(client, "after") == "after"
    assert time.monotonic() - began < 2


def test_a_connection_that_has_gone_silent_is_replaced(stage: Stage, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap: a network that swallows packets closes nothing; only missing heartbeats tell. Every ten seconds, here every one."""
    assert stage.toy.ready()
    monkeypatch.setattr(links, "HEARTBEAT_SECONDS", 1)
    proxy = Proxy(stage.amqp_uri)
    client = RpcClient(proxy.uri).start()
    assert echo(client, "before") == "before"
    proxy.swallow()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        echo(client, "into the hole", timeout_seconds=10)
    assert time.monotonic() - began < 5
    assert echo(client, "after") == "after"
    client.stop()
    proxy.close()


def test_threads_that_call_while_connections_break_all_come_back(stage: Stage, client: RpcClient) -> None:
    """No thread hangs, no answer goes to the wrong question, whatever the moment at which it breaks."""
    wrong: list[str] = []
    answered: list[str] = []
    enough = threading.Event()

    def ask(thread: int) -> None:
        number = 0
        while not enough.is_set():
            number += 1
            what = f"{thread}-{number}"
            try:
                answer = echo(client, what, timeout_seconds=2, is_read=number % 2 == 0)
            except (Unavailable, DeadlineExceeded):
                continue
            (answered if answer == what else wrong).append(what)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        before = len(answered)
        eventually(partial(lambda before: len(answered) > before + 5, before), what="answers between two breaks")
        stage.rabbit.close_all_connections()
    enough.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
    assert wrong == []
    assert client.in_flight == 0
