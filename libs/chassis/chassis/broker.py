"""The incoming side of a service: its calls and events, taken from the broker and handed to the doors, whatever goes wrong on the way."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import eventlet
import structlog
from amqp import Channel, Connection, Message, spec
from nameko.extensions import SharedExtension

from chassis import context as contexts
from chassis import metrics
from chassis.config import ServiceConfig
from chassis.container import CONFIG
from chassis.errors import DeadlineExceeded, InternalError, MalformedCall, OutcomeUnknown, Refusal
from chassis.events import UnreadableEvent, decode, read
from chassis.link import BROKEN, Link, wait_until
from chassis.messages import (
    DIRECT_REPLY_TO,
    EVENTS,
    PARKING_LOT,
    RETRY_EXCHANGE,
    RPC_EXCHANGE,
    TRANSIENT,
    attempts_of,
    dumps,
    headers_of,
    history,
    inbox_queue,
    moved,
    rpc_queue,
)
from chassis.publisher import Publisher, PublishingFailed
from chassis.topology import ServiceTopology, Topology, declare
from chassis.wiring import Resources

CANCEL_SECONDS = 2.0
MOVE_PAUSE_SECONDS = 0.5
REPLY_PATIENCE_SECONDS = 5.0
LONGEST_REASON = 1000
REDELIVERED_PAUSE_SECONDS = 0.5

log = structlog.get_logger()


class Broker(SharedExtension):
    """Consumes a service's two queues, or one of them, on one connection and answers on another.

    The doors register themselves before it starts.
    """

    resources = Resources()

    def __init__(self) -> None:
        self._calls: dict[str, Any] = {}
        self._subscriptions: list[Any] = []
        self._consumers: list[tuple[Channel, str]] = []
        self._stopping = threading.Event()

    def setup(self) -> None:
        """Prepare both links; nameko sets extensions up in any order, so the doors may be known already or not."""
        config: ServiceConfig = self.container.config[CONFIG]
        name = self.container.service_name
        self._name = name
        self._config = config
        self._publisher = Publisher(config.amqp_uri, name=f"{name}-publisher")
        self._link = Link(config.amqp_uri, name=f"{name}-consumer", prepare=self._prepare)

    def take_calls(self, door: Any) -> None:
        """Let `door` answer the calls of its method."""
        self._calls[door.method_name] = door

    def take_events(self, door: Any) -> None:
        """Let `door` handle the events it names."""
        self._subscriptions.append(door)

    def start(self) -> None:
        """Connect, declare, consume; and come back whenever the broker does."""
        metrics.BROKER_CONNECTED.labels(self._name).set_function(lambda: float(self.ready))
        self._publisher.link.start()
        self._link.start()

    @property
    def ready(self) -> bool:
        """Whether calls and events can be taken and answered."""
        return bool(self._link.ready and self._publisher.link.ready)

    def stop_consuming(self) -> None:
        """Take nothing new; what was taken goes on. The drain begins here; every door says so, the first one does it."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._cancel()

    def stop(self) -> None:
        """Close both connections, after the last worker ended."""
        self._link.stop()
        self._publisher.link.stop()

    def topology(self) -> Topology:
        """Everything that is declared at start: the platform's file, with this service's part as its code has it."""
        known = Topology.load(Path(self._config.topology_file)) if self._config.topology_file else Topology(services=())
        own = ServiceTopology(service=self._name, reads=tuple(sorted({(door.source, door.event) for door in self._subscriptions})))
        return known.with_service(own)

    def _prepare(self, connection: Connection) -> None:
        declare(connection, self.topology(), retry_delays_seconds=self._config.retry_delays_seconds)
        if self._stopping.is_set():
            return
        consumers = []
        if self._config.rpc_workers:
            consumers.append(self._consume(connection, rpc_queue(self._name), self._config.rpc_workers, self._on_call))
        if self._subscriptions and self._config.event_workers:
            consumers.append(self._consume(connection, inbox_queue(self._name), self._config.event_workers, self._on_event))
        self._consumers = consumers
        if self._stopping.is_set():  # the drain began while this waited for the broker
            for channel, tag in consumers:
                channel.basic_cancel(tag)

    @staticmethod
    def _consume(connection: Connection, queue: str, prefetch: int, callback: Callable[[Message], None]) -> tuple[Channel, str]:
        channel = connection.channel()
        channel.basic_qos(0, prefetch, a_global=False)
        return channel, channel.basic_consume(queue, callback=callback)

    def _cancel(self) -> None:
        """End the consumers, and wait until the broker says that nothing more is on its way."""
        consumers = self._consumers
        with contextlib.suppress(*BROKEN):
            for channel, tag in consumers:
                channel.send_method(spec.Basic.Cancel, "sb", (tag, False))
            wait_until(lambda: all(tag not in channel.callbacks for channel, tag in consumers), timeout_seconds=CANCEL_SECONDS)

    # Calls

    def _on_call(self, message: Message) -> None:
        self.container.spawn(self._answer_call, message)

    def _answer_call(self, message: Message) -> None:
        started = time.monotonic()
        properties = message.properties
        reply_to = properties.get("reply_to")
        method = message.delivery_info["routing_key"].rpartition(".")[2]
        if not reply_to:
            log.error("call parked: it has no reply_to", method=method)
            self._park(message, reason="no reply_to")
            return
        context = contexts.from_headers(headers_of(message))
        with contexts.activated(context):
            body, outcome = self._reply_to(message, method, context)
            answer = Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=TRANSIENT,
                correlation_id=properties.get("correlation_id", ""),
            )
            exchange = "" if reply_to.startswith(DIRECT_REPLY_TO) else RPC_EXCHANGE
            patience = context.remaining_seconds()
            if patience is None or patience > REPLY_PATIENCE_SECONDS:
                patience = REPLY_PATIENCE_SECONDS
            if not self._publisher.reply(answer, exchange=exchange, routing_key=reply_to, patience_seconds=patience):
                log.warning("reply not sent: the broker is away; the caller may ask again", method=method)
            _ack(message)
            seconds = time.monotonic() - started
            known = method if method in self._calls else "unknown"
            metrics.CALLS.labels(self._name, known, outcome).inc()
            metrics.CALL_SECONDS.labels(self._name, known).observe(seconds)
            log.info("call", method=method, outcome=outcome, milliseconds=round(seconds * 1000, 2))

    def _reply_to(self, message: Message, method: str, context: contexts.Context) -> tuple[bytes, str]:
        """The body of the reply, and its outcome in a word; never raises."""
        try:
            return dumps({"result": self._execute(message, method, context), "error": None}).encode(), "ok"
        except Refusal as refusal:
            error = refusal
        except Exception:  # outermost: a defect of one call is told its caller as `internal`, and the worker takes the next
            log.exception("call failed", method=method)
            error = InternalError()
        return dumps({"result": None, "error": _stock_readable(error)}).encode(errors="replace"), error.code

    def _execute(self, message: Message, method: str, context: contexts.Context) -> Any:
        door = self._calls.get(method)
        if door is None:
            raise MalformedCall(reason=f"{self._name} has no method {method}.")
        remaining = context.remaining_seconds()
        if remaining is not None and remaining <= 0:
            raise DeadlineExceeded(service=self._name, method=method)
        if door.is_command and message.delivery_info.get("redelivered") and context.idempotency_key is None:
            raise OutcomeUnknown
        payload = _payload(message)
        agency_id = payload.get("agency_id")
        if isinstance(agency_id, str):
            context = replace(context, agency_id=agency_id)
        with contexts.activated(context):
            return door.answer(self.container.service, payload)

    # Events

    def _on_event(self, message: Message) -> None:
        self.container.spawn(self._handle_event, message)

    def _handle_event(self, message: Message) -> None:
        headers = headers_of(message)
        exchange = history(headers, "exchange") or message.delivery_info["exchange"]
        name = history(headers, "routing-key") or message.delivery_info["routing_key"]
        source = exchange.removesuffix(EVENTS)
        doors = [door for door in self._subscriptions if exchange.endswith(EVENTS) and door.source == source and door.event in {name, "*"}]
        label = f"{source}.{name}" if doors else "unknown"
        if message.delivery_info["redelivered"]:  # its reader may have died of it: in random order, those beside it get through before it
            eventlet.sleep(random.uniform(0, REDELIVERED_PAUSE_SECONDS))  # noqa: S311  nothing secret
        started = time.monotonic()
        with contexts.activated(contexts.from_headers(headers)):
            try:
                self._run_handlers(message, doors, source, name)
            except UnreadableEvent as error:
                outcome = self._park(message, reason=str(error))
            except Exception as error:  # noqa: BLE001  whatever it is: it was logged where it was raised, and is tried again, then parked
                outcome = self._retry_or_park(message, label, reason=repr(error))
            else:
                _ack(message)
                outcome = "ok"
            metrics.EVENTS.labels(self._name, label, outcome).inc()
            metrics.EVENT_SECONDS.labels(self._name, label).observe(time.monotonic() - started)

    def _run_handlers(self, message: Message, doors: list[Any], source: str, name: str) -> None:
        if not doors:  # a newer replica, which has bound our queue to this event, may have the handler: the ladder takes it there
            raise LookupError(f"{self._name} has no handler for {name} of {source}")
        raw, loaded = decode(message.body, content_type=message.properties.get("content_type"))
        context = contexts.from_headers(headers_of(message), causation_id=loaded["id"])
        if loaded["correlation_id"]:
            context = replace(context, request_id=loaded["correlation_id"])
        with contexts.activated(replace(context, agency_id=loaded["agency_id"], deadline=None)):
            events = [(door, read(raw, loaded, source=source, name=name, reads=door.reads, handler=door.method_name)) for door in doors]
            failures = []
            for door, event in events:
                try:
                    door.handle(self.container.service, event)
                except Exception as error:  # the other handlers get their turn; raised below
                    log.warning("handler failed", handler=door.method_name, event_name=f"{source}.{name}", event_id=event.id, exc_info=True)
                    failures.append(error)
            if failures:
                raise failures[0]
            log.info("event handled", event_name=f"{source}.{name}", event_id=loaded["id"])

    def _retry_or_park(self, message: Message, label: str, *, reason: str) -> str:
        attempt = attempts_of(headers_of(message))
        delays = self._config.retry_delays_seconds
        if attempt >= len(delays):
            return self._park(message, reason=f"failed {attempt + 1} times: {reason}")
        rung = RETRY_EXCHANGE.format(delay_ms=int(delays[attempt] * 1000))
        if not self._move(message, exchange=rung, routing_key=inbox_queue(self._name), attempt=attempt + 1, reason=reason):
            return "kept"
        log.warning("event will be tried again", event_name=label, attempt=attempt + 1, in_seconds=delays[attempt], reason=reason)
        metrics.RETRIES.labels(self._name, label).inc()
        return "retried"

    # Moving messages on

    def _park(self, message: Message, *, reason: str) -> str:
        attempt = attempts_of(headers_of(message))
        now = datetime.now(UTC).isoformat()
        if not self._move(message, exchange="", routing_key=PARKING_LOT, attempt=attempt, reason=reason, parked_at=now):
            return "kept"
        name = message.delivery_info["routing_key"]
        log.error("message parked", routing_key=name, reason=reason, attempts=attempt + 1, message_id=message.properties.get("message_id"))
        metrics.PARKED.labels(self._name).inc()
        return "parked"

    def _move(self, message: Message, *, exchange: str, routing_key: str, attempt: int, reason: str, **said: str) -> bool:
        """Publish `message` elsewhere, then acknowledge it; tell whether that was done.

        While the broker takes nothing this waits, and the message with it: giving it back would count as one of its deliveries. It is left
        where it is when its connection is gone (it comes again) or the process is asked to end (it goes back).
        """
        headers = headers_of(message)
        again = moved(
            message,
            exchange=history(headers, "exchange") or message.delivery_info["exchange"],
            routing_key=history(headers, "routing-key") or message.delivery_info["routing_key"],
            attempt=attempt,
            service=self._name,
            reason=reason[:LONGEST_REASON],
            **said,
        )
        while message.channel.connection is not None:
            try:
                self._publisher.publish_confirmed(again, exchange=exchange, routing_key=routing_key)
            except PublishingFailed as error:
                log.warning("message could not be moved on yet", error=str(error))
                if self._stopping.is_set():
                    break
                eventlet.sleep(MOVE_PAUSE_SECONDS)
            else:
                _ack(message)
                return True
        return False


def _ack(message: Message) -> None:
    """Acknowledge; where the connection is gone, the message comes again, and is recognised."""
    with contextlib.suppress(*BROKEN):
        message.channel.send_method(spec.Basic.Ack, "Lb", (message.delivery_tag, False))


def _payload(message: Message) -> dict[str, Any]:
    """The one JSON object of a call, as positional or as keyword arguments."""
    try:
        body = json.loads(message.body)
        args, kwargs = body["args"], body["kwargs"]
        payload = args[0] if len(args) == 1 and not kwargs else kwargs if not args else None
    except (ValueError, TypeError, KeyError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise MalformedCall(reason='A call is one JSON object: {"args": [{…}], "kwargs": {}}.')
    return payload


def _stock_readable(refusal: Refusal) -> dict[str, Any]:
    """A refusal for the bus, with the two members from which a stock nameko caller makes its RemoteError."""
    return {**refusal.to_wire(), "exc_type": refusal.code, "value": refusal.text}
