"""The servers behind the services: ours, or the ones we were given."""

from contextlib import closing
from dataclasses import dataclass

import psycopg2

from local_platform.settings import ROOT, SERVICES, Settings, database_name, with_database
from local_servers import PostgresServer, RabbitNode, ServerFailed

CONNECT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Servers:
    """What to start before the services, and what to stop after them."""

    settings: Settings
    postgres: PostgresServer | None
    rabbit: RabbitNode | None

    @classmethod
    def chosen(cls, settings: Settings) -> "Servers":
        """Make our own server where none was given."""
        return cls(
            settings=settings,
            postgres=PostgresServer(settings.folder / "postgres", settings.postgres_port) if settings.postgres_port else None,
            rabbit=RabbitNode(settings.folder / "rabbitmq", settings.amqp_port) if settings.amqp_port else None,
        )

    def ours(self) -> dict[str, PostgresServer | RabbitNode]:
        """Return the servers that we start and stop, by name."""
        servers = {"PostgreSQL": self.postgres, "RabbitMQ": self.rabbit}
        return {name: server for name, server in servers.items() if server is not None}

    def launch(self) -> None:
        """Start both at once, without waiting."""
        if self.rabbit:
            self.rabbit.launch()
        if self.postgres:
            self.postgres.launch()

    def create_databases(self) -> dict[str, str]:
        """Wait for PostgreSQL and create what is missing; return each service's database URL."""
        if self.postgres:
            self.postgres.wait_until_ready()
            return {service: self.postgres.create_database(database_name(service)) for service in SERVICES}
        return {service: self._create_on_the_given(database_name(service)) for service in SERVICES}

    @staticmethod
    def outdated(databases: dict[str, str]) -> dict[str, str]:
        """Return those of the databases that lack a migration of this code, which numbers them."""
        return {service: url for service, url in databases.items() if _revision_of(url) != _newest_revision(service)}

    def amqp_uri(self) -> str:
        """Return the broker's address."""
        return self.rabbit.uri() if self.rabbit else self.settings.given_amqp_uri or ""

    def broker_answers(self) -> bool:
        """Whether our own broker takes connections; a given one is waited for by the services themselves."""
        return self.rabbit is None or self.rabbit.answers()

    def ended(self) -> list[str]:
        """Return the names of our servers that are not running any more."""
        return [name for name, server in self.ours().items() if server.ended()]

    def stop(self) -> None:
        """Stop what is ours."""
        if self.rabbit:
            self.rabbit.stop()
        if self.postgres:
            self.postgres.stop()

    def _create_on_the_given(self, database: str) -> str:
        server = self.settings.given_database_url or ""
        try:
            opened = psycopg2.connect(server, connect_timeout=CONNECT_SECONDS)
        except psycopg2.OperationalError as error:
            raise ServerFailed(f"DATABASE_URL cannot be used: {error}") from None
        with closing(opened) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{database}"')
        return with_database(server, database)


def _revision_of(url: str) -> str | None:
    with closing(psycopg2.connect(url, connect_timeout=CONNECT_SECONDS)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SELECT version_num FROM alembic_version")
        except psycopg2.errors.UndefinedTable:
            return None
        row = cursor.fetchone()
        return row[0] if row else None


def _newest_revision(service: str) -> str:
    return max(path.name[:4] for path in (ROOT / "services" / service / "migrations" / "versions").glob("[0-9]*.py"))
