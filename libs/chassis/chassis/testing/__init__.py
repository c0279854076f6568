"""Real servers for tests: a PostgreSQL and a RabbitMQ per run, a database and a vhost of its own for every test.

Loaded as a pytest plugin (`-p chassis.testing`). What a test starts through these fixtures ends with the test.
"""

import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psutil
import pytest
import structlog

from chassis.audit import audit
from chassis.testing.browser import browser
from chassis.testing.bus import Bus
from chassis.testing.clock import MovingClock
from chassis.testing.databases import ServiceDatabase, Templates
from chassis.testing.mail import MailServer
from chassis.testing.peers import FakeCall, Peer
from chassis.testing.processes import ServiceProcess
from chassis.testing.waiting import eventually, quickest
from local_servers import PostgresServer, RabbitNode

__all__ = ["Bus", "FakeCall", "MovingClock", "Peer", "ServiceDatabase", "ServiceProcess", "browser", "eventually", "quickest"]

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  the folder in it is made for this run alone
ENOUGH_BYTES = 4 * 2**30
FOLDERS = "comptoir-tests-"
"""What their names begin with; then comes the id of the process whose folder it is."""
SHOWN_CHARACTERS = 5_000
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Let the chassis in the tests' own process say what matters alone."""
    config.addinivalue_line("markers", "unsound(why): the test writes what no service would, so its database is not audited when it ends")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, with a test that fails, what the processes said last that it had started."""
    report = yield
    if report.failed:
        report.sections += [(f"Log of {process.name}", process.text()[-SHOWN_CHARACTERS:]) for process in ServiceProcess.started]
    return report


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that the servers' own users can reach; in memory where there is enough, as a database is copied for each test."""
    root = _memory()
    remove_left_over(root)
    with tempfile.TemporaryDirectory(prefix=f"{FOLDERS}{os.getpid()}-", dir=root, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def _memory() -> Path:
    is_enough = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ENOUGH_BYTES
    return SHARED_MEMORY if is_enough else Path(tempfile.gettempdir())


def remove_left_over(root: Path) -> None:
    """Remove the folders of runs that were killed: a gigabyte each."""
    for folder in root.glob(f"{FOLDERS}*-*"):
        owner = folder.name.removeprefix(FOLDERS).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[PostgresServer]:
    """The PostgreSQL of this run. A wait inside its driver cannot be interrupted by a test's timeout, so the server ends it."""
    server = PostgresServer(server_folder / "postgres", durable=False, settings={"statement_timeout": "60s"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbit(server_folder: Path) -> Iterator[RabbitNode]:
    """The RabbitMQ of this run. A test that stops it must start it again."""
    node = RabbitNode(server_folder / "rabbit")
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def templates(postgres: PostgresServer) -> Templates:
    """One migrated database per service, from which tests' databases are copied."""
    return Templates(postgres)


@pytest.fixture
def make_database(templates: Templates) -> Iterator[Callable[[str], ServiceDatabase]]:
    """`make_database("accounts")`: a fresh, migrated database of a service."""
    made: list[ServiceDatabase] = []

    def make(package: str) -> ServiceDatabase:
        made.append(templates.copy(package))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def make_audited_database(
    make_database: Callable[[str], ServiceDatabase], request: pytest.FixtureRequest
) -> Iterator[Callable[[str], ServiceDatabase]]:
    """`make_database`, for services with an auditor: whatever the test did, and whatever it killed, the books are right when it ends.

    Only a test that is marked `unsound`, for it breaks them itself, is left alone.
    """
    made: list[tuple[str, ServiceDatabase]] = []

    def make(package: str) -> ServiceDatabase:
        made.append((package, make_database(package)))
        return made[-1][1]

    yield make
    if request.node.get_closest_marker("unsound") is None:
        wrong = [f"{package}: {finding}" for package, database in made for finding in audit(package, database.url).findings]
        assert wrong == [], "\n".join(wrong)


@pytest.fixture
def amqp_uri(rabbit: RabbitNode) -> Iterator[str]:
    """The address of a vhost that only this test uses."""
    name = f"test-{next(_numbers)}"
    yield rabbit.add_vhost(name)
    rabbit.remove_vhost(name)


@pytest.fixture
def run_service(amqp_uri: str) -> Iterator[Callable[..., ServiceProcess]]:
    """`run_service("accounts", database)`: the real process, `command` = serve (default) or relay, ready to be used.

    Further keyword arguments become its environment; `wait=False` returns at once.
    """
    running: list[ServiceProcess] = []

    def run(package: str, database: ServiceDatabase, *, command: str = "serve", wait: bool = True, **environment: str) -> ServiceProcess:
        process = ServiceProcess(package, command, {"AMQP_URI": amqp_uri, "DATABASE_URL": database.url, **environment})
        running.append(process)
        if wait:
            process.wait_ready()
        return process

    yield run
    for process in running:
        process.ask_to_end()
    for process in running:
        process.end()


@pytest.fixture
def bus(amqp_uri: str) -> Iterator[Bus]:
    """Publish events and calls as anybody on the bus could, and collect the events that are published."""
    opened = Bus(amqp_uri)
    yield opened
    opened.close()


@pytest.fixture
def peer(amqp_uri: str) -> Iterator[Callable[..., Peer]]:
    """`peer("billing", quote=function)`: a small service of the test's own that answers calls on the real broker."""
    peers: list[Peer] = []

    def start(service: str, **methods: Callable[[dict[str, object]], object]) -> Peer:
        peers.append(Peer(amqp_uri, service, methods))
        return peers[-1]

    yield start
    for each in peers:
        each.stop()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that takes mail until the test ends."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clock() -> MovingClock:
    """A clock that moves when told to."""
    return MovingClock()
