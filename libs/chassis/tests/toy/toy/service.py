"""The doors, and the few verbs behind them."""

import logging
import os
import signal
import time
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import func, select, text

from chassis import context as contexts
from chassis import fields
from chassis.doors import command, due, follow_clocks, query, subscribe
from chassis.errors import Refusal
from chassis.events import Event, Fact
from chassis.schemas import Reading, Schema
from chassis.unit_of_work import UnitOfWork
from chassis.wiring import Wired, Wiring, Work
from toy import dying
from toy.models import Mark

dying.arrange()
log = structlog.get_logger()


class TooManyMarks(Refusal):
    """There are as many marks as the request allows."""

    kind = "conflict"
    code = "too_many_marks"
    message = "There are {count} marks already: {limit} are allowed."
    field = "what"


class Never(Refusal):
    """Refused with details of every kind."""

    kind = "forbidden"
    code = "never"
    message = "Never, said {at}."


class Marked(Fact):
    """A mark was made."""

    source = "toy"
    what = fields.String(required=True)


class MarkRequest(Schema):
    agency_id = fields.String(load_default=None)
    what = fields.String(required=True)
    limit = fields.Integer(load_default=None)
    seconds_before = fields.Float(load_default=0.0)
    seconds_within = fields.Float(load_default=0.0)


class MarkAnswer(Schema):
    id = fields.Integer()
    what = fields.String()


class Question(Schema):
    agency_id = fields.String(load_default=None)
    what = fields.String(load_default="")
    seconds = fields.Float(load_default=0.0)


class CountAnswer(Schema):
    count = fields.Integer()


class ContextAnswer(Schema):
    request_id = fields.String()
    trace_id = fields.String()
    agency_id = fields.String()
    actor = fields.String()


class Happened(Reading):
    what = fields.String(required=True)


