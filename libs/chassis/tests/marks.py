"""A use case that leaves a mark and tells so, the command it runs in, and what it left."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toy.models import Mark

from chassis import context as contexts
from chassis import fields
from chassis.errors import Refusal
from chassis.events import Event, Fact
from chassis.idempotency import Call, calling
from chassis.schemas import Schema
from chassis.testing import ServiceDatabase
from chassis.testing.clock import START
from chassis.unit_of_work import UnitOfWork


class Done(Fact):
    """Something was done."""

    source = "toy"
    what = fields.String(required=True)


class Full(Refusal):
    """No more."""

    kind = "conflict"
    code = "full"
    message = "It is full since {since}."
    field = "what"


class MarkAnswer(Schema):
    id = fields.Integer()
    what = fields.String()


@contextmanager
def command(key: str | None = None, *, agency_id: str | None = "agy_1", **payload: Any) -> Iterator[Call]:
    """Run the block as the execution of a command."""
    call = Call(method="mark", payload=payload, answer=MarkAnswer())
    with contexts.activated(contexts.new_context(idempotency_key=key, agency_id=agency_id)), calling(call):
        yield call


def leave(uow: UnitOfWork, *, what: str = "a") -> Mark:
    mark = Mark(what=what, who="test")
    uow.session.add(mark)
    uow.emit(Done(subject=what, agency_id="agy_1", what=what))
    return mark


def marks(database: ServiceDatabase) -> int:
    return int(database.query("SELECT count(*) AS count FROM marks")[0]["count"])


def keys(database: ServiceDatabase) -> int:
    return int(database.query("SELECT count(*) AS count FROM idempotency_keys")[0]["count"])


def event(identity: str = "evt_1", handler: str = "on_it") -> Event:
    return Event(
        id=identity,
        source="elsewhere",
        name="happened",
        subject="x",
        time=START,
        data={},
        agency_id=None,
        correlation_id=None,
        causation_id=None,
        envelope={},
        handler=handler,
    )
