"""The incoming side of a service: its calls and its events, taken from the broker and handed to the doors, whatever goes wrong on the way."""

import contextlib
import json
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
    PARKING_LOT,
    PERSISTENT,
    REPUBLISHED,
    RETRY_EXCHANGE,
    RPC_EXCHANGE,
    TRANSIENT,
    dumps,
    inbox_queue,
    rpc_queue,
)
from chassis.publisher import Publisher, PublishingFailed
from chassis.topology import ServiceTopology, Topology, declare
from chassis.wiring import Resources

CANCEL_SECONDS = 2.0
REQUEUE_PAUSE_SECONDS = 1.0

log = structlog.get_logger()


class Broker(SharedExtension):  # type: ignore[misc]  # nameko has no types
    """Consumes a service's two queues on one connection and answers on another. The doors register themselves before it starts."""

    resources = Resources()

    def __init__(self) -> None:
        self._calls: dict[str, Any] = {}
        self._subscriptions: list[Any] = []
        self._consumers: list[tuple[Channel, str]] = []
        self._stopping = False

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
        """Take nothing new; what was taken goes on. The drain begins here."""
        if self._stopping:
            return
        self._stopping = True
        consumers = list(self._consumers)
        with contextlib.suppress(*BROKEN):
            for channel, tag in consumers:
                channel.send_method(spec.Basic.Cancel, "sb", (tag, False))
            wait_until(lambda: all(tag not in (channel.callbacks or ()) for channel, tag in consumers), timeout_seconds=CANCEL_SECONDS)

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
        self._consumers = [self._consume(connection, rpc_queue(self._name), self._config.rpc_workers, self._on_call)]
        if self._subscriptions:
            self._consumers.append(self._consume(connection, inbox_queue(self._name), self._config.event_workers, self._on_event))

    @staticmethod
    def _consume(connection: Connection, queue: str, prefetch: int, callback: Callable[[Message], None]) -> tuple[Channel, str]:
        channel = connection.channel()
        channel.basic_qos(0, prefetch, a_global=False)
        return channel, channel.basic_consume(queue, callback=callback)

    # Calls

    def _on_call(self, message: Message) -> None:
        self.container.spawn(self._answer_call, message)

    def _answer_call(self, message: Message) -> None:
        started = time.monotonic()
        properties = message.properties
        reply_to = properties.get("reply_to")
        method = message.delivery_info["routing_key"].rpartition(".")[2]
        if not reply_to:
            self._park_or_requeue(message, reason="no reply_to")
            return
        context = contexts.from_headers(properties.get("application_headers") or {})
        with contexts.activated(context):
            reply, outcome = self._outcome_of(message, method, context)
            body = dumps(reply)
            exchange = "" if reply_to.startswith(DIRECT_REPLY_TO) else RPC_EXCHANGE
            answer = Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=TRANSIENT,
                correlation_id=properties.get("correlation_id", ""),
            )
            if not self._publisher.reply(answer, exchange=exchange, routing_key=reply_to):
                log.warning("reply not sent: the broker is away; the caller will time out and may ask again", method=method)
            _ack(message)
            seconds = time.monotonic() - started
            metrics.CALLS.labels(self._name, method if method in self._calls else "unknown", outcome).inc()
            if method in self._calls:
                metrics.CALL_SECONDS.labels(self._name, method).observe(seconds)
            log.info("call", method=method, outcome=outcome, milliseconds=round(seconds * 1000, 2))

    def _outcome_of(self, message: Message, method: str, context: contexts.Context) -> tuple[dict[str, Any], str]:
        try:
            return {"result": self._execute(message, method, context), "error": None}, "ok"
        except Refusal as refusal:
            return {"result": None, "error": _stock_readable(refusal)}, refusal.code
        except Exception:
            log.exception("call failed", method=method)
            return {"result": None, "error": _stock_readable(InternalError())}, "internal_error"

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
            with contexts.activated(replace(context, agency_id=agency_id)):
                return door.answer(self.container.service, payload)
        return door.answer(self.container.service, payload)

    # Events

    def _on_event(self, message: Message) -> None:
        self.container.spawn(self._handle_event, message)

    def _handle_event(self, message: Message) -> None:
        headers = message.properties.get("application_headers") or {}
        exchange = headers.get(f"{REPUBLISHED}exchange", message.delivery_info["exchange"])
        name = headers.get(f"{REPUBLISHED}routing-key", message.delivery_info["routing_key"])
        source = exchange.removesuffix(".events")
        started = time.monotonic()
        with contexts.activated(contexts.from_headers(headers)):
            try:
                self._run_handlers(message, source, name, headers)
            except UnreadableEvent as error:
                log.error("event parked", event_name=f"{source}.{name}", reason=str(error))
                self._park_or_requeue(message, reason=str(error))
                outcome = "parked"
            except Exception as error:
                outcome = self._retry_or_park(message, source=source, name=name, headers=headers, error=error)
            else:
                _ack(message)
                outcome = "ok"
        metrics.EVENTS.labels(self._name, f"{source}.{name}", outcome).inc()
        metrics.EVENT_SECONDS.labels(self._name, f"{source}.{name}").observe(time.monotonic() - started)

    def _run_handlers(self, message: Message, source: str, name: str, headers: dict[str, Any]) -> None:
        doors = [door for door in self._subscriptions if door.source == source and door.event in {name, "*"}]
        if not doors:
            raise UnreadableEvent(f"{self._name} has no handler for {source}.{name}")
        raw, loaded = decode(message.body, content_type=message.properties.get("content_type"))
        context = contexts.from_headers(headers, causation_id=loaded["id"])
        if loaded["correlation_id"]:
            context = replace(context, request_id=loaded["correlation_id"])
        with contexts.activated(replace(context, agency_id=loaded["agency_id"], deadline=None)):
            events = [(door, read(raw, loaded, source=source, name=name, reads=door.reads, handler=door.method_name)) for door in doors]
            failures = []
            for door, event in events:
                try:
                    door.handle(self.container.service, event)
                except Exception as error:
                    log.warning("handler failed", handler=door.method_name, event_name=f"{source}.{name}", event_id=event.id, exc_info=True)
                    failures.append(error)
            if failures:
                raise failures[0]
            log.info("event handled", event_name=f"{source}.{name}", event_id=loaded["id"])

    def _retry_or_park(self, message: Message, *, source: str, name: str, headers: dict[str, Any], error: Exception) -> str:
        attempt = int(headers.get(f"{REPUBLISHED}attempt", 0))
        delays = self._config.retry_delays_seconds
        if attempt >= len(delays):
            log.error("event parked after its last retry", event_name=f"{source}.{name}", attempts=attempt + 1, error=repr(error))
            self._park_or_requeue(message, reason=f"failed {attempt + 1} times: {error!r}")
            return "parked"
        again = self._republished(message, attempt=attempt + 1, reason=repr(error))
        rung = RETRY_EXCHANGE.format(delay_ms=int(delays[attempt] * 1000))
        self._move(message, again, exchange=rung, routing_key=inbox_queue(self._name))
        metrics.RETRIES.labels(self._name, f"{source}.{name}").inc()
        return "retried"

    # Moving messages on

    def _park_or_requeue(self, message: Message, *, reason: str) -> None:
        parked = self._republished(message, reason=reason)
        parked.properties["application_headers"][f"{REPUBLISHED}parked-at"] = datetime.now(UTC).isoformat()
        self._move(message, parked, exchange="", routing_key=PARKING_LOT)
        metrics.PARKED.labels(self._name, reason.partition(":")[0][:40]).inc()

    def _republished(self, message: Message, *, reason: str, attempt: int | None = None) -> Message:
        properties = {name: value for name, value in message.properties.items() if name not in {"expiration", "delivery_mode"}}
        headers = dict(properties.pop("application_headers", None) or {})
        headers.setdefault(f"{REPUBLISHED}exchange", message.delivery_info["exchange"])
        headers.setdefault(f"{REPUBLISHED}routing-key", message.delivery_info["routing_key"])
        headers[f"{REPUBLISHED}service"] = self._name
        headers[f"{REPUBLISHED}reason"] = reason[:1000]
        if attempt is not None:
            headers[f"{REPUBLISHED}attempt"] = attempt
        return Message(message.body, delivery_mode=PERSISTENT, application_headers=headers, **properties)

    def _move(self, message: Message, again: Message, *, exchange: str, routing_key: str) -> None:
        """Publish `again`, then acknowledge `message`; where the broker does not take it, give `message` back to its queue."""
        try:
            self._publisher.publish_confirmed(again, exchange=exchange, routing_key=routing_key)
        except PublishingFailed as error:
            log.warning("message could not be moved on; it goes back to its queue", error=str(error))
            eventlet.sleep(REQUEUE_PAUSE_SECONDS)
            with contextlib.suppress(*BROKEN):
                message.channel.send_method(spec.Basic.Reject, "Lb", (message.delivery_tag, True))
            return
        _ack(message)


def _ack(message: Message) -> None:
    """Acknowledge; where the connection is gone, the message comes again and is recognised."""
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
