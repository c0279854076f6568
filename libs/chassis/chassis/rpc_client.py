"""Calling services: one connection, many threads in flight, a deadline on every call.

A call is one message to nameko's RPC exchange; the reply comes back by RabbitMQ's direct reply-to on the same channel, is matched by its
correlation id and wakes the thread that waits. Services of this chassis answer it; stock nameko ones publish every reply to an exchange,
where a direct reply-to is not heard.
"""

import contextlib
import functools
import itertools
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import structlog
from amqp import Channel, Connection, Message

from chassis import context as contexts
from chassis.circuits import Circuit, Circuits
from chassis.errors import DeadlineExceeded, Refused, TooBusy, Unavailable
from chassis.link import BROKEN, Link
from chassis.messages import DIRECT_REPLY_TO, RPC_EXCHANGE, TRANSIENT, dumps, publish
from chassis.presence import AWAY_SECONDS, LOOK_SECONDS, Presence
from chassis.unit_of_work import refuse_inside_transaction

CONNECT_WAIT_SECONDS = 1.5
"""How long a call waits for the connection to come back before it gives up: a caller is told within two seconds."""
NOTICE_SECONDS = 0.2
NOBODY = "nobody serves it"

log = structlog.get_logger()


class _Pending:
    """One call in flight: a lock used as a one-shot event, the cheapest there is. Only the link's reader settles it."""

    __slots__ = ("body", "fault", "lock", "since")

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.lock = threading.Lock()
        self.lock.acquire()
        self.body: Any = None
        self.fault: Unavailable | ConnectionLost | None = None

    def settle(self, *, body: Any = None, fault: "Unavailable | ConnectionLost | None" = None) -> None:
        """Wake who waits, the first time."""
        if self.body is None and self.fault is None:
            self.body = body
            self.fault = fault
            self.lock.release()


