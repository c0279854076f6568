"""The outbox relay: what was committed is published, at least once, whatever breaks; and what cannot go harms nothing else."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from amqp import Connection

from chassis import link as links
from chassis import metrics
from chassis import relay as relays
from chassis.events import Fact
from chassis.link import open_connection
from chassis.relay import Relay
from chassis.schemas import fields
from chassis.testing import eventually
from chassis.topology import ServiceTopology, Topology
from local_servers import PostgresServer

from .conftest import Stage
from .proxy import Proxy

BATCH = 100


class Told(Fact):
    """Something to tell."""

    source = "toy"
    what = fields.String(required=True)


class Ignored(Fact):
    """Something that nobody reads."""

    source = "unread"
    what = fields.String(required=True)


def commit(stage: Stage, *facts: Fact) -> None:
    """Commit a unit of work that tells these."""
    with stage.database.units().begin() as uow:
        for fact in facts:
            uow.emit(fact)


def told(*numbers: int) -> list[Fact]:
    return [Told(subject=str(number), agency_id=None, what=str(number)) for number in numbers]


def relay_of(stage: Stage, amqp_uri: str | None = None) -> Relay:
    topology = Topology(services=(ServiceTopology(service="toy"),))
    return Relay(
        service="toy",
        database_url=stage.database.url,
        amqp_uri=amqp_uri or stage.amqp_uri,
        topology=topology,
        retry_delays_seconds=(0.05,),
        batch=BATCH,
    )


@pytest.fixture
def start(fresh_stage: Stage) -> Iterator[Callable[[Relay], threading.Thread]]:
    """Run a relay in a thread of the test's own process, where its constants can be changed."""
    started: list[tuple[Relay, threading.Thread]] = []

    def run(relay: Relay) -> threading.Thread:
        thread = threading.Thread(target=relay.run)
        started.append((relay, thread))
        thread.start()
        eventually(lambda: relay.connected)
        return thread

    yield run
    for relay, thread in started:
        relay.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def bound(fresh_stage: Stage) -> Iterator[Connection]:
    """A stranger's connection, to bind queues of its own."""
    connection = open_connection(fresh_stage.amqp_uri, name="stranger")
    yield connection
    connection.close()


def test_an_event_goes_out_as_soon_as_it_is_committed(stage: Stage) -> None:
    """Trap: a relay that polls makes every reaction wait for half its period. NOTIFY wakes it; the poll of one second is the net below."""
    seen = stage.bus.collect("toy")
    assert stage.relay.ready()
    delays = []
    for number in range(10):
        commit(stage, *told(number))
        began = time.monotonic()
        seen.wait_for(*["toy.told"] * (number + 1))
        delays.append(time.monotonic() - began)
    assert statistics.median(delays) < 0.25


def test_a_missed_notification_costs_a_second_at_most(stage: Stage) -> None:
    seen = stage.bus.collect("toy")
    assert stage.relay.ready()
    stage.database.execute("ALTER TABLE outbox DISABLE TRIGGER notify_outbox")
    commit(stage, *told(1))
    seen.wait_for("toy.told", within_seconds=4)
    stage.database.execute("ALTER TABLE outbox ENABLE TRIGGER notify_outbox")


def test_two_relays_side_by_side_publish_each_event_once(stage: Stage) -> None:
    seen = stage.bus.collect("toy")
    stage.run("relay", RELAY_BATCH="50")
    assert stage.relay.ready()
    for first in range(0, 2000, 200):
        commit(stage, *told(*range(first, first + 200)))
    eventually(lambda: len(seen.events()) >= 2000, within_seconds=20)
    eventually(lambda: stage.waiting() == 0)
    assert sorted(int(event["subject"]) for event in seen.events()) == list(range(2000))


