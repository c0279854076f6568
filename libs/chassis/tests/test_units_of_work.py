"""Units of work: all or nothing, once per key, once per event, and again where the database says that it may succeed."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from sqlalchemy import event as hooks
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from toy.models import Mark

from chassis import context as contexts
from chassis import database as databases
from chassis import fields
from chassis.database import count_statements
from chassis.errors import IdempotencyKeyReused, Refusal, Refused, Unavailable
from chassis.events import Event, Fact
from chassis.rpc_client import RpcClient
from chassis.schemas import Schema
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.clock import START
from chassis.unit_of_work import Answer, Call, NestedUnitOfWork, RpcInsideTransaction, UnitOfWork, Units, calling
from local_servers import PostgresServer


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


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("toy")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


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


# All or nothing


def test_state_and_facts_commit_together(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    context = contexts.new_context(agency_id="agy_1")
    with contexts.activated(context), units.begin() as uow:
        assert uow.now == clock.now
        leave(uow)
        assert database.emitted() == []
    assert database.emitted() == [("done", {"what": "a"})]
    (row,) = database.query("SELECT * FROM outbox")
    assert row["exchange"] == "toy.events"
    assert row["headers"]["nameko.request_id"] == context.request_id
    assert row["headers"]["nameko.agency_id"] == "agy_1"


def test_neither_is_there_when_the_use_case_fails(units: Units, database: ServiceDatabase) -> None:
    def fail(uow: UnitOfWork) -> None:
        leave(uow)
        uow.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), units.begin() as uow:
        fail(uow)
    assert marks(database) == 0
    assert database.emitted() == []


def test_a_unit_of_work_inside_another_is_a_defect(units: Units, database: ServiceDatabase) -> None:
    """Trap: the inner one commits, the outer one does not."""
    with pytest.raises(NestedUnitOfWork), units.begin() as uow:
        units.handle(event(), lambda inner: (leave(uow), leave(inner)))
    assert marks(database) == 0


def test_calling_a_service_inside_a_transaction_is_a_defect(units: Units) -> None:
    """Trap: locks that wait for a network."""
    client = RpcClient("amqp://guest:guest@127.0.0.1:1//")
    with pytest.raises(RpcInsideTransaction), units.begin():
        client.call("toy", "mark", {}, timeout_seconds=1)


def test_a_read_costs_one_round_trip(database: ServiceDatabase, units: Units) -> None:
    statements = count_statements(units._database._reads)
    with units.reading() as session:
        assert session.scalars(select(Mark)).all() == []
    assert len(statements) == 1


def test_a_hot_question_reads_plain_rows(units: Units) -> None:
    with units.begin() as uow:
        leave(uow)
    with units.rows() as connection:
        assert connection.execute(text("SELECT what, who FROM marks")).all() == [("a", "test")]


# Once per key


def test_a_command_has_one_effect_and_one_answer_per_key(units: Units, database: ServiceDatabase) -> None:
    with command("k", what="a") as call:
        first = units.once(leave)
        assert units.stored_answer(call) == first
        assert units.once(leave) == first
        assert isinstance(units.once(leave), Answer)
    assert marks(database) == 1
    assert len(database.emitted()) == 1


def test_fifty_at_once_with_one_key_have_one_effect_and_one_answer(database: ServiceDatabase) -> None:
    """Trap: two requests look, both find nothing, both do it."""
    units = database.units(pool_size=20)

    def attempt(_number: int) -> Answer:
        with command("k", what="a"):
            return units.once(leave)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert marks(database) == 1
    assert keys(database) == 1


def test_the_same_key_with_another_body_is_refused(units: Units, database: ServiceDatabase) -> None:
    with command("k", what="a"):
        units.once(leave)
    with command("k", what="b") as call:
        with pytest.raises(IdempotencyKeyReused):
            units.once(leave)
        with pytest.raises(IdempotencyKeyReused):
            units.stored_answer(call)
    assert marks(database) == 1


def test_the_order_of_the_members_does_not_make_another_body(units: Units) -> None:
    one = Call(method="mark", payload={"a": 1, "b": 2}, answer=None)
    other = Call(method="mark", payload={"b": 2, "a": 1}, answer=None)
    assert one.request_hash() == other.request_hash()
    assert one.request_hash() != Call(method="open", payload={"a": 1, "b": 2}, answer=None).request_hash()


def test_agencies_do_not_share_keys(units: Units, database: ServiceDatabase) -> None:
    """Trap: one agency's key gives it another agency's answer."""
    with command("k", agency_id="agy_1", what="a"):
        first = units.once(leave)
    with command("k", agency_id="agy_2", what="b"):
        assert units.once(leave) != first
    with command("k", agency_id=None, what="c"):
        units.once(leave)
    assert marks(database) == 3


def test_a_refusal_is_the_answer_of_its_key(units: Units, database: ServiceDatabase) -> None:
    """Trap: the same request is refused once and done the second time, while its sender has given up."""

    def refuse(uow: UnitOfWork) -> object:
        leave(uow)
        raise Full(since=uow.now)

    with command("k", what="a") as call:
        with pytest.raises(Full):
            units.once(refuse)
        with pytest.raises(Refused) as again:
            units.once(leave)
        with pytest.raises(Refused):
            units.stored_answer(call)
    assert (again.value.kind, again.value.code, again.value.field) == ("conflict", "full", "what")
    assert again.value.text == "It is full since 2026-03-31 09:30:00+00:00."
    assert again.value.details == {"since": "2026-03-31 09:30:00+00:00"}
    assert marks(database) == 0
    assert database.emitted() == []


def test_not_now_is_no_answer(units: Units, database: ServiceDatabase) -> None:
    """Unavailable, timeouts and failures without a name leave the key free: the next try may succeed."""

    def away(_uow: UnitOfWork) -> object:
        raise Unavailable(service="credits", reason="it is away")

    with command("k", what="a"):
        with pytest.raises(Unavailable):
            units.once(away)
        assert units.once(leave)["what"] == "a"
    assert marks(database) == 1


def test_a_refusal_that_comes_second_gives_way_to_the_answer_that_came_first(
    units: Units, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two with one key: one is refused, and before that is stored the other one succeeds."""

    def refuse_late(_uow: UnitOfWork) -> object:
        raise Full(since="now")

    with command("k", what="a") as call:
        parameters = {"hash": call.request_hash(), "answer": '{"id": 7, "what": "first"}'}
        keep = units._keep_refusal

        def meanwhile(*arguments: Any) -> Any:
            database.execute(
                "INSERT INTO idempotency_keys (scope, key, request_hash, answer, created_at) VALUES ('agy_1', 'k', %s, %s, %s)",
                parameters["hash"],
                parameters["answer"],
                units._clock(),
            )
            return keep(*arguments)

        monkeypatch.setattr(units, "_keep_refusal", meanwhile)  # the moment between two transactions cannot be caused otherwise
        assert units.once(refuse_late) == {"id": 7, "what": "first"}


