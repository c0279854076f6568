"""What the database ended is tried again where it may succeed, done once, and else `Unavailable`."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from toy.models import Mark

from chassis.errors import Unavailable
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import UnitOfWork, Units
from local_servers import PostgresServer

from .marks import command, event, leave, marks


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
