"""Connections: a bound on every wait, no values in errors, statements that can be counted."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis import database as databases
from chassis.database import count_statements
from chassis.errors import Unavailable
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units

from .marks import event, leave


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
