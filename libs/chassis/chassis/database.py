"""One engine a process, with a bound on every wait, and two ways to use it: units of work and plain reads."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import errorcodes
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from chassis.connections import arguments
from chassis.errors import Unavailable

TRANSIENT_CODES = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})
TOO_SLOW_CODES = frozenset({errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE})
AWAY_CLASSES = ("08", "53", "57P")
"""Of SQLSTATE: connection exceptions, insufficient resources, shutting down or starting."""

POOL_WAIT_SECONDS = 5.0
IDLE_TRANSACTION_SECONDS = 30
RANDOM_PAGE_COST = 1.1
"""A page out of order costs hardly more than the next one, on solid-state disks and in memory; the server's own 4.0 is for spinning ones,
and makes it prefer to sort a large part of an agency to walking an index."""
SELF_TEST_SECONDS = 0.1
SELF_TEST_TICKS = 20
SELF_TESTS = 3


class BlockingDriver(RuntimeError):
    """The database driver stops the hub while it waits: one slow statement would stop every call."""


def driver_url(database_url: str) -> str:
    """The URL with the driver we stand on: psycopg2, which lets the eventlet hub run while it waits."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg2://", database_url)


class Database:
    """The connections of one process, in two pools of at most `pool_size` each: for units of work, and for reads.

    Reads are in autocommit from the start: no BEGIN, no ROLLBACK, nothing to reset when a connection goes back; one round trip a SELECT.
    """

    def __init__(self, database_url: str, *, pool_size: int, statement_timeout_seconds: float, application_name: str) -> None:
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": POOL_WAIT_SECONDS,
            "pool_use_lifo": True,
            "hide_parameters": True,  # what a statement was given has no place in logs and parking lots
            "connect_args": arguments(
                application_name=application_name,
                statement_timeout_seconds=statement_timeout_seconds,
                options=f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_SECONDS * 1000} -c random_page_cost={RANDOM_PAGE_COST}",
            ),
        }
        url = driver_url(database_url)
        self.engine: Engine = create_engine(url, **options)
        self._reads: Engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **options)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for SELECTs outside of any transaction; what it loads is not tracked after the block."""
        with translated():
            session = Session(self._reads, autoflush=False, expire_on_commit=False)
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def rows(self) -> Iterator[Connection]:
        """A bare connection for SELECTs of plain rows outside of any transaction: a third of what a session costs, for hot questions."""
        with translated(), self._reads.connect() as connection:
            yield connection

    def answers(self) -> bool:
        """Whether the database answers now."""
        try:
            with self.reading() as session:
                session.execute(text("SELECT 1"))
        except (Unavailable, DBAPIError):
            return False
        return True

    def refuse_blocking_driver(self) -> None:
        """Raise `BlockingDriver` where waiting for the database stops every other green thread, as psycopg 3's binary driver does."""
        if not any(self._others_run_meanwhile() for _ in range(SELF_TESTS)):
            raise BlockingDriver(
                "The database driver blocks the hub: while it waits, nothing else runs. psycopg2, patched by eventlet, does not."
            )

    def _others_run_meanwhile(self) -> bool:
        ticks: list[float] = []
        done = threading.Event()

        def tick() -> None:
            while not done.is_set():
                ticks.append(time.monotonic())
                time.sleep(SELF_TEST_SECONDS / SELF_TEST_TICKS)

        threading.Thread(target=tick, daemon=True).start()
        try:
            with self.reading() as session:
                session.execute(text(f"SELECT pg_sleep({SELF_TEST_SECONDS})"))
        finally:
            done.set()
        return len(ticks) >= SELF_TEST_TICKS / 4

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._reads.dispose()

    def connections_in_use(self) -> int:
        """How many connections are checked out right now."""
        return self.engine.pool.checkedout() + self._reads.pool.checkedout()  # type: ignore[attr-defined, no-any-return]  # QueuePool has it


def was_rolled_back(error: BaseException) -> bool:
    """Whether the database itself undid the transaction so that others could go on: serialization failure, deadlock."""
    return isinstance(error, DBAPIError) and _code(error) in TRANSIENT_CODES


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed if it is done again: the above, or a lost connection."""
    return was_rolled_back(error) or (isinstance(error, DBAPIError) and error.connection_invalidated)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what says «not now» into `Unavailable`; everything else passes."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(service="The database", reason="every connection is in use") from error
    except DBAPIError as error:
        if _code(error) in TOO_SLOW_CODES:
            raise Unavailable(service="The database", reason="it took too long") from error
        if is_transient(error) or _is_away(error):
            raise Unavailable(service="The database", reason="the connection was lost or refused") from error
        raise


def _is_away(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError) and (_code(error) or AWAY_CLASSES[0]).startswith(AWAY_CLASSES)


def _code(error: DBAPIError) -> str | None:
    """The SQLSTATE; None where the server said nothing, as when it cannot be reached."""
    code: str | None = getattr(error.orig, "pgcode", None)
    return code


def count_statements(engine: Engine) -> list[str]:
    """Collect every statement the engine sends from now on (for tests that count round trips)."""
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: statements.append(statement))
    return statements
