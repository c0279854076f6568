"""What `make up` reads from its environment, and the environment it gives to the processes it starts."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from local_servers import chosen_port

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("identity", "accounts", "billing", "credits", "snapshots", "notifications")
EVENT_WORKERS = "2"
"""Of each service: on one machine for all, events wait rather than calls, which share their process."""
TOPOLOGY_FILE = ROOT / "deploy" / "topology.json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where everything is. A port given explicitly and taken is an error; a default that is taken gives way to the next free one."""

    folder: Path
    http_port: int
    smtp_port: int
    postgres_port: int | None
    """None: `DATABASE_URL` names a server of yours."""
    amqp_port: int | None
    """None: `AMQP_URI` names a broker of yours."""
    given_database_url: str | None
    given_amqp_uri: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment and choose the ports; raise PortTaken."""
        database_url = environment.get("DATABASE_URL") or None
        amqp_uri = environment.get("AMQP_URI") or None
        return cls(
            folder=local_folder(environment),
            http_port=chosen_port("HTTP_PORT", 8000),
            smtp_port=chosen_port("SMTP_PORT", 1025),
            postgres_port=None if database_url else chosen_port("POSTGRES_PORT", 5433),
            amqp_port=None if amqp_uri else chosen_port("AMQP_PORT", 5673),
            given_database_url=database_url,
            given_amqp_uri=amqp_uri,
        )

    @property
    def demo_file(self) -> Path:
        """The file with the addresses and the API key, for scripts and people."""
        return self.folder / "demo.env"

    @property
    def mailbox(self) -> Path:
        """The Maildir in which every mail that the platform sends arrives."""
        return self.folder / "mail"

    def pepper(self) -> str:
        """Return the secret that identity mixes into stored keys: made once, kept with the data that needs it."""
        return self._secret("pepper")

    def transfer_link_secret(self) -> str:
        """Return the secret that links to confirm transfers are made by."""
        return self._secret("transfer-links")

    def _secret(self, name: str) -> str:
        kept = self.folder / name
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(32))
        return kept.read_text()

    @property
    def address(self) -> str:
        """The gateway's."""
        return f"http://127.0.0.1:{self.http_port}"


def local_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that holds data and logs."""
    return Path(environment.get("COMPTOIR_LOCAL", ROOT / ".local")).absolute()


def database_name(service: str) -> str:
    """One database per service."""
    return f"comptoir_{service}"


def with_database(url: str, database: str) -> str:
    """Return the URL of another database of the same server, options kept."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def process_environment(*, amqp_uri: str) -> dict[str, str]:
    """Return what every process of ours reads."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return inherited | {
        "AMQP_URI": amqp_uri,
        "HEALTH_HOST": "127.0.0.1",
        "EVENT_WORKERS": os.environ.get("EVENT_WORKERS", EVENT_WORKERS),
        "LOG_FORMAT": os.environ.get("LOG_FORMAT", "console"),
        "TOPOLOGY_FILE": str(TOPOLOGY_FILE),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:::chassis.runner",  # eventlet says at every start that it is being retired: known
    }
