"""Databases in tests: migrated once per run and service, copied for every test."""

import itertools
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

from chassis.database import Database
from chassis.migrations import upgrade
from chassis.runner import folder_of
from chassis.unit_of_work import Clock, Units
from local_servers import PostgresServer

_numbers = itertools.count(1)


class ServiceDatabase:
    """A database of one test: its URL, units of work on it, and plain SQL."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name
        self._databases: list[Database] = []
        self.url = server.url(name)

    def units(self, clock: Clock | None = None, *, pool_size: int = 5) -> Units:
        """Units of work, with the clock of the test where it has one."""
        database = Database(self.url, pool_size=pool_size, statement_timeout_seconds=20, application_name="test")
        self._databases.append(database)
        return Units(database, clock=clock) if clock is not None else Units(database)

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows as dicts."""
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(sql, parameters)
            return [dict(row) for row in cursor.fetchall()]

    def execute(self, sql: str, *parameters: Any) -> None:
        """Change something behind the service's back."""
        with closing(psycopg2.connect(self.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)

    def emitted(self) -> list[tuple[str, dict[str, Any]]]:
        """What the outbox holds, in order: (event name, data)."""
        return [
            (row["routing_key"], row["body"]["data"])
            for row in self.query("SELECT routing_key, body::jsonb AS body FROM outbox ORDER BY id")
        ]

    def everything(self) -> str:
        """Every row of every table as text, to look for what must not be there."""
        tables = self.query(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        return "\n".join(str(row) for table in tables for row in self.query(f'SELECT * FROM "{table["name"]}"'))

    def drop(self) -> None:
        """Throw it away."""
        for database in self._databases:
            database.close()
        _administer(self._server, f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')


class Templates:
    """Migrated databases to copy."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._made: set[str] = set()

    def copy(self, package: str) -> ServiceDatabase:
        """A new database with the schema of a service."""
        template = f"template_{package}"
        if template not in self._made:
            upgrade(folder_of(package), self._server.create_database(template))
            self._made.add(template)
        name = f"{package}_{next(_numbers)}"
        _administer(self._server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return ServiceDatabase(self._server, name)

    def empty(self) -> ServiceDatabase:
        """A new database with nothing in it, for tests of migrations."""
        name = f"empty_{next(_numbers)}"
        self._server.create_database(name)
        return ServiceDatabase(self._server, name)


def _administer(server: PostgresServer, statement: str) -> None:
    with closing(psycopg2.connect(server.url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
