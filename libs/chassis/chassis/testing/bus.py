"""The bus as a test sees it: publish anything, collect every event."""

import contextlib
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from amqp import Connection, Message

from chassis.errors import Refused, Unavailable
from chassis.ids import new_id
from chassis.link import BROKEN, Link
from chassis.messages import PERSISTENT, dumps, exchange_of
from chassis.parking_lot import Parked, parked_messages
from chassis.publisher import Publisher
from chassis.rpc_client import RpcClient
from chassis.testing.waiting import eventually

LATE_SHARE = 0.2
LATE_SECONDS = 0.02

_numbers = itertools.count(1)


class Collector:
    """Every event published after it was made, of the sources it was made for."""

    def __init__(self, amqp_uri: str, sources: tuple[str, ...]) -> None:
        self._sources = sources
        self._lock = threading.Lock()
        self._events: list[dict[str, Any]] = []
        self._queue = f"collector-{next(_numbers)}"
        self._link = Link(amqp_uri, name="collector", prepare=self._prepare)
        self._link.start()
        assert self._link.wait_ready(10)

    def events(self) -> list[dict[str, Any]]:
        """The envelopes, in order of arrival."""
        with self._lock:
            return list(self._events)

    def names(self) -> list[str]:
        """`source.event`, in order of arrival."""
        return [".".join(event["type"].split(".")[1:3]) for event in self.events()]

    def wait_for(self, *names: str, within_seconds: float = 30.0) -> list[dict[str, Any]]:
        """Wait until each of these (`source.event`; name one twice for two) has arrived; give all that did."""

        def all_there() -> bool:
            seen = self.names()
            return all(seen.count(name) >= names.count(name) for name in names)

        eventually(all_there, within_seconds=within_seconds, what=f"{names}, seen {self.names()},")
        return self.events()

    def stop(self) -> None:
        """Collect no more."""
        self._link.stop()

    def _prepare(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.queue_declare(self._queue, durable=True, auto_delete=False)
        for source in self._sources:
            channel.exchange_declare(exchange_of(source), "topic", durable=True, auto_delete=False)
            channel.queue_bind(self._queue, exchange_of(source), "#")
        channel.basic_consume(self._queue, callback=self._on_message)  # what goes to a socket that is closing comes again

    def _on_message(self, message: Message) -> None:
        event = json.loads(message.body)
        with self._lock:
            seen = message.delivery_info["redelivered"] and event["id"] in {each["id"] for each in self._events}
            if not seen:
                self._events.append(event)
        message.channel.basic_ack(message.delivery_tag)


class Bus:
    """A stranger on the bus: it knows the exchanges and nothing else."""

    def __init__(self, amqp_uri: str) -> None:
        self._amqp_uri = amqp_uri
        self._publisher = Publisher(amqp_uri, name="test-bus")
        self._publisher.link.start()
        self._lock = threading.Lock()
        self._calls: RpcClient | None = None
        self._collectors: list[Collector] = []

    def envelope(
        self, source: str, name: str, data: dict[str, Any], *, agency_id: str | None = None, event_id: str | None = None, **members: Any
    ) -> dict[str, Any]:
        """An event as `source` would tell it."""
        return {
            "specversion": "1.0",
            "id": event_id or new_id("evt"),
            "source": f"comptoir/{source}",
            "type": f"comptoir.{source}.{name}.v1",
            "subject": str(data.get("account_id") or data.get("invoice_id") or "somebody"),
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "agency_id": agency_id,
            "correlation_id": new_id("req"),
            "causation_id": None,
            "data": data,
            **members,
        }

    def publish(
        self, source: str, name: str, data: dict[str, Any], *, agency_id: str | None = None, event_id: str | None = None
    ) -> dict[str, Any]:
        """Publish an event of `source`; give its envelope."""
        envelope = self.envelope(source, name, data, agency_id=agency_id, event_id=event_id)
        self.publish_envelope(source, name, envelope)
        return envelope

    def publish_envelope(self, source: str, name: str, envelope: dict[str, Any]) -> None:
        """Publish a whole envelope."""
        self.publish_raw(exchange_of(source), name, dumps(envelope))

    def publish_disorderly(self, events: Iterable[tuple[str, str, dict[str, Any]]], *, seed: int) -> int:
        """Publish (source, name, envelope) as a broker in a bad mood delivers them: one to five times each, in any order, some late.

        The same for the same seed; tells how many messages went.
        """
        mood = random.Random(seed)  # noqa: S311  nothing secret
        messages = [event for event in events for _ in range(mood.randint(1, 5))]
        mood.shuffle(messages)
        for source, name, envelope in messages:
            if mood.random() < LATE_SHARE:
                time.sleep(mood.uniform(0, LATE_SECONDS))
            self.publish_envelope(source, name, envelope)
        return len(messages)

    def publish_raw(
        self, exchange: str, routing_key: str, body: str | bytes, *, content_type: str = "application/json", **properties: Any
    ) -> None:
        """Publish any bytes."""
        message = Message(body, content_type=content_type, delivery_mode=PERSISTENT, **properties)
        self._publisher.publish_confirmed(message, exchange=exchange, routing_key=routing_key, mandatory=False)

    def collect(self, *sources: str) -> Collector:
        """Collect the events of these services from now on."""
        collector = Collector(self._amqp_uri, sources)
        self._collectors.append(collector)
        return collector

    def call(
        self, service: str, method: str, payload: dict[str, Any], *, timeout_seconds: float = 10.0, idempotency_key: str | None = None
    ) -> Any:
        """Call a service as the gateway does."""
        return self.calls.call(service, method, payload, timeout_seconds=timeout_seconds, idempotency_key=idempotency_key)

    @property
    def calls(self) -> RpcClient:
        """The client behind `call`."""
        with self._lock:
            if self._calls is None:
                self._calls = RpcClient(self._amqp_uri, name="test-calls").start()
            return self._calls

    def parked(self) -> list[Parked]:
        """What is in the parking lot."""
        return parked_messages(self._amqp_uri)

    def close(self) -> None:
        """Leave."""
        with contextlib.suppress(*BROKEN):
            for collector in self._collectors:
                collector.stop()
            self._publisher.link.stop()
            if self._calls is not None:
                self._calls.stop()


def refusal_of(attempt: Callable[[], object]) -> Refused:
    """The refusal that `attempt` ends with; fails where it does not."""
    try:
        answer = attempt()
    except Unavailable:
        raise
    except Refused as refusal:
        return refusal
    raise AssertionError(f"not refused: {answer!r}")
