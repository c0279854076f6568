"""The processes of the platform and how each is started."""

import sys

from local_platform.settings import SERVICES, Settings
from local_platform.supervision import Program
from local_servers import free_port
from local_servers.ports import LOOPBACK

MIGRATION_SECONDS = 120
APART = ("accounts", "billing", "credits")
"""Services of which one process answers calls, and another handles events: they have many of both."""
YIELDING = frozenset(
    {"notifications.serve", *(f"{service}.relay" for service in SERVICES), *(f"{service}.events" for service in APART)},
)
"""Nobody waits for an answer of these: on one machine for all they get what the others leave, and give way at once."""
GATEWAY_RANK, SERVICE_RANK, RELAY_RANK = 0, 1, 2  # stopped in this order: first who asks, then who answers, then who tells


def services(settings: Settings, databases: dict[str, str]) -> list[Program]:
    """Return the process of each service that answers and listens, or the two that do."""
    return [
        *(_of_service(settings, f"{each}.serve", SERVICE_RANK, databases[each]) for each in SERVICES if each not in APART),
        *(_of_service(settings, f"{each}.serve", SERVICE_RANK, databases[each], EVENT_WORKERS="0") for each in APART),
        *(_of_service(settings, f"{each}.events", SERVICE_RANK, databases[each], RPC_WORKERS="0") for each in APART),
    ]


def relays(settings: Settings, databases: dict[str, str]) -> list[Program]:
    """Return the process of each service that publishes its outbox."""
    return [_of_service(settings, f"{service}.relay", RELAY_RANK, databases[service]) for service in SERVICES]


def gateway(settings: Settings) -> Program:
    """Return the front door."""
    return Program(
        name="gateway",
        command=[sys.executable, "-m", "gateway", "serve"],
        environment={
            "HEALTH_PORT": str(free_port()),
            "BIND": f"{LOOPBACK}:{settings.http_port}",
            "HOSTED_URL_TEMPLATE": _hosted_url_template(settings),
        },
        health_port=settings.http_port,  # its own port has the metrics alone
        rank=GATEWAY_RANK,
    )


def migration(databases: dict[str, str]) -> list[str]:
    """Return the command that brings every database up to date, in one process."""
    return [sys.executable, "-m", "local_platform.migrations", *(f"{service}={url}" for service, url in databases.items())]


def _hosted_url_template(settings: Settings) -> str:
    return f"http://{{name}}.localhost:{settings.http_port}/login"


def _settings_of(service: str, settings: Settings) -> dict[str, str]:
    """Return what one service reads beyond what all of them do."""
    smtp_url = f"smtp://{LOOPBACK}:{settings.smtp_port}"
    return {
        "identity": {
            "API_KEY_PEPPER": settings.pepper(),
            "SMTP_URL": smtp_url,
            "RESET_URL_TEMPLATE": f"http://{{name}}.localhost:{settings.http_port}/reset-password",
        },
        "accounts": {
            "HOSTED_URL_TEMPLATE": _hosted_url_template(settings),
            "TRANSFER_LINK_SECRET": settings.transfer_link_secret(),
        },
        "notifications": {"SMTP_URL": smtp_url, "TRANSFER_LINK_SECRET": settings.transfer_link_secret()},
    }.get(service, {})


def _of_service(settings: Settings, name: str, rank: int, database: str, **only: str) -> Program:
    health_port = free_port()
    service, _, what = name.partition(".")
    yielding = ("chrt", "--idle", "0") if name in YIELDING else ()
    return Program(
        name=name,
        command=[*yielding, sys.executable, "-m", service, "relay" if what == "relay" else "serve"],
        environment={"HEALTH_PORT": str(health_port), "DATABASE_URL": database, **_settings_of(service, settings), **only},
        health_port=health_port,
        rank=rank,
    )