def test_a_key_is_good_for_a_day(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    with command("k", what="a") as call:
        first = units.once(leave)
        clock.advance(hours=23, minutes=59)
        assert units.once(leave) == first
        clock.advance(minutes=2)
        assert units.stored_answer(call) is None
        assert units.once(leave) != first
    assert marks(database) == 2
    with command("k", what="another body"), pytest.raises(IdempotencyKeyReused):
        units.once(leave)


def test_without_a_key_every_command_is_another(units: Units, database: ServiceDatabase) -> None:
    with command(None, what="a") as call:
        assert units.stored_answer(call) is None
        assert units.once(leave) != units.once(leave)
    assert marks(database) == 2


def test_once_belongs_in_a_command(units: Units) -> None:
    with pytest.raises(RuntimeError, match="belongs in a @command"):
        units.once(leave)


def test_a_command_without_an_answer_answers_nothing(units: Units) -> None:
    with contexts.activated(contexts.new_context()), calling(Call(method="mark", payload={}, answer=None)):
        assert units.once(leave) == {}


# Once per event


def test_an_event_has_one_effect_in_each_handler(units: Units, database: ServiceDatabase) -> None:
    assert units.handle(event(handler="one"), leave) is True
    assert units.handle(event(handler="one"), leave) is False
    assert units.handle(event(handler="two"), leave) is True
    assert units.handle(event("evt_2", handler="one"), leave) is True
    assert marks(database) == 3


def test_an_event_handled_by_many_at_once_has_one_effect(database: ServiceDatabase) -> None:
    units = database.units(pool_size=16)
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda _number: units.handle(event(), leave), range(16)))
    assert sum(done) == 1
    assert marks(database) == 1


# Leases


