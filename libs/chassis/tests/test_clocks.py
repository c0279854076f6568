"""Time per agency: it stands still where there is a clock, moves forward only, and costs nothing where nobody asks."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, select
from toy.models import Mark
from toy.service import ToyService

from chassis import context as contexts
from chassis.clocks import is_due, now_for
from chassis.database import count_statements
from chassis.errors import IdempotencyKeyReused
from chassis.events import Event, Fact, UnreadableEvent
from chassis.fields import String, format_instant
from chassis.idempotency import Answer, Call, calling
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase, eventually
from chassis.testing.clock import START
from chassis.unit_of_work import UnitOfWork, Units

from .conftest import Stage

LATER = START + timedelta(days=400)
TICKET = Table("tickets", MetaData(), Column("id", BigInteger), Column("agency_id", Text), Column("due_at", DateTime(timezone=True)))


class Rang(Fact):
    """A bell rang."""

    source = "toy"
    bell = String(required=True)


@pytest.fixture
def toy(units: Units) -> ToyService:
    """The service in this process."""
    service = ToyService()
    service.work = units
    return service


def moved(now: datetime, *, agency_id: str | None = "agy_test", event_id: str | None = None) -> Event:
    return Event(
        id=event_id or new_id("evt"),
        source="elsewhere",
        name="clock_moved",
        subject="clk_1",
        time=START,
        data={"now": now},
        agency_id=agency_id,
        correlation_id=None,
        causation_id=None,
        envelope={},
        handler="on_clock_moved",
    )


def now_of(units: Units, agency_id: str | None) -> datetime:
    with contexts.activated(contexts.new_context(agency_id=agency_id)), units.begin() as uow:
        return uow.now


def test_time_stands_still_for_the_agency_with_a_clock_and_passes_for_every_other(
    toy: ToyService, units: Units, clock: MovingClock
) -> None:
    toy.on_clock_moved(moved(START))
    for _ in range(3):
        clock.advance(days=30)
        assert now_of(units, "agy_test") == START
        assert now_of(units, "agy_other") == now_of(units, None) == clock.now
    toy.on_clock_moved(moved(LATER))
    assert now_of(units, "agy_test") == LATER
    assert now_of(units, "agy_other") == clock.now


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_moves_come_in_any_order_and_twice_and_time_never_goes_back(
    toy: ToyService, units: Units, database: ServiceDatabase, order: tuple[int, ...]
) -> None:
    moves = [moved(START + timedelta(days=days), event_id=f"evt_{days}") for days in range(3)]
    seen = []
    for number in order:
        for _ in range(2):
            toy.on_clock_moved(moves[number])
            seen.append(now_of(units, "agy_test"))
    assert seen == sorted(seen)
    assert seen[-1] == START + timedelta(days=2)
    assert database.query("SELECT count(*) AS count FROM inbox") == [{"count": 3}]


def test_a_move_of_nobodys_clock_is_parked(toy: ToyService) -> None:
    with pytest.raises(UnreadableEvent, match=r"elsewhere\.clock_moved names no agency"):
        toy.on_clock_moved(moved(START, agency_id=None))


def test_a_clock_that_is_moved_shows_it_in_the_same_unit(units: Units) -> None:
    with contexts.activated(contexts.new_context(agency_id="agy_test")), units.begin() as uow:
        assert uow.now == uow.platform_now
        uow.move_clock(agency_id="agy_test", now=LATER)
        assert uow.now == LATER
        uow.move_clock(agency_id="agy_test", now=START)
        assert uow.now == LATER


def test_nobody_pays_for_the_time_of_agencies_who_does_not_ask_and_who_asks_pays_once(units: Units) -> None:
    with contexts.activated(contexts.new_context(agency_id="agy_test")), units.begin() as uow:
        statements = count_statements(uow.session.get_bind())  # type: ignore[arg-type]  # an engine
        uow.emit(Rang(subject="b", agency_id="agy_test", bell="b"))
        assert uow.platform_now == START
        assert uow.now_of(None) == START
        assert statements == []
        assert [uow.now, uow.now, uow.now_of("agy_test")] == [START] * 3
        assert len(statements) == 1


def test_asking_for_the_time_writes_nothing_that_is_not_ready(units: Units) -> None:
    with contexts.activated(contexts.new_context(agency_id="agy_test")), units.begin() as uow:
        mark = Mark(who="test")
        uow.session.add(mark)
        mark.what = format_instant(uow.now)


def test_facts_are_told_in_the_platforms_time_by_which_they_are_ordered(units: Units, database: ServiceDatabase) -> None:
    with contexts.activated(contexts.new_context(agency_id="agy_test")), units.begin() as uow:
        uow.move_clock(agency_id="agy_test", now=LATER)
        uow.emit(Rang(subject="b", agency_id="agy_test", bell="b"))
    (row,) = database.query("SELECT body::jsonb AS body FROM outbox")
    assert row["body"]["time"] == format_instant(START)


def test_keys_live_a_day_of_the_platforms_time_however_an_agencys_clock_stands(units: Units, clock: MovingClock) -> None:
    def once(what: str) -> Answer:
        call = Call(method="mark", payload={"what": what}, answer=None)
        with contexts.activated(contexts.new_context(idempotency_key="k", agency_id="agy_test")), calling(call):
            return units.once(lambda uow: Answer(at=format_instant(uow.now)))

    with units.begin() as uow:
        uow.move_clock(agency_id="agy_test", now=START)
    first = once("a")
    with units.begin() as uow:
        uow.move_clock(agency_id="agy_test", now=LATER)
    clock.advance(hours=23)
    assert once("a") == first
    with pytest.raises(IdempotencyKeyReused):
        once("b")
    clock.advance(hours=2)
    assert once("b") == {"at": format_instant(LATER)}


@pytest.fixture
def tickets(database: ServiceDatabase, units: Units) -> ServiceDatabase:
    """One ticket a day of two agencies with clocks, one of which stands still, and of one without."""
    database.execute("CREATE TABLE tickets (id bigint GENERATED ALWAYS AS IDENTITY, agency_id text, due_at timestamptz)")
    database.execute(
        "INSERT INTO tickets (agency_id, due_at) SELECT agency_id, %s::timestamptz + day * interval '1 day'"
        " FROM unnest(ARRAY['agy_still', 'agy_ahead', 'agy_real']) AS agency_id, generate_series(0, 9) AS day",
        START,
    )
    return database


def due_tickets(uow: UnitOfWork) -> dict[str, int]:
    question = select(TICKET.c.agency_id).where(is_due(TICKET.c.due_at, agency_id=TICKET.c.agency_id, platform_now=uow.platform_now))
    found = list(uow.session.scalars(question))
    return {agency_id: found.count(agency_id) for agency_id in sorted(set(found))}


def test_what_is_due_is_decided_against_the_clock_of_each_rows_agency(tickets: ServiceDatabase, units: Units, clock: MovingClock) -> None:
    with units.begin() as uow:
        assert due_tickets(uow) == {"agy_ahead": 1, "agy_real": 1, "agy_still": 1}
        uow.move_clock(agency_id="agy_still", now=START)
        uow.move_clock(agency_id="agy_ahead", now=START + timedelta(days=5))
    clock.advance(days=2)
    with units.begin() as uow:
        assert due_tickets(uow) == {"agy_ahead": 6, "agy_real": 3, "agy_still": 1}
        times = select(TICKET.c.agency_id, now_for(TICKET.c.agency_id, platform_now=uow.platform_now)).distinct()
        for agency_id, now in uow.session.execute(times).all():
            assert now == uow.now_of(agency_id)
    clock.advance(days=20)
    with units.begin() as uow:
        assert due_tickets(uow) == {"agy_ahead": 6, "agy_real": 10, "agy_still": 1}


def test_an_index_serves_the_question_what_is_due(tickets: ServiceDatabase, units: Units) -> None:
    tickets.execute("CREATE INDEX ix_tickets_due_at ON tickets (due_at)")
    due = select(TICKET.c.id).where(is_due(TICKET.c.due_at, agency_id=TICKET.c.agency_id, platform_now=START))
    sql = str(due.compile(compile_kwargs={"literal_binds": True}))
    plan = "\n".join(row["QUERY PLAN"] for row in tickets.query(f"SET enable_seqscan = off; EXPLAIN {sql}"))
    assert "ix_tickets_due_at" in plan


def test_a_clock_is_followed_off_the_bus(fresh_stage: Stage) -> None:
    assert fresh_stage.toy.ready()

    def standing() -> list[dict[str, Any]]:
        return fresh_stage.database.query("SELECT agency_id, now FROM agency_clocks")

    for now in (LATER, START):
        fresh_stage.bus.publish("elsewhere", "clock_moved", {"clock_id": "clk_1", "now": format_instant(now)}, agency_id="agy_test")
    eventually(lambda: standing() == [{"agency_id": "agy_test", "now": LATER}], what="the clock")
