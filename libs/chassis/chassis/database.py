"""One engine a process, with a bound on every wait, and two ways to use it: units of work and plain reads."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import errorcodes
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from chassis.errors import Unavailable

TRANSIENT_CODES = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})
CONNECT_SECONDS = 5
POOL_WAIT_SECONDS = 5.0
SELF_TEST_SECONDS = 0.1
IDLE_TRANSACTION_SECONDS = 30


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
            "connect_args": {
                "connect_timeout": CONNECT_SECONDS,
                "options": (
                    f"-c statement_timeout={int(statement_timeout_seconds * 1000)}"
                    f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_SECONDS * 1000} -c timezone=UTC"
                ),
                "application_name": application_name,
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": int(statement_timeout_seconds * 2000),
            },
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

    def answers(self) -> bool:
        """Whether the database answers now."""
        try:
            with self.reading() as session:
                session.execute(text("SELECT 1"))
        except (Unavailable, DBAPIError):
            return False
        return True

    def refuse_blocking_driver(self) -> None:
        """Raise `RuntimeError` where waiting for the database stops every other green thread, as psycopg 3's binary driver does."""
        ticks: list[float] = []
        done = threading.Event()

        def tick() -> None:
            while not done.is_set():
                ticks.append(time.monotonic())
                time.sleep(SELF_TEST_SECONDS / 20)

        threading.Thread(target=tick, daemon=True).start()
        with self.reading() as session:
            session.execute(text(f"SELECT pg_sleep({SELF_TEST_SECONDS})"))
        done.set()
        if len(ticks) < 5:  # noqa: PLR2004  of twenty
            raise RuntimeError("The database driver blocks the hub: while it waits, nothing else runs. Use psycopg2, patched by eventlet.")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._reads.dispose()

    def connections_in_use(self) -> int:
        """How many connections are checked out right now."""
        return self.engine.pool.checkedout() + self._reads.pool.checkedout()  # type: ignore[attr-defined, no-any-return]  # QueuePool has it


def was_rolled_back(error: BaseException) -> bool:
    """Whether the database itself undid the transaction so that others could go on: serialization failure, deadlock."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None) in TRANSIENT_CODES


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed if it is done again: the above, or a lost connection."""
    return was_rolled_back(error) or (isinstance(error, DBAPIError) and error.connection_invalidated)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what says «the database cannot be reached» into `Unavailable`; everything else passes."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(service="The database", reason="every connection is in use") from error
    except DBAPIError as error:
        if is_transient(error) or _cannot_connect(error):
            raise Unavailable(service="The database", reason="the connection was lost or refused") from error
        raise


def _cannot_connect(error: DBAPIError) -> bool:
    code = getattr(error.orig, "pgcode", None)
    return type(error.orig).__name__ == "OperationalError" and (code is None or code.startswith(("08", "57P", "53")))


def count_statements(engine: Engine) -> list[str]:
    """Collect every statement the engine sends from now on (for tests that count round trips)."""
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: statements.append(statement))
    return statements