class Neighbour:
    """Calls on."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call
        self.greeting: str = wiring.config.greeting

    def ask(self, what: str) -> Any:
        """Ask the neighbour."""
        return self._call("neighbour", "ask", {"what": what, "greeting": self.greeting}, timeout_seconds=3, is_read=True)


def leave_mark(uow: UnitOfWork, *, what: str, limit: int | None = None, seconds: float = 0.0, who: str = "command") -> Mark:
    """Leave a mark, and tell."""
    count = uow.session.scalar(select(func.count()).select_from(Mark).where(Mark.who != "tick")) or 0
    if limit is not None and count >= limit:
        raise TooManyMarks(count=count, limit=limit)
    time.sleep(seconds)
    mark = Mark(what=what, who=who)
    uow.session.add(mark)
    uow.session.flush()
    uow.emit(Marked(subject=what, agency_id=contexts.current().agency_id, what=what))
    return mark


class ToyService:
    """Doors of every kind."""

    name = "toy"
    work = Work()
    neighbour = Wired(Neighbour)

    @query(request=Question, answer=CountAnswer)
    def count(self, request: dict[str, Any]) -> object:
        """How many marks of `what` there are."""
        with self.work.reading() as session:
            return {"count": session.scalar(select(func.count()).select_from(Mark).where(Mark.what == request["what"]))}

    @query(request=Question, answer=ContextAnswer)
    def context(self, _request: dict[str, Any]) -> object:
        """What the context is in here."""
        context = contexts.current()
        return {"request_id": context.request_id, "trace_id": context.trace_id(), "agency_id": context.agency_id, "actor": context.actor}

    @query(request=Question, answer=None)
    def echo(self, request: dict[str, Any]) -> object:
        """The question, after `seconds`."""
        time.sleep(request["seconds"])
        return request["what"]

    @query(request=Question, answer=None)
    def sleep_in_database(self, request: dict[str, Any]) -> object:
        """Hold a connection for `seconds`."""
        with self.work.reading() as session:
            session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": request["seconds"]})
        return {}

    @query(request=Question, answer=None)
    def ask_neighbour(self, request: dict[str, Any]) -> object:
        """Call on."""
        return self.neighbour.ask(request["what"])

    @query(request=Question, answer=None)
    def no_json(self, _request: dict[str, Any]) -> object:
        """An answer that cannot be written."""
        return {1, 2}

    @query(request=Question, answer=None)
    def block(self, request: dict[str, Any]) -> object:
        """Stop the hub for `seconds`, as bad native code would."""
        from eventlet.patcher import original  # noqa: PLC0415

        original("time").sleep(request["seconds"])
        return {}

    @command(request=MarkRequest, answer=MarkAnswer)
    def mark(self, request: dict[str, Any]) -> object:
        """Leave a mark."""
        time.sleep(request["seconds_before"])
        return self.work.once(leave_mark, what=request["what"], limit=request["limit"], seconds=request["seconds_within"])

    @command(request=MarkRequest, answer=MarkAnswer)
    def mark_unless_there(self, request: dict[str, Any]) -> object:
        """Leave a mark, unless it is there: looked up before the unit of work, as a command does that asks another service first."""
        time.sleep(request["seconds_before"])
        with self.work.reading() as session:
            if session.scalar(select(func.count()).select_from(Mark).where(Mark.what == request["what"])):
                raise TooManyMarks(count=1, limit=1)
        return self.work.once(leave_mark, what=request["what"], seconds=request["seconds_within"])

    @command(request=MarkRequest, answer=None)
    def mark_silently(self, request: dict[str, Any]) -> object:
        """Leave a mark in a unit of work of its own, and answer nothing."""
        with self.work.begin() as uow:
            leave_mark(uow, what=request["what"])
        return None

    @command(request=MarkRequest, answer=None)
    def ask_inside(self, request: dict[str, Any]) -> object:
        """Call on while a transaction is open: a defect."""
        with self.work.begin() as uow:
            leave_mark(uow, what=request["what"])
            return self.neighbour.ask(request["what"])

    @command(request=MarkRequest, answer=None)
    def begin_inside(self, request: dict[str, Any]) -> object:
        """Begin a unit of work inside another: a defect."""
        with self.work.begin() as uow:
            leave_mark(uow, what=request["what"])
            with self.work.begin():
                return None

    @command(request=MarkRequest, answer=None)
    def fail(self, request: dict[str, Any]) -> object:
        """Fail without a name for it."""
        log.warning("about to fail", payment={"api_key": "ck_live_secret"}, password="hunter2", tokens=[{"token": "t-secret"}])
        logging.getLogger("somebody.else").warning("a line of %s", "a library")
        raise RuntimeError(request["what"])

    @command(request=MarkRequest, answer=None)
    def never(self, _request: dict[str, Any]) -> object:
        """Refuse, with a detail that JSON has no form for."""
        raise Never(at=datetime(2026, 1, 31, tzinfo=UTC))

    @subscribe("elsewhere", "happened", reads=Happened)
    def on_happened(self, event: Event) -> None:
        """Leave a mark, unless the event is a poison."""
        what = event.data["what"]
        if what == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        with self.work.reading() as session:
            antidote = session.scalar(select(func.count()).select_from(Mark).where(Mark.what == f"antidote to {what}"))
        if what.startswith("poison") and not antidote:
            raise RuntimeError("this always fails")
        if what.startswith("slow"):
            time.sleep(0.5)
        log.info("happened", what=what)
        self.work.handle(event, leave_mark, what=what, who="on_happened")

    @subscribe("elsewhere", "*")
    def on_anything(self, event: Event) -> None:
        """Leave a mark for every event, but for one."""
        if event.data.get("what") == "poison for both":
            raise RuntimeError("this always fails")
        self.work.handle(event, leave_mark, what=f"{event.name}:{event.id}", who="on_anything")

    @subscribe("toy", "marked")
    def on_marked(self, event: Event) -> None:
        """Note that the news of a mark came all the way back."""
        log.info("marked", what=event.data["what"])

    @subscribe("elsewhere", "asked")
    def on_asked(self, event: Event) -> None:
        """Call on."""
        self.neighbour.ask(event.data["what"])

    on_clock_moved = follow_clocks("elsewhere", "clock_moved")

    @due(every_seconds=0.5)
    def tick(self) -> None:
        """Leave a mark once a period."""
        with self.work.begin() as uow:
            uow.session.add(Mark(what="tick", who="tick"))

    @due(every_seconds=0.5)
    def stumble(self) -> None:
        """Fail once a period."""
        raise RuntimeError("stumbled")