def test_three_replicas_share_a_thousand_periods(database: ServiceDatabase) -> None:
    """Trap: timers fire in every replica."""
    replicas = [database.units(pool_size=1) for _ in range(3)]

    def take(units: Units) -> list[int]:
        return [period for period in range(1000) if units.take_lease("renewals", period)]

    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(take, replicas))
    assert sorted(period for each in taken for period in each) == list(range(1000))
    assert replicas[0].take_lease("dunning", 1)


# Again, where it may succeed


class Failing:
    """A use case that fails as the database would, `times` times."""

    def __init__(self, fail: Callable[[UnitOfWork], object], *, times: int) -> None:
        self._fail = fail
        self._times = times
        self.calls = 0

    def __call__(self, uow: UnitOfWork) -> Mark:
        self.calls += 1
        mark = leave(uow)
        if self.calls <= self._times:
            uow.session.flush()
            self._fail(uow)
        return mark


def raise_in_database(code: str) -> Callable[[UnitOfWork], object]:
    return lambda uow: uow.session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{code}'; END $$"))


def lose_connection(uow: UnitOfWork) -> object:
    return uow.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


SERIALIZATION, DEADLOCK = raise_in_database("40001"), raise_in_database("40P01")


@pytest.mark.parametrize("fail", [SERIALIZATION, DEADLOCK, lose_connection], ids=["serialization failure", "deadlock", "lost connection"])
@pytest.mark.parametrize("key", ["k", None])
def test_what_may_succeed_is_tried_again_and_done_once(
    units: Units, database: ServiceDatabase, fail: Callable[[UnitOfWork], object], key: str | None
) -> None:
    """Three attempts in all. A connection lost without a key may have been lost after the commit: that is not tried again."""
    usecase = Failing(fail, times=2)
    if fail is lose_connection and key is None:
        with command(key, what="a"), pytest.raises(Unavailable):
            units.once(usecase)
        assert usecase.calls == 1
        assert marks(database) == 0
        return
    with command(key, what="a"):
        assert units.once(usecase)["what"] == "a"
    assert usecase.calls == 3
    assert marks(database) == 1
    assert units._database.connections_in_use() == 0


@pytest.mark.parametrize("fail", [SERIALIZATION, lose_connection], ids=["serialization failure", "lost connection"])
def test_after_three_attempts_it_is_unavailable(units: Units, database: ServiceDatabase, fail: Callable[[UnitOfWork], object]) -> None:
    usecase = Failing(fail, times=9)
    with pytest.raises(Unavailable):
        units.handle(event(), usecase)
    assert usecase.calls == 3
    assert marks(database) == 0
    assert units._database.connections_in_use() == 0
    assert units.handle(event(), leave) is True, "the event is not thought to be done"


def test_what_cannot_succeed_is_not_tried_again(units: Units) -> None:
    usecase = Failing(lambda uow: uow.session.execute(text("INSERT INTO marks (what, who) VALUES (NULL, 'x')")), times=9)
    with pytest.raises(IntegrityError):
        units.handle(event(), usecase)
    assert usecase.calls == 1


def test_a_real_deadlock_is_resolved(database: ServiceDatabase) -> None:
    """Two units of work lock the same two rows in opposite order: the database ends one of them, which then succeeds."""
    units = database.units()
    database.execute("INSERT INTO marks (what, who) VALUES ('a', 'x'), ('b', 'x')")
    both = threading.Barrier(2)
    attempts: list[str] = []

    def lock(uow: UnitOfWork, first: str, second: str) -> None:
        attempts.append(first)
        uow.session.execute(text("UPDATE marks SET who = 'y' WHERE what = :what"), {"what": first})
        if len(attempts) <= 2:
            both.wait(5)
        uow.session.execute(text("UPDATE marks SET who = 'y' WHERE what = :what"), {"what": second})

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(units.handle, event("evt_1"), lock, "a", "b")
        other = pool.submit(units.handle, event("evt_2"), lock, "b", "a")
        assert one.result()
        assert other.result()
    assert len(attempts) == 3


