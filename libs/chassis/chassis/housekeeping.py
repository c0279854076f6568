"""What the chassis's own tables forget, and when: in small batches; any number of processes may do it at once."""

import time
from contextlib import closing
from typing import Any

import psycopg2
import structlog

from chassis.connections import connect

INBOX_DAYS = 90
"""Longer than any message may wait in a parking lot before it is replayed."""
KEYS_HOURS = 25
"""An hour longer than a key is good for: the clocks of the services and of the database need not agree to the second."""
LEASES_HOURS = 24
BATCH = 5_000
STATEMENT_TIMEOUT_SECONDS = 30.0

OLD = {
    "inbox": f"created_at < now() - interval '{INBOX_DAYS} days'",
    "idempotency_keys": f"created_at < now() - interval '{KEYS_HOURS} hours'",
    "leases": f"created_at < now() - interval '{LEASES_HOURS} hours'",
}

log = structlog.get_logger()


class Housekeeping:
    """Of one database."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def keep(self, *, every_seconds: float) -> None:
        """Forget now and then, for ever."""
        while True:
            time.sleep(every_seconds)
            try:
                self.forget()
            except psycopg2.Error as error:
                log.warning("housekeeping failed; the next time tries again", error=str(error))

    def forget(self) -> int:
        """Delete what is older than it need be; tell how many rows went."""
        connection = connect(
            self._database_url, application_name="comptoir-housekeeping", statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS
        )
        with closing(connection) as database:
            return sum(_forget(database, table, old) for table, old in OLD.items())


def _forget(database: Any, table: str, old: str) -> int:
    gone: int = 0
    rows = f"SELECT ctid FROM {table} WHERE {old} LIMIT {BATCH} FOR UPDATE SKIP LOCKED"  # noqa: S608  constants
    while True:
        with database.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({rows}))")  # noqa: S608  constants
            database.commit()
            gone += cursor.rowcount
            if cursor.rowcount < BATCH:
                return gone
