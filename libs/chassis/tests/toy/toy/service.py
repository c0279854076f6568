"""The doors."""

import os
import time
from typing import Any

from sqlalchemy import func, select, text

from chassis import context as contexts
from chassis import fields
from chassis.doors import command, due, query, subscribe
from chassis.errors import Refusal
from chassis.events import Event, Fact
from chassis.schemas import Reading, Schema
from chassis.unit_of_work import UnitOfWork
from chassis.wiring import Wired, Wiring, Work
from toy.models import Mark


class TooMany(Refusal):
    kind = "conflict"
    code = "too_many_marks"
    message = "There are {count} marks already: {limit} are allowed."
    field = "what"


class Marked(Fact):
    """A mark was made."""

    source = "toy"
    what = fields.String(required=True)


class MarkRequest(Schema):
    agency_id = fields.String(load_default=None)
    what = fields.String(required=True)
    limit = fields.Integer(load_default=None)
    seconds = fields.Float(load_default=0.0)


class MarkAnswer(Schema):
    id = fields.Integer()
    what = fields.String()


class Nothing(Schema):
    agency_id = fields.String(load_default=None)


class CountAnswer(Schema):
    count = fields.Integer()


class ContextAnswer(Schema):
    request_id = fields.String()
    trace_id = fields.String()
    agency_id = fields.String()


class Happened(Reading):
    what = fields.String(required=True)


class Neighbour:
    """Calls on."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def ask(self, what: str) -> Any:
        return self._call("neighbour", "ask", {"what": what}, timeout_seconds=3, is_read=True)


def leave_mark(uow: UnitOfWork, *, what: str, limit: int | None = None, seconds: float = 0.0, who: str = "command") -> Mark:
    """Leave a mark, and tell."""
    count = uow.session.scalar(select(func.count()).select_from(Mark)) or 0
    if limit is not None and count >= limit:
        raise TooMany(count=count, limit=limit)
    if seconds:
        time.sleep(seconds)
    mark = Mark(what=what, who=who)
    uow.session.add(mark)
    uow.session.flush()
    uow.emit(Marked(subject=what, agency_id=None, what=what))
    return mark


class ToyService:
    """Doors of every kind."""

    name = "toy"
    work = Work()
    neighbour = Wired(Neighbour)

    @query(request=Nothing, answer=CountAnswer)
    def count(self, _request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return {"count": session.scalar(select(func.count()).select_from(Mark))}

    @query(request=Nothing, answer=ContextAnswer)
    def context(self, _request: dict[str, Any]) -> object:
        context = contexts.current()
        return {"request_id": context.request_id, "trace_id": context.trace_id(), "agency_id": context.agency_id}

    @query(request=MarkRequest, answer=None)
    def ask_neighbour(self, request: dict[str, Any]) -> object:
        return self.neighbour.ask(request["what"])

    @command(request=MarkRequest, answer=MarkAnswer)
    def mark(self, request: dict[str, Any]) -> object:
        if request["seconds"] < 0:
            time.sleep(-request["seconds"])
            request["seconds"] = 0.0
        return self.work.once(leave_mark, what=request["what"], limit=request["limit"], seconds=request["seconds"])

    @command(request=MarkRequest, answer=MarkAnswer)
    def mark_then_ask_inside(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            mark = leave_mark(uow, what=request["what"])
            self.neighbour.ask(request["what"])
            return mark

    @command(request=MarkRequest, answer=None)
    def fail(self, request: dict[str, Any]) -> object:
        raise RuntimeError(request["what"])

    @query(request=MarkRequest, answer=None)
    def sleep_in_database(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": request["seconds"]})
        return {}

    @subscribe("elsewhere", "happened", reads=Happened)
    def on_happened(self, event: Event) -> None:
        if event.data["what"] == "poison":
            raise RuntimeError("this always fails")
        if event.data["what"].startswith("slow"):
            time.sleep(0.5)
        if event.data["what"] == "deadly":
            os.kill(os.getpid(), 9)
        self.work.handle(event, leave_mark, what=event.data["what"], who="on_happened")

    @subscribe("elsewhere", "*")
    def on_anything(self, event: Event) -> None:
        self.work.handle(event, leave_mark, what=f"{event.name}:{event.data.get('what')}", who="on_anything")

    @due(every_seconds=0.5)
    def tick(self) -> None:
        with self.work.begin() as uow:
            uow.session.add(Mark(what="tick", who="tick"))
