"""The whole platform in real processes, on servers of its own, reached as strangers reach it: over HTTP, by the bus, by mail."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.audit import audit_all
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import Collector
from chassis.testing.databases import Templates
from chassis.topology import Topology, of_services
from local_servers import RabbitNode, free_port

SERVICES = ("identity", "accounts", "billing", "credits", "snapshots", "notifications")
CLOCK_FOLLOWERS = ("identity", "accounts", "billing", "credits", "snapshots")
AUDIT_SECONDS = 20
TRANSFER_LINK_SECRET = "fedcba9876543210fedcba9876543210"
AGENCY = {
    "name": "Atelier Démo",
    "programme": "reseller",
    "currency": "EUR",
    "discount_basis_points": 2000,
    "language": "en",
    "entitlements": ["snapshots"],
    "test_mode": True,
}


def unique_name() -> str:
    """A name that no account has."""
    return new_id("n").replace("_", "-").lower()


class Mailbox:
    """The outside world's mail server: it takes everything and keeps it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep one."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self._messages.append((list(envelope.rcpt_tos), message))
        return "250 OK"

    def subjects_to(self, address: str) -> list[str]:
        """The subjects of what this address got, in order."""
        with self._lock:
            return [str(message["Subject"]) for recipients, message in self._messages if address in recipients]

    def bodies_to(self, address: str) -> list[str]:
        """What this address got to read, in order."""
        with self._lock:
            return [str(message.get_content()) for recipients, message in self._messages if address in recipients]

    def recipients(self) -> set[str]:
        """Everybody who got anything."""
        with self._lock:
            return {recipient for recipients, _ in self._messages for recipient in recipients}

    def everything(self) -> str:
        """All of it as text."""
        with self._lock:
            return "\n".join(message.as_string() for _, message in self._messages)


class Platform:
    """Its processes by name (`accounts serve`, `accounts relay`, `gateway serve`), its databases, its bus and its mail."""

    def __init__(self, *, amqp_uri: str, databases: dict[str, ServiceDatabase], folder: Path, mailbox: Mailbox, smtp_port: int) -> None:
        self.amqp_uri = amqp_uri
        self.databases = databases
        self.mailbox = mailbox
        self.bus = Bus(amqp_uri)
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        topology_file = folder / "topology.json"
        topology: Topology = of_services(SERVICES)
        topology_file.write_text(json.dumps(topology.to_json()))
        self._environment = {
            "AMQP_URI": amqp_uri,
            "TOPOLOGY_FILE": str(topology_file),
            "RETRY_DELAYS_SECONDS": "0.2,0.5,1,2",
            "API_KEY_PEPPER": "0123456789abcdef0123456789abcdef",
            "TRANSFER_LINK_SECRET": TRANSFER_LINK_SECRET,
            "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "BIND": f"127.0.0.1:{self.http_port}",
            "PROVISIONING_SECONDS": "20",
            "RATE_LIMIT_PER_SECOND": "100000",  # tests are in a hurry
            "RATE_LIMIT_BURST": "100000",
            "DUE_SECONDS": "0.5",  # journeys move clocks and wait for what is due
            "HOSTED_URL_TEMPLATE": f"http://{{name}}.localhost:{self.http_port}/login",
            "RESET_URL_TEMPLATE": f"http://{{name}}.localhost:{self.http_port}/reset-password",
        }
        self.processes: dict[str, ServiceProcess] = {}

    def start(self, service: str, command: str = "serve", **environment: str) -> ServiceProcess:
        """Start one process, or start it again."""
        variables = {**self._environment, **environment}
        if service in self.databases:
            variables["DATABASE_URL"] = self.databases[service].url
        before = self.processes.get(f"{service} {command}")
        if before is not None:
            before.end()
        process = ServiceProcess(service, command, variables)
        self.processes[f"{service} {command}"] = process
        return process

    def start_all(self) -> None:
        """Start everything and wait until it is ready."""
        for service in SERVICES:
            self.start(service)
            self.start(service, "relay")
        self.start("gateway")
        for process in self.processes.values():
            process.wait_ready()

    def agency(self, **changes: Any) -> "Agency":
        """A new agency with an API key, and a card that works; known to every service."""
        asked = {**AGENCY, "notification_email": f"{unique_name()}@agency.example", **changes}
        registered = self.bus.call("identity", "register_agency", asked, idempotency_key=new_id("idk"))
        secret = self.bus.call(
            "identity",
            "create_api_key",
            {"agency_id": registered["id"], "name": "journey", "scopes": ["admin"]},
            idempotency_key=new_id("idk"),
        )["secret"]
        agency = Agency(self, registered["id"], secret, str(registered["notification_email"]))
        eventually(
            lambda: agency.post("/v1/billing-profiles", {"payment_method": "pm_card_visa"}).status_code == requests.codes.created,
            what="billing knows the agency",
        )
        eventually(
            lambda: self.databases["accounts"].query("SELECT 1 FROM agencies WHERE id = %s", agency.id), what="accounts knows the agency"
        )
        return agency

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.ask_to_end()
        for process in self.processes.values():
            process.end()
        self.bus.close()


