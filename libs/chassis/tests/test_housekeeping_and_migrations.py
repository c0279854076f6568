"""The chassis's own tables: what they forget, and how they come and change."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.exc import OperationalError

from chassis import housekeeping, migrations, schema_version
from chassis.housekeeping import Housekeeping
from chassis.runner import folder_of
from chassis.testing import ServiceDatabase
from chassis.testing.databases import Templates

TABLES = {"outbox", "inbox", "idempotency_keys", "leases", "agency_clocks", "marks", "alembic_version"}


@pytest.fixture
def empty(templates: Templates) -> Iterator[ServiceDatabase]:
    made = templates.empty()
    yield made
    made.drop()


@pytest.fixture
def folder() -> Path:
    return folder_of("toy")


def tables(database: ServiceDatabase) -> set[str]:
    rows = database.query("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'")
    return {row["name"] for row in rows}


# Forgetting


def test_what_is_old_is_forgotten_in_batches_and_what_is_not_stays(database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 10)
    database.execute(
        "INSERT INTO inbox (event_id, handler, created_at)"
        " SELECT 'evt_' || n, 'h', now() - CASE WHEN n <= 25 THEN interval '91 days' ELSE interval '89 days' END"
        " FROM generate_series(1, 30) n"
    )
    database.execute(
        "INSERT INTO idempotency_keys (scope, key, request_hash, created_at)"
        " SELECT 'a', 'k' || n, 'h', now() - CASE WHEN n <= 20 THEN interval '26 hours' ELSE interval '24 hours' END"
        " FROM generate_series(1, 22) n"
    )
    database.execute("INSERT INTO leases (job, period, created_at) VALUES ('a', 1, now() - interval '25 hours'), ('a', 2, now())")
    assert Housekeeping(database.url).forget() == 25 + 20 + 1
    assert Housekeeping(database.url).forget() == 0
    assert len(database.query("SELECT * FROM inbox")) == 5
    assert len(database.query("SELECT * FROM idempotency_keys")) == 2
    assert len(database.query("SELECT * FROM leases")) == 1


def test_two_may_forget_at_once(database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "BATCH", 10)
    database.execute("INSERT INTO inbox (event_id, handler, created_at) SELECT 'e' || n, 'h', '2020-01-01' FROM generate_series(1, 500) n")
    with ThreadPoolExecutor(2) as pool:
        gone = list(pool.map(lambda _number: Housekeeping(database.url).forget(), range(2)))
    assert sum(gone) <= 500
    Housekeeping(database.url).forget()
    assert database.query("SELECT * FROM inbox") == []


# Migrating


def test_the_first_migration_comes_and_goes(empty: ServiceDatabase, folder: Path) -> None:
    assert not schema_version.is_current(folder, empty.url)
    migrations.upgrade(folder, empty.url)
    assert tables(empty) == TABLES
    assert schema_version.is_current(folder, empty.url)
    migrations.downgrade(folder, empty.url)
    assert tables(empty) == {"alembic_version"}
    assert not schema_version.is_current(folder, empty.url)
    migrations.upgrade(folder, empty.url)
    assert tables(empty) == TABLES


def test_a_database_that_is_ahead_of_the_code_will_do(database: ServiceDatabase, folder: Path) -> None:
    """A rolling update migrates first: the old code goes on with the new schema (expand before contract)."""
    database.execute("UPDATE alembic_version SET version_num = '0099'")
    assert schema_version.is_current(folder, database.url)


def test_two_migrations_at_once_take_turns(empty: ServiceDatabase, folder: Path) -> None:
    """Trap: two Jobs create the same table, and one of them fails the deployment."""
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            migrations.upgrade(folder, empty.url)
        except BaseException as error:  # noqa: BLE001  whatever it is
            failures.append(error)

    with psycopg2.connect(empty.url) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (migrations.ADVISORY_LOCK,))
        threads = [threading.Thread(target=migrate)]
        threads[0].start()
        time.sleep(0.5)
        assert tables(empty) == set()
        cursor.execute("SELECT pg_advisory_unlock(%s)", (migrations.ADVISORY_LOCK,))
    threads[0].join(30)
    migrate()
    holder.close()
    assert failures == []
    assert tables(empty) == TABLES


def test_a_migration_does_not_wait_for_a_long_transaction_for_ever(
    database: ServiceDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap: ALTER TABLE waits behind a report, and every query waits behind ALTER TABLE."""
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT_SECONDS", 1)
    with psycopg2.connect(database.url) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT * FROM marks")
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            migrations.downgrade(folder, database.url)
        assert time.monotonic() - began < 5
    reader.close()
    assert tables(database) == TABLES