class RpcClient:
    """Thread-safe calls over one connection. Make one a process, after it forked; `start()` it, `stop()` it.

    At most `max_in_flight` calls wait at any time; one more is refused at once (`TooBusy`). Calls in flight fail with `Unavailable` when
    the connection is lost, or the broker stops reading from it; only reads are sent again, once. With a `presence`, calls to a service
    that nobody serves fail with `Unavailable` too, long before their deadline; with `circuits`, those to one that hangs.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        max_in_flight: int = 200,
        name: str = "rpc-client",
        from_service: bool = False,
        presence: Presence | None = None,
        circuits: Circuits | None = None,
    ) -> None:
        self._link = Link(amqp_uri, name=name, prepare=self._prepare, lost=self._fail_pending, on_blocked=self._fail_pending)
        self._channel: Channel | None = None
        self._pending: dict[str, _Pending] = {}
        self._places = threading.BoundedSemaphore(max_in_flight)
        self._numbers = itertools.count(1)
        self._from_service = from_service
        self._presence = presence
        self._circuits = circuits

    def start(self) -> "RpcClient":
        """Begin to connect; calls wait for the connection themselves."""
        self._link.start()
        return self

    def stop(self) -> None:
        """Close the connection; calls in flight fail."""
        self._link.stop()

    @property
    def ready(self) -> bool:
        """Whether the broker is connected and reads from us."""
        return self._link.ready and self._link.blocked is None

    @property
    def in_flight(self) -> int:
        """How many calls wait for their replies."""
        return len(self._pending)

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        timeout_seconds: float,
        idempotency_key: str | None = None,
        is_read: bool = False,
    ) -> Any:
        """Call `service.method(payload)` and give its answer.

        Raises `Refused` (what the service answered), `DeadlineExceeded`, `Unavailable`, `TooBusy`; `RpcInsideTransaction` where the caller
        holds a transaction open. The deadline is the earlier of `timeout_seconds` from now and the one of the current context.
        """
        refuse_inside_transaction(f"{service}.{method}")
        context = contexts.current()
        if self._from_service and context.depth > 0:
            raise CallDepthExceeded(f"{service}.{method} would be the second service-to-service hop: let the first caller ask both.")
        deadline = time.time() + timeout_seconds
        if context.deadline is not None:
            deadline = min(deadline, context.deadline)
        if not self._places.acquire(blocking=False):
            raise TooBusy(service=service, reason="too many calls are in flight")
        once = functools.partial(
            self._call_once, service, method, payload, context=context, deadline=deadline, idempotency_key=idempotency_key
        )
        try:
            if is_read:
                with contextlib.suppress(ConnectionLost):
                    return once()
            return once()
        except ConnectionLost:
            raise Unavailable(service=service, reason="the connection to it was lost") from None
        finally:
            self._places.release()

    def _call_once(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        context: contexts.Context,
        deadline: float,
        idempotency_key: str | None,
    ) -> Any:
        remaining = deadline - time.time()
        if remaining <= 0:
            raise DeadlineExceeded(service=service, method=method)
        if not self._link.ready and not self._link.wait_ready(min(remaining, CONNECT_WAIT_SECONDS)):
            raise Unavailable(service=service, reason="the message broker is away")
        if self._link.blocked is not None:
            raise Unavailable(service=service, reason="the message broker takes no messages right now")
        if self._presence is not None and self._presence.is_away(service):
            raise Unavailable(service=service, reason=NOBODY)
        channel = self._channel
        number = f"{service}.{next(self._numbers)}"
        circuit = None if self._circuits is None else self._circuits.of(service)
        headers = contexts.to_headers(
            context,
            deadline=deadline,
            idempotency_key=idempotency_key,
            repeats_seconds=context.repeats_seconds,
            depth=context.depth + 1 if self._from_service else None,
        )
        message = Message(
            dumps({"args": [payload], "kwargs": {}}),
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=TRANSIENT,
            correlation_id=number,
            reply_to=DIRECT_REPLY_TO,
            expiration=str(max(1, int(remaining * 1000))),
            application_headers=headers,
        )
        pending = self._begin(number, circuit)
        try:
            try:
                publish(channel, message, exchange=RPC_EXCHANGE, routing_key=f"{service}.{method}", mandatory=True)
            except BROKEN:
                pending.lock.acquire(timeout=NOTICE_SECONDS)  # by then the link's reader has noticed too
                raise ConnectionLost from None
            if not self._wait(pending, service, deadline, circuit):
                raise DeadlineExceeded(service=service, method=method)
        finally:
            self._end(number, circuit)
        if pending.fault is not None:
            raise pending.fault
        return _answer(pending.body)

    def _begin(self, number: str, circuit: Circuit | None) -> _Pending:
        if circuit is not None:
            circuit.admit(number)
        pending = self._pending[number] = _Pending()
        return pending

    def _end(self, number: str, circuit: Circuit | None) -> None:
        self._pending.pop(number, None)
        if circuit is not None:
            circuit.leave(number)

    def _wait(self, pending: _Pending, service: str, deadline: float, circuit: Circuit | None) -> bool:
        """Wait for the reply, until the deadline at most; raises `Unavailable` where nobody is there (any more) to write one, or hangs."""
        remaining = max(0.0, deadline - time.time())
        if self._presence is None and circuit is None:
            return pending.lock.acquire(timeout=remaining)
        patience = AWAY_SECONDS
        while not pending.lock.acquire(timeout=min(remaining, patience)):
            remaining = deadline - time.time()
            if remaining <= 0:
                if circuit is not None:
                    circuit.missed()
                return False
            if self._presence is not None and self._presence.is_away(service):
                raise Unavailable(service=service, reason=NOBODY)
            if circuit is not None:
                circuit.check(pending.since)
            patience = LOOK_SECONDS
        return True

    def _prepare(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.events["basic_return"].add(self._on_return)
        channel.basic_consume(DIRECT_REPLY_TO, no_ack=True, callback=self._on_reply)
        channel.exchange_declare(RPC_EXCHANGE, "topic", durable=True, auto_delete=False)
        self._channel = channel

    def _on_reply(self, message: Message) -> None:
        if self._circuits is not None:
            self._circuits.of(message.properties.get("correlation_id", "").rpartition(".")[0]).answered()
        self._settle(message, body=message.body)

    def _on_return(self, _error: object, _exchange: str, routing_key: str, message: Message) -> None:
        self._settle(message, fault=Unavailable(service=routing_key.partition(".")[0], reason=NOBODY))

    def _settle(self, message: Message, **outcome: Any) -> None:
        pending = self._pending.get(message.properties.get("correlation_id", ""))
        if pending is not None:  # else nobody waits for it any more
            pending.settle(**outcome)

    def _fail_pending(self) -> None:
        for pending in list(self._pending.values()):
            pending.settle(fault=ConnectionLost())


class ConnectionLost(Exception):
    """The connection went away, or the broker stopped reading from it, before the reply came."""


class CallDepthExceeded(RuntimeError):
    """A service that was called by a service called on: the call graph allows one hop. A defect of the caller."""


class UnreadableReply(Refused):
    """What came back is no reply as nameko writes them."""


def _answer(body: Any) -> Any:
    try:
        reply = json.loads(body)
        error, result = reply["error"], reply["result"]
    except (ValueError, TypeError, KeyError):
        raise UnreadableReply(kind="internal", code="unreadable_reply", message="The service's answer cannot be read.") from None
    if error is not None:
        raise Refused.from_wire(error)
    return result