class Agency:
    """An external developer with a key."""

    def __init__(self, platform: Platform, agency_id: str, key: str, notification_email: str) -> None:
        self.id = agency_id
        self.key = key
        self.notification_email = notification_email
        self.url = platform.url
        self._platform = platform
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str) -> requests.Response:
        """GET."""
        return self._session.get(self._platform.url + path, timeout=15)

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None, **headers: str) -> requests.Response:
        """POST, under an idempotency key of its own or under this one."""
        return self._session.post(
            self._platform.url + path, json=body or {}, headers={"Idempotency-Key": key or new_id("idk"), **headers}, timeout=15
        )

    def send(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> requests.Response:
        """PUT, PATCH or DELETE, under an idempotency key of its own."""
        headers = {"Idempotency-Key": new_id("idk"), **headers}
        return self._session.request(method, self._platform.url + path, json=body, headers=headers, timeout=15)

    def make_clock(self) -> "Clock":
        """Stop the agency's time: from now on it moves by this clock alone."""
        made = self.post("/v1/test-clocks")
        assert made.status_code == requests.codes.created, made.text
        clock = Clock(self, self._platform, made.json()["id"], datetime.fromisoformat(made.json()["now"]))
        clock.wait_until_known()
        return clock

    def account(self, account_id: str) -> dict[str, Any]:
        """One account, as REST shows it."""
        answer = self.get(f"/v1/accounts/{account_id}")
        assert answer.status_code == requests.codes.ok, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def until_status(self, account_id: str, status: str, *, within_seconds: float = 60) -> dict[str, Any]:
        """Wait for the account to have this status."""

        def there() -> dict[str, Any] | None:
            account = self.account(account_id)
            return account if account["status"] == status else None

        found = eventually(there, within_seconds=within_seconds, what=f"{account_id} {status}")
        assert found is not None
        return found

    def names_of(self, collector: Collector) -> list[str]:
        """The names of this agency's events, sorted: their order on the bus is nobody's promise."""
        return sorted(".".join(event["type"].split(".")[1:3]) for event in collector.events() if event["agency_id"] == self.id)


class Clock:
    """An agency's time."""

    def __init__(self, agency: Agency, platform: Platform, clock_id: str, now: datetime) -> None:
        self.now = now
        self._agency, self._platform, self._id = agency, platform, clock_id

    def advance(self, **delta: float) -> datetime:
        """Move by a timedelta's keywords; return when every service goes by the new time."""
        return self.advance_to(self.now + timedelta(**delta))

    def advance_to(self, now: datetime) -> datetime:
        """Move to a moment; return when every service goes by it."""
        moved = self._agency.post(f"/v1/test-clocks/{self._id}/advance", {"to": now.isoformat()})
        assert moved.status_code == requests.codes.ok, moved.text
        self.now = datetime.fromisoformat(moved.json()["now"])
        self.wait_until_known()
        return self.now

    def wait_until_known(self) -> None:
        """Wait for every service to go by this time."""
        for service in CLOCK_FOLLOWERS:
            eventually(partial(self._is_known_to, service), what=f"{service} goes by the agency's clock")

    def _is_known_to(self, service: str) -> bool:
        found = self._platform.databases[service].query("SELECT now FROM agency_clocks WHERE agency_id = %s", self._agency.id)
        return [row["now"] for row in found] == [self.now]


def audited(platform: Platform) -> None:
    """Prove what must be true of money and credit, whatever was done to the platform; facts under way are waited for."""
    wrong = audit_all({service: platform.databases[service].url for service in ("billing", "credits")}, patience_seconds=AUDIT_SECONDS)
    assert wrong == [], "\n".join(wrong)


@contextmanager
def platforms(rabbit: RabbitNode, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Platform]]:
    """Start platforms; they end together."""
    started: list[tuple[Platform, Controller, str]] = []

    def start() -> Platform:
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
        controller.start()
        vhost = new_id("journey")
        platform = Platform(
            amqp_uri=rabbit.add_vhost(vhost),
            databases={service: templates.copy(service) for service in SERVICES},
            folder=tmp_path_factory.mktemp("platform"),
            mailbox=mailbox,
            smtp_port=controller.port,
        )
        started.append((platform, controller, vhost))
        platform.start_all()
        return platform

    yield start
    for platform, controller, vhost in started:
        audited(platform)
        platform.stop()
        controller.stop()
        rabbit.remove_vhost(vhost)
        for database in platform.databases.values():
            database.drop()


@pytest.fixture(scope="module")
def start_platform(rabbit: RabbitNode, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Platform]]:
    """Start a platform of the module's own, to break; it ends with the module."""
    with platforms(rabbit, templates, tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="package")
def platform(rabbit: RabbitNode, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform that all journeys share which break nothing: each has agencies of its own."""
    with platforms(rabbit, templates, tmp_path_factory) as start:
        yield start()
