"""What the chassis's own tables forget, and when: in small batches, by one process a period."""

from typing import Any

INBOX_DAYS = 90
"""Longer than any message may wait in a parking lot before it is replayed."""
KEYS_HOURS = 24
LEASES_HOURS = 24
BATCH = 5_000

STATEMENTS = (
    ("inbox", f"created_at < now() - interval '{INBOX_DAYS} days'"),
    ("idempotency_keys", f"created_at < now() - interval '{KEYS_HOURS} hours'"),
    ("leases", f"created_at < now() - interval '{LEASES_HOURS} hours'"),
)


def forget(database: Any) -> int:
    """Delete what is older than it need be, one batch a table; tell how many rows went. `database` is a psycopg2 connection."""
    gone = 0
    with database.cursor() as cursor:
        for table, old in STATEMENTS:
            cursor.execute(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {old} LIMIT {BATCH}))")  # noqa: S608  constants
            gone += cursor.rowcount
    database.commit()
    return gone
