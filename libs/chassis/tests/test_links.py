"""Connections that are kept open, and what is published on them: whatever happens, somebody is told."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from amqp import Connection, Message
from toy.config import Config

from chassis import publisher as publishers
from chassis.broker import Broker
from chassis.errors import Unavailable
from chassis.link import Link, open_connection, wait_until
from chassis.messages import RETRY_EXCHANGE, dumps, inbox_queue
from chassis.publisher import Publisher, PublishingFailed
from chassis.rpc_client import ConnectionLost, _Pending
from chassis.testing import eventually
from local_servers import free_port

from .conftest import Stage
from .proxy import Proxy


@pytest.fixture
def proxy(stage: Stage) -> Iterator[Proxy]:
    made = Proxy(stage.amqp_uri)
    yield made
    made.close()


@pytest.fixture
def publisher(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setattr(publishers, "CONFIRM_SECONDS", 0.3)
    made = Publisher(proxy.uri, name="publisher")
    made.link.start()
    assert made.link.wait_ready(10)
    yield made
    made.link.stop()


def message() -> Message:
    return Message("{}")


def confirmed(publisher: Publisher, *, routing_key: str = "comptoir.parking-lot", exchange: str = "", mandatory: bool = True) -> None:
    publisher.publish_confirmed(message(), exchange=exchange, routing_key=routing_key, mandatory=mandatory)


@pytest.fixture(autouse=True)
def declared(stage: Stage) -> None:
    """The queues that the toy declares."""
    assert stage.toy.ready()


# Links


def test_a_defect_in_preparing_does_not_end_the_reader(stage: Stage) -> None:
    """Trap: the one thread that reads dies of somebody's slip, and the process hangs for ever."""
    attempts: list[Connection] = []

    def prepare(connection: Connection) -> None:
        attempts.append(connection)
        if len(attempts) == 1:
            raise ZeroDivisionError

    link = Link(stage.amqp_uri, name="clumsy", prepare=prepare)
    link.start()
    assert link.wait_ready(10)
    assert len(attempts) == 2
    link.stop()
    assert not link.ready


def test_a_link_that_was_never_started_can_be_stopped() -> None:
    Link("amqp://127.0.0.1:1//", name="idle", prepare=lambda _connection: None).stop()


def test_a_link_stops_in_time_on_a_network_that_swallows_everything(proxy: Proxy) -> None:
    link = Link(proxy.uri, name="deaf", prepare=lambda _connection: None)
    link.start()
    assert link.wait_ready(10)
    time.sleep(0.2)  # by now it reads
    proxy.swallow()
    began = time.monotonic()
    link.stop()
    assert 1 < time.monotonic() - began < 10
    eventually(lambda: not link.ready)


def test_a_link_keeps_trying_while_nobody_listens() -> None:
    lost: list[float] = []
    link = Link(
        f"amqp://127.0.0.1:{free_port()}//", name="lonely", prepare=lambda _connection: None, lost=lambda: lost.append(time.monotonic())
    )
    link.start()
    eventually(lambda: len(lost) >= 3)
    assert not link.wait_ready(0)
    link.stop()


def test_waiting_ends_with_the_time_or_the_condition() -> None:
    assert wait_until(lambda: True, timeout_seconds=0)
    assert wait_until(lambda: True, timeout_seconds=1)
    assert not wait_until(lambda: False, timeout_seconds=0.1)


def test_the_first_outcome_of_a_call_counts() -> None:
    pending = _Pending()
    pending.settle(body="answer")
    pending.settle(fault=ConnectionLost())
    assert (pending.body, pending.fault) == ("answer", None)
    failed = _Pending()
    failed.settle(fault=Unavailable(service="a", reason="b"))
    failed.settle(body="too late")
    assert failed.body is None


# Publishing with confirms


def test_what_the_broker_took_is_with_a_queue(stage: Stage, publisher: Publisher) -> None:
    before = len(stage.bus.parked())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _number: confirmed(publisher), range(20)))
    assert len(stage.bus.parked()) == before + 20


def test_a_message_that_no_queue_takes_is_not_taken(publisher: Publisher) -> None:
    """Trap: the broker confirms what it drops; a parked message is gone when its queue was deleted."""
    with pytest.raises(PublishingFailed, match="no queue is bound for it"):
        confirmed(publisher, routing_key="nobody")
    confirmed(publisher, routing_key="nobody", mandatory=False)
    confirmed(publisher)


def test_an_exchange_that_is_not_there_is_a_failure_and_not_the_end(publisher: Publisher) -> None:
    with pytest.raises(PublishingFailed, match="the connection was lost"):
        confirmed(publisher, exchange="nowhere")
    assert publisher.link.wait_ready(10)
    eventually(lambda: publisher.link.ready)
    confirmed(publisher)


def test_a_message_that_a_full_queue_refuses_is_not_taken(stage: Stage, publisher: Publisher) -> None:
    connection = open_connection(stage.amqp_uri, name="stranger")
    channel = connection.channel()
    channel.queue_declare("full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"}, auto_delete=False)
    confirmed(publisher, routing_key="full")
    with pytest.raises(PublishingFailed, match="the broker refused it"):
        confirmed(publisher, routing_key="full")
    channel.queue_delete("full")
    connection.close()


def test_without_a_confirm_in_time_nothing_is_known_to_be_taken(proxy: Proxy, publisher: Publisher) -> None:
    proxy.swallow()
    with pytest.raises(PublishingFailed, match="did not confirm it in time"):
        confirmed(publisher)


def test_a_confirm_that_comes_too_late_is_not_taken_for_the_next_one(publisher: Publisher) -> None:
    confirmed(publisher)
    publisher._number += 1
    publisher._outcome = None
    publisher._settle(publisher._number - 1, refused="")
    assert publisher._outcome is None


