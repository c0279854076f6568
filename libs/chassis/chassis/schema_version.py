"""Which schema a database has, asked without the migration tool: every process asks at its start, and the tool is heavy."""

from contextlib import closing
from pathlib import Path

from psycopg2.errors import UndefinedTable

from chassis.connections import connect

ASK_SECONDS = 5.0


def newest_revision(folder: Path) -> str:
    """The last migration of the service in `folder`: they are numbered `0001_what.py`, `0002_…`, one after the other."""
    return max(path.name for path in (folder / "migrations" / "versions").glob("[0-9]*.py"))[:4]


def is_current(folder: Path, database_url: str) -> bool:
    """Whether the database has every migration of this code; it may have newer ones too, before a contraction. Raises psycopg2's errors."""
    asking = connect(database_url, application_name="comptoir-start", statement_timeout_seconds=ASK_SECONDS)
    with closing(asking) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SELECT version_num FROM alembic_version")
        except UndefinedTable:
            return False
        found = cursor.fetchone()
    return found is not None and bool(found[0] >= newest_revision(folder))