def test_a_commit_whose_acknowledgement_is_lost_is_recognised(
    units: Units, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: the connection breaks after the database has committed, and it is all done again.

    With a key or an event the next attempt finds what the first one did; without, it is not tried again.
    """
    dialect = units._database.engine.dialect
    commit = dialect.do_commit
    lost: list[int] = []

    def commit_and_break(connection: Any) -> None:
        commit(connection)
        if not lost:
            lost.append(1)
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(dialect, "do_commit", commit_and_break)  # this moment cannot be caused from outside
    with command("k", what="a"):
        assert units.once(leave)["what"] == "a"
    lost.clear()
    assert units.handle(event(), leave) is False
    lost.clear()
    with command(None, what="a"), pytest.raises(Unavailable):
        units.once(leave)
    assert marks(database) == 3
    assert len(database.emitted()) == 3


def test_a_restart_of_the_database_is_survived(units: Units, database: ServiceDatabase, postgres: PostgresServer) -> None:
    """Trap: the pool hands out connections that are dead since the restart."""
    for _ in range(2):
        with command("before", what="a"):
            units.once(leave)
        with units.reading() as session:
            session.execute(text("SELECT 1"))
        postgres.restart()
        with command("after", what="a"):
            assert units.once(leave)["what"] == "a"
        assert units._database.answers() in {True, False}  # the dead connection of the other pool is found out here, at the latest
        assert units._database.answers()
    assert marks(database) == 2


def test_a_database_that_is_away_is_unavailable(units: Units, database: ServiceDatabase, postgres: PostgresServer) -> None:
    postgres.stop()
    try:
        with pytest.raises(Unavailable, match="the connection was lost or refused"), units.begin() as uow:
            uow.session.execute(text("SELECT 1"))
        assert not units._database.answers()
        with pytest.raises(Unavailable):
            units.handle(event(), leave)
    finally:
        postgres.start()
    assert units.handle(event(), leave)


def test_when_every_connection_is_in_use_callers_are_told(database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap: callers queue up for connections behind something slow, without a bound."""
    monkeypatch.setattr(databases, "POOL_WAIT_SECONDS", 0.2)
    units = database.units(pool_size=1)
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool, units.begin() as uow, units.reading() as session:
        uow.session.execute(text("SELECT 1"))
        session.execute(text("SELECT 1"))
        assert units._database.connections_in_use() == 2
        blocked = pool.submit(units.handle, event(), leave)
        with pytest.raises(Unavailable, match="every connection is in use"):
            blocked.result()
        assert not pool.submit(units._database.answers).result()
    assert time.monotonic() - began < 2
    assert units._database.connections_in_use() == 0
    assert units.handle(event(), leave)


def test_a_statement_that_takes_too_long_is_ended(database: ServiceDatabase) -> None:
    units = database.units()
    with pytest.raises(Unavailable, match="it took too long"), units.begin() as uow:
        uow.session.execute(text("SET LOCAL statement_timeout = '100ms'; SELECT pg_sleep(5)"))
    with units.begin() as holder, ThreadPoolExecutor(1) as pool:
        holder.session.execute(text("LOCK TABLE marks"))

        def wait_for_lock() -> None:
            with units.begin() as uow:
                uow.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
                uow.session.execute(text("LOCK TABLE marks"))

        with pytest.raises(Unavailable, match="it took too long"):
            pool.submit(wait_for_lock).result()
    assert units._database.connections_in_use() == 0


def test_every_connection_has_a_bound_on_its_waits(units: Units) -> None:
    settings = ("statement_timeout", "idle_in_transaction_session_timeout", "timezone")

    def bounds(execute: Callable[..., Any]) -> list[str]:
        return [execute(text(f"SHOW {name}")).scalar_one() for name in settings]

    with units.begin() as uow:
        assert bounds(uow.session.execute) == ["20s", "30s", "UTC"]
    with units.reading() as session:
        assert bounds(session.execute) == ["20s", "30s", "UTC"]


def test_the_values_of_a_statement_are_in_no_error(units: Units) -> None:
    """Trap: the text of a database error holds every value of its statement, and goes to the logs and into the parking lot."""
    with pytest.raises(DBAPIError) as failure, units.begin() as uow:
        uow.session.execute(text("INSERT INTO marks (what, who) VALUES (:secret, CAST(:secret AS integer))"), {"secret": "hunter2"})
    assert "[parameters" not in str(failure.value)
    assert "hidden" in str(failure.value)


def test_a_listener_of_the_engine_counts_statements(units: Units) -> None:
    assert not hooks.contains(units._database.engine, "before_cursor_execute", print)
    statements = count_statements(units._database.engine)
    with units.begin() as uow:
        uow.session.execute(text("SELECT 1"))
    assert statements == ["SELECT 1"]