def test_a_broker_that_is_away_is_a_failure() -> None:
    away = Publisher("amqp://127.0.0.1:1//", name="away")
    with pytest.raises(PublishingFailed, match="the broker is away or takes nothing"):
        away.publish_confirmed(message(), exchange="", routing_key="x")


def test_a_connection_that_breaks_while_it_is_written_is_a_failure(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(publisher._confirmed, "send_method", broken)
    monkeypatch.setattr(publisher._replies, "send_method", broken)
    with pytest.raises(PublishingFailed, match="BrokenPipeError"):
        confirmed(publisher)
    assert not publisher.reply(message(), exchange="", routing_key="x", patience_seconds=0.1)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishers, "CONFIRM_SECONDS", 0.3)


# Replies


def test_a_reply_waits_for_the_connection_to_come_back(stage: Stage, publisher: Publisher) -> None:
    """Trap: the answer to a finished command is thrown away because the connection blinks."""
    stage.rabbit.close_all_connections()
    eventually(lambda: not publisher.link.ready)
    assert publisher.reply(message(), exchange="", routing_key="comptoir.parking-lot", patience_seconds=5)


def test_a_reply_to_nobody_is_given_up_in_time() -> None:
    away = Publisher("amqp://127.0.0.1:1//", name="away")
    began = time.monotonic()
    assert not away.reply(message(), exchange="", routing_key="x", patience_seconds=0.2)
    assert time.monotonic() - began < 1


# Moving messages on in a service, while the broker takes nothing


@pytest.fixture
def alarm(stage: Stage) -> Iterator[Callable[[bool], None]]:
    yield stage.rabbit.set_memory_alarm
    stage.rabbit.set_memory_alarm(False)


LADDER = "0.05,0.06,0.07,1"


def publish_for_later(stage: Stage, **data: str) -> None:
    """An event that comes in a second: by then the broker takes nothing from anybody, but moves on what it has."""
    origin = {"x-comptoir-exchange": "elsewhere.events", "x-comptoir-routing-key": "happened"}
    body = dumps(stage.bus.envelope("elsewhere", "happened", data))
    stage.bus.publish_raw(RETRY_EXCHANGE.format(delay_ms=1000), inbox_queue("toy"), body, application_headers=origin)


def test_a_failing_event_is_held_while_the_broker_takes_nothing(fresh_stage: Stage, alarm: Callable[[bool], None]) -> None:
    """Trap: given back to its queue again and again, it uses up its deliveries, and the broker parks what is no poison."""
    toy = fresh_stage.run(RETRY_DELAYS_SECONDS=LADDER, TOY_CONFIRM_SECONDS="0.5")
    for what in ("poison one", "poison two", "good"):
        publish_for_later(fresh_stage, what=what)
    alarm(True)
    eventually(lambda: "message could not be moved on yet" in toy.text())
    eventually(lambda: fresh_stage.marks("on_happened") == ["good"], what="its neighbour, handled meanwhile")
    fresh_stage.rabbit.close_all_connections()
    eventually(lambda: toy.metric("comptoir_events_handled_total", outcome="kept") >= 1, what="what comes again anyway, let go of")
    alarm(False)
    eventually(lambda: len({parked.body for parked in fresh_stage.bus.parked()}) == 2)
    assert {parked.attempts for parked in fresh_stage.bus.parked()} == {5}
    assert toy.running


def test_a_process_told_to_end_leaves_what_it_cannot_move_on(fresh_stage: Stage, alarm: Callable[[bool], None]) -> None:
    """Some want to the ladder, one to the parking lot; all are there for the next process."""
    toy = fresh_stage.run(RETRY_DELAYS_SECONDS=LADDER, TOY_CONFIRM_SECONDS="0.5")
    publish_for_later(fresh_stage, what="poison one")
    publish_for_later(fresh_stage, what="poison two")
    publish_for_later(fresh_stage, unreadable="by its handler")
    alarm(True)
    eventually(lambda: toy.text().count("message could not be moved on yet") >= 4)
    assert toy.terminate() == 0
    alarm(False)
    fresh_stage.run(RETRY_DELAYS_SECONDS="0.05")
    eventually(lambda: len({parked.body for parked in fresh_stage.bus.parked()}) == 3)


def test_a_service_without_subscriptions_and_without_a_health_port_serves(fresh_stage: Stage) -> None:
    quiet = fresh_stage.run(package="toy.quiet", wait=False, HEALTH_PORT="0")
    relay = fresh_stage.run("relay", wait=False, HEALTH_PORT="0")

    def answered() -> bool:
        try:
            return bool(fresh_stage.bus.call("quiet", "echo", {"what": "hello"}, timeout_seconds=5) == "hello")
        except Unavailable:
            return False

    eventually(answered)
    assert not quiet.ready()
    assert quiet.terminate() == 0
    assert relay.terminate() == 0


# Beginning to drain while the broker is being prepared


def test_a_drain_that_begins_while_consumers_are_made_ends_them(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    broker._name = "draining"
    broker._config = Config(database_url="none")
    connection = open_connection(stage.amqp_uri, name="draining")
    consume = Broker._consume

    def consume_and_stop(*arguments: object) -> object:
        made = consume(*arguments)  # type: ignore[arg-type]  # as they came
        broker._stopping.set()
        return made

    monkeypatch.setattr(Broker, "_consume", staticmethod(consume_and_stop))
    broker._prepare(connection)
    ((channel, tag),) = broker._consumers
    assert tag not in channel.callbacks
    monkeypatch.setattr(Broker, "_consume", staticmethod(lambda *_arguments: pytest.fail("it consumes")))
    broker._prepare(connection)
    connection.close()
