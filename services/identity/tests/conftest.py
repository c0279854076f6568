"""Identity under test: a database of its own each time, real processes, broker and mail server; nothing of ours is replaced."""

from collections.abc import Callable, Iterator

import pytest

from chassis.testing import MovingClock, ServiceDatabase, ServiceProcess
from chassis.unit_of_work import Units
from identity import clients

from .factories import PEPPER, wiring
from .mail_server import MailServer


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("identity")


@pytest.fixture
def work(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock, pool_size=20)


@pytest.fixture(scope="session")
def passwords() -> clients.Passwords:
    return clients.Passwords(wiring())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailer(mail_server: MailServer) -> clients.Mailer:
    return clients.Mailer(wiring(smtp_url=mail_server.url))


@pytest.fixture
def identity(run_service: Callable[..., ServiceProcess], database: ServiceDatabase, mail_server: MailServer) -> ServiceProcess:
    return run_service("identity", database, API_KEY_PEPPER=PEPPER.decode(), SMTP_URL=mail_server.url)
