"""Migrations under an advisory lock with a lock timeout: a Job may run twice, and never waits behind a long transaction for ever."""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

from chassis.connections import CONNECT_SECONDS
from chassis.database import driver_url
from chassis.tables import chassis_tables

LOCK_TIMEOUT_SECONDS = 5
OTHER_MIGRATION_SECONDS = 600
ADVISORY_LOCK = 0x636F6D70746F6972
"""«comptoir» in ASCII: one migration at a time in one database."""

NOTIFY_FUNCTION = """
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$
"""
NOTIFY_TRIGGER = "CREATE TRIGGER notify_outbox AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox()"


def create_chassis_tables(op: Any) -> None:
    """First in a service's first migration: outbox (with its wake-up), inbox, idempotency keys, leases, agencies' clocks."""
    for table in chassis_tables():
        table.create(op.get_bind())
    op.execute(NOTIFY_FUNCTION)
    op.execute(NOTIFY_TRIGGER)


def drop_chassis_tables(op: Any) -> None:
    """The way back."""
    for table in reversed(chassis_tables()):
        table.drop(op.get_bind())
    op.execute("DROP FUNCTION notify_outbox()")


def run_environment(metadata: MetaData) -> None:
    """The body of every `migrations/env.py`."""
    engine = _engine(context.config.attributes["database_url"])
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{OTHER_MIGRATION_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()


def configuration(folder: Path, database_url: str) -> Config:
    """Alembic's configuration for the service whose `migrations/` is in `folder`."""
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config


def upgrade(folder: Path, database_url: str, revision: str = "head") -> None:
    """Bring the database to `revision`."""
    command.upgrade(configuration(folder, database_url), revision)


def downgrade(folder: Path, database_url: str, revision: str = "base") -> None:
    """Take the database back to `revision`."""
    command.downgrade(configuration(folder, database_url), revision)


def _engine(database_url: str) -> Engine:
    return create_engine(driver_url(database_url), poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
