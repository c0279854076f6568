"""How a connection to the database is opened: with a bound on every wait, also on those for a server that has vanished."""

from typing import Any

import psycopg2

CONNECT_SECONDS = 5


def arguments(*, application_name: str, statement_timeout_seconds: float, options: str = "") -> dict[str, Any]:
    """What every connection of ours is opened with."""
    return {
        "application_name": application_name,
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c statement_timeout={int(statement_timeout_seconds * 1000)} -c timezone=UTC {options}",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": int(statement_timeout_seconds * 2000),
    }


def connect(database_url: str, *, application_name: str, statement_timeout_seconds: float, options: str = "") -> Any:
    """A plain psycopg2 connection, for what stands beside the services: the relay, its measurements, the wait for the schema."""
    given = arguments(application_name=application_name, statement_timeout_seconds=statement_timeout_seconds, options=options)
    return psycopg2.connect(database_url, **given)
