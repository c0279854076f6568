"""The toy service for the tests of the chassis: a real database, a real broker, real processes."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.testing import Bus, MovingClock, Peer, ServiceDatabase, ServiceProcess
from chassis.testing.databases import Templates
from chassis.testing.processes import environment_of
from chassis.unit_of_work import Units
from local_servers import RabbitNode

_numbers = itertools.count(1)


class Stage:
    """A vhost, a database, and what plays on them. Ends all it started."""

    def __init__(self, rabbit: RabbitNode, templates: Templates, folder: Path) -> None:
        self.rabbit = rabbit
        self.folder = folder
        self._vhost = f"stage-{next(_numbers)}"
        self.amqp_uri = rabbit.add_vhost(self._vhost)
        self.database: ServiceDatabase = templates.copy("toy")
        self.bus = Bus(self.amqp_uri)
        self._processes: list[ServiceProcess] = []
        self._peers: list[Peer] = []
        self._toy: ServiceProcess | None = None
        self._relay: ServiceProcess | None = None

    @property
    def toy(self) -> ServiceProcess:
        """The service, started when it is first asked for."""
        if self._toy is None:
            self._toy = self.run()
        return self._toy

    @property
    def relay(self) -> ServiceProcess:
        """Its relay, likewise."""
        if self._relay is None:
            self._relay = self.run("relay")
        return self._relay

    def run(self, command: str = "serve", *, wait: bool = True, package: str = "toy", **environment: str) -> ServiceProcess:
        """One more process of the toy."""
        given = {"AMQP_URI": self.amqp_uri, "DATABASE_URL": self.database.url, **environment}
        process = ServiceProcess(package, command, given)
        self._processes.append(process)
        return process.wait_ready() if wait else process

    def command(self, *arguments: str, module: str = "toy") -> tuple[int, str]:
        """`python -m <module> <arguments>`: its exit code, and what it said."""
        given = environment_of({"AMQP_URI": self.amqp_uri, "DATABASE_URL": self.database.url})
        ended = subprocess.run(
            [sys.executable, "-m", module, *arguments], env=given, capture_output=True, text=True, timeout=60, check=False
        )
        return ended.returncode, ended.stdout + ended.stderr

    def peer(self, service: str, **methods: object) -> Peer:
        """A small service of the test's own."""
        self._peers.append(Peer(self.amqp_uri, service, methods))  # type: ignore[arg-type]  # functions, all of them
        return self._peers[-1]

    def marks(self, who: str) -> list[str]:
        """What `who` left, in order."""
        return [row["what"] for row in self.database.query("SELECT what FROM marks WHERE who = %s ORDER BY id", who)]

    def waiting(self) -> int:
        """How many events wait in the outbox."""
        return int(self.database.query("SELECT count(*) AS count FROM outbox")[0]["count"])

    def close(self) -> None:
        """Leave."""
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.end()
        for peer in self._peers:
            peer.stop()
        self.bus.close()
        self.database.drop()
        self.rabbit.remove_vhost(self._vhost)


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("toy")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture(scope="module")
def stage(rabbit: RabbitNode, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage that the tests of a file share."""
    opened = Stage(rabbit, templates, tmp_path_factory.mktemp("stage"))
    yield opened
    opened.close()


@pytest.fixture
def fresh_stage(rabbit: RabbitNode, templates: Templates, tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own."""
    opened = Stage(rabbit, templates, tmp_path)
    yield opened
    opened.close()