def test_a_backlog_drains_and_a_relay_told_to_end_leaves_the_rest(fresh_stage: Stage) -> None:
    """SIGTERM in the middle: the batches under way are finished, the others stay for the next one; none is published twice."""
    seen = fresh_stage.bus.collect("toy")
    for first in range(0, 6000, 1000):
        commit(fresh_stage, *told(*range(first, first + 1000)))
    first_relay = fresh_stage.run("relay", wait=False, RELAY_BATCH="20")
    eventually(lambda: len(seen.events()) > 0, within_seconds=20)
    assert first_relay.terminate() == 0
    left = fresh_stage.waiting()
    eventually(lambda: len(seen.events()) == 6000 - left)
    fresh_stage.run("relay", wait=False)
    eventually(lambda: fresh_stage.waiting() == 0, within_seconds=30)
    eventually(lambda: len(seen.events()) == 6000)
    assert {event["subject"] for event in seen.events()} == {str(number) for number in range(6000)}


def test_what_nobody_reads_waits_and_goes_when_somebody_does(
    fresh_stage: Stage, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: an event for which no queue is bound is dropped by the broker in silence, as at the first deployment.

    And one for an exchange that nobody has declared ends the channel: all the others wait behind it.
    """
    monkeypatch.setattr(relays, "HOLD_SECONDS", 0.3)
    seen = fresh_stage.bus.collect("toy")
    start(relay_of(fresh_stage))
    commit(fresh_stage, *[Ignored(subject="x", agency_id=None, what="x")] * 3, *told(1))
    seen.wait_for("toy.told")
    assert fresh_stage.waiting() == 3
    late = fresh_stage.bus.collect("unread")
    late.wait_for(*["unread.ignored"] * 3)
    eventually(lambda: fresh_stage.waiting() == 0)


def test_a_strangers_full_queue_holds_up_nothing_but_what_it_refuses(
    fresh_stage: Stage, bound: Connection, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: the broker refuses a message for one full queue, and the whole outbox stands still behind it."""
    monkeypatch.setattr(relays, "HOLD_SECONDS", 0.3)
    channel = bound.channel()
    channel.queue_declare("small", arguments={"x-max-length": 1, "x-overflow": "reject-publish"}, auto_delete=False)
    channel.exchange_declare("unread.events", "topic", durable=True, auto_delete=False)
    channel.queue_bind("small", "unread.events", "#")
    seen = fresh_stage.bus.collect("toy", "unread")
    start(relay_of(fresh_stage))
    commit(fresh_stage, *[Ignored(subject="x", agency_id=None, what="x")] * 3, *told(*range(5)))
    seen.wait_for(*["toy.told"] * 5)
    eventually(lambda: fresh_stage.waiting() == 2)
    for _ in range(2):
        channel.queue_purge("small")
        eventually(lambda: channel.queue_declare("small", passive=True).message_count == 1)
    eventually(lambda: fresh_stage.waiting() == 0)


def test_an_idle_relay_keeps_its_connection(
    fresh_stage: Stage, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: a heartbeat is read as «nothing came», and an idle relay connects anew with every one."""
    monkeypatch.setattr(links, "HEARTBEAT_SECONDS", 1)
    relay = relay_of(fresh_stage)
    start(relay)
    connection = relay._connection
    time.sleep(3)
    assert relay._connection is connection
    assert relay.connected


def test_the_outbox_survives_a_restart_of_the_database(fresh_stage: Stage, postgres: PostgresServer) -> None:
    seen = fresh_stage.bus.collect("toy")
    relay = fresh_stage.run("relay")
    commit(fresh_stage, *told(1))
    seen.wait_for("toy.told")
    eventually(lambda: fresh_stage.waiting() == 0)
    postgres.restart()
    commit(fresh_stage, *told(2))
    seen.wait_for("toy.told", "toy.told")
    assert relay.running
    assert [event["subject"] for event in seen.events()] == ["1", "2"]


def test_writes_go_on_while_the_broker_is_short_of_memory_and_follow_afterwards(fresh_stage: Stage) -> None:
    """Trap: publishers block in an alarm, and whoever publishes with them. Only the relay does; commands commit all the same."""
    seen = fresh_stage.bus.collect("toy")
    relay = fresh_stage.run("relay")
    fresh_stage.rabbit.set_memory_alarm(True)
    try:
        commit(fresh_stage, *told(0))
        eventually(lambda: "broker refuses to read from us" in relay.text())
        for first in range(1, 2001, 500):
            commit(fresh_stage, *told(*range(first, first + 500)))
        time.sleep(2)
        assert fresh_stage.waiting() >= 1900
        assert relay.ready()
    finally:
        fresh_stage.rabbit.set_memory_alarm(False)
    eventually(lambda: fresh_stage.waiting() == 0, within_seconds=10)
    eventually(lambda: len({event["subject"] for event in seen.events()}) == 2001)
    assert "broker reads from us again" in relay.text()
    assert relay.metric("comptoir_outbox_relayed_total", service="toy") == 2001
    assert len(seen.events()) == 2001, "nothing was published twice"


def test_a_relay_told_to_end_does_not_wait_for_a_broker_short_of_memory(
    fresh_stage: Stage, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is with the broker, which does not read it. It is given up, and published by the next relay."""
    monkeypatch.setattr(relays, "STOP_SECONDS", 0.5)
    seen = fresh_stage.bus.collect("toy")
    relay = relay_of(fresh_stage)
    thread = start(relay)
    fresh_stage.rabbit.set_memory_alarm(True)
    try:
        commit(fresh_stage, *told(*range(BATCH)))
        eventually(lambda: relay._blocked)
        relay.stop()
        thread.join(5)
        assert not thread.is_alive()
        assert fresh_stage.waiting() == BATCH
    finally:
        fresh_stage.rabbit.set_memory_alarm(False)
    start(relay_of(fresh_stage))
    eventually(lambda: fresh_stage.waiting() == 0)
    eventually(lambda: {event["subject"] for event in seen.events()} == {str(number) for number in range(BATCH)})


def test_a_broker_that_does_not_confirm_is_left_and_tried_again(
    fresh_stage: Stage, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: a network that swallows the confirms; the relay waits for ever with rows in its hands."""
    monkeypatch.setattr(relays, "CONFIRM_SECONDS", 0.5)
    seen = fresh_stage.bus.collect("toy")
    proxy = Proxy(fresh_stage.amqp_uri)
    start(relay_of(fresh_stage, proxy.uri))
    commit(fresh_stage, *told(1))
    eventually(lambda: fresh_stage.waiting() == 0)
    proxy.swallow()
    commit(fresh_stage, *told(2))
    eventually(lambda: fresh_stage.waiting() == 0)
    assert {event["subject"] for event in seen.wait_for("toy.told", "toy.told")} == {"1", "2"}
    proxy.close()


def test_an_outbox_that_is_not_there_ends_the_process(fresh_stage: Stage) -> None:
    """Trap: the thread that works dies of a defect, and the process looks alive for ever."""
    relay = fresh_stage.run("relay")
    fresh_stage.database.execute("ALTER TABLE outbox RENAME TO elsewhere")
    assert relay.wait() == 1
    assert '"event": "uncaught"' in relay.text()
    assert "UndefinedTable" in relay.text()


def test_the_parking_lot_is_measured(
    fresh_stage: Stage, start: Callable[[Relay], threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relays, "LOOK_SECONDS", 0.1)
    relay = fresh_stage.run("relay")
    assert relay.metric("comptoir_parking_lot_messages") == 0
    for number in range(3):
        fresh_stage.bus.publish_raw("", "comptoir.parking-lot", str(number))
    start(relay_of(fresh_stage))
    eventually(lambda: metrics.PARKING_LOT_SIZE._value.get() == 3)
    another = fresh_stage.run("relay")
    eventually(lambda: another.metric("comptoir_parking_lot_messages") == 3)
