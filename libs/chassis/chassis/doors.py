"""The doors of a service: `@query`, `@command`, `@subscribe`, `@due`. They translate; the use cases decide."""

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import eventlet
import marshmallow
import structlog
from nameko.extensions import Entrypoint, register_entrypoint

from chassis import context as contexts
from chassis import metrics
from chassis.broker import Broker
from chassis.clocks import ClockMoved
from chassis.config import ServiceConfig
from chassis.container import CONFIG
from chassis.errors import Refusal
from chassis.events import Event, UnreadableEvent
from chassis.idempotency import Call, calling
from chassis.schemas import load
from chassis.unit_of_work import UnitOfWork, persistently

Method = TypeVar("Method", bound=Callable[..., Any])
SchemaClass = type[marshmallow.Schema]

log = structlog.get_logger()


class CallDoor(Entrypoint):
    """A method that other processes call."""

    broker = Broker()

    def __init__(self, *, is_command: bool, request: SchemaClass, answer: SchemaClass | None) -> None:
        super().__init__()
        self.is_command = is_command
        self.request = request
        self.answer_schema = answer
        self._request = request()
        self._answer = answer() if answer is not None else None

    def setup(self) -> None:
        """Register with the broker."""
        self.broker.take_calls(self)

    def stop(self) -> None:
        """Begin the drain."""
        self.broker.stop_consuming()

    def answer(self, service: Any, payload: dict[str, Any]) -> Any:
        """Load, call, dump. A command whose key has an answer already gives that one, whatever has changed since."""
        method = getattr(service, self.method_name)
        request = load(self._request, payload)
        if not self.is_command:
            return persistently(lambda: self._dump(method(dict(request))))
        call = Call(method=self.method_name, payload=payload, answer=self._answer)
        with calling(call):
            stored = persistently(lambda: service.work.stored_answer(call))
            if stored is not None:
                return stored
            try:
                return call.dump(method(request))
            except Refusal:
                stored = service.work.stored_answer(call)  # a twin with the same key may have finished while this one asked around
                if stored is not None:
                    return stored
                raise

    def _dump(self, result: object) -> Any:
        return self._answer.dump(result) if self._answer is not None else result


class EventDoor(Entrypoint):
    """A method that handles an event of another service."""

    broker = Broker()

    def __init__(self, source: str, event: str, *, reads: SchemaClass | None) -> None:
        super().__init__()
        self.source = source
        self.event = event
        self.reads = reads() if reads is not None else None

    def setup(self) -> None:
        """Register with the broker."""
        self.broker.take_events(self)

    def stop(self) -> None:
        """Begin the drain."""
        self.broker.stop_consuming()

    def handle(self, service: Any, event: Event) -> None:
        """Call the method."""
        getattr(service, self.method_name)(event)


class DueDoor(Entrypoint):
    """A method that runs once a period, in one replica: who takes the lease for the period in the database, does it."""

    broker = Broker()

    def __init__(self, *, every_seconds: float) -> None:
        super().__init__()
        self.every_seconds = every_seconds
        self._stopping = False

    def setup(self) -> None:
        """Read how long a period may be here, and whether it is this process that begins them: nobody waits for it, as for events."""
        config: ServiceConfig = self.container.config[CONFIG]
        self.every_seconds = min(self.every_seconds, config.due_seconds)
        self.is_done_elsewhere = config.event_workers == 0

    def start(self) -> None:
        """Wait for periods to begin."""
        if not self.is_done_elsewhere:
            eventlet.spawn(self._tick)

    def stop(self) -> None:
        """Begin no further period."""
        self._stopping = True
        self.broker.stop_consuming()

    def _tick(self) -> None:
        while True:
            eventlet.sleep(self.every_seconds - time.time() % self.every_seconds)
            if self._stopping:
                return
            ended = eventlet.event.Event()
            self.container.spawn(self._run, int(time.time() // self.every_seconds), ended)
            ended.wait()  # what takes longer than its period is not begun again beside itself

    def _run(self, period: int, ended: eventlet.event.Event) -> None:
        try:
            self._do(period)
        finally:
            ended.send()

    def _do(self, period: int) -> None:
        service, job = self.container.service, self.method_name
        with contexts.activated(contexts.new_context()):
            try:
                if not service.work.take_lease(job, period):
                    return
                getattr(service, job)()
                outcome = "ok"
            except Exception:  # outermost: nobody waits for an answer, the lease is over with the period, and the work is done in the next
                log.exception("due work failed; the next period tries again", job=job)
                outcome = "failed"
        metrics.DUE_RUNS.labels(self.container.service_name, job, outcome).inc()


def query(*, request: SchemaClass, answer: SchemaClass | None) -> Callable[[Method], Method]:
    """A call that changes nothing. Callers may repeat it at will."""
    return functools.partial(_register, door=CallDoor(is_command=False, request=request, answer=answer))


def command(*, request: SchemaClass, answer: SchemaClass | None) -> Callable[[Method], Method]:
    """A call that changes something: once per idempotency key, by `work.once`."""
    return functools.partial(_register, door=CallDoor(is_command=True, request=request, answer=answer))


def subscribe(source: str, event: str, *, reads: SchemaClass | None = None) -> Callable[[Method], Method]:
    """Handle `event` (`*`: every event) of the service `source`, its data loaded by `reads` (None: as it came)."""
    return functools.partial(_register, door=EventDoor(source, event, reads=reads))


def follow_clocks(source: str, event: str) -> Callable[[Any, Event], None]:
    """Keep the clocks of agencies, as `event` of `source` tells where each stands.

    A whole door, that a service has by one line of its class: `on_clock_moved = follow_clocks("elsewhere", "clock_moved")`.
    """

    def follow(service: Any, moved: Event) -> None:
        if moved.agency_id is None:
            raise UnreadableEvent(f"{source}.{event} names no agency")
        service.work.handle(moved, UnitOfWork.move_clock, agency_id=moved.agency_id, now=moved.data["now"])

    return subscribe(source, event, reads=ClockMoved)(follow)


def due(*, every_seconds: float) -> Callable[[Method], Method]:
    """Run once in every period of `every_seconds` (counted from the epoch), or of DUE_SECONDS where those are fewer, in one replica."""
    return functools.partial(_register, door=DueDoor(every_seconds=every_seconds))


def _register(method: Method, *, door: Entrypoint) -> Method:
    register_entrypoint(method, door)
    return method
