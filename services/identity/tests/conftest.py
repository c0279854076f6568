"""Identity under test: a database of its own each time, real processes, broker and mail server; nothing of ours is replaced."""

from collections.abc import Callable

import pytest

from chassis.mail import Mailer
from chassis.testing import MovingClock, ServiceDatabase, ServiceProcess
from chassis.testing.mail import MailServer, mailer_to
from chassis.unit_of_work import Units
from identity import clients

from .factories import PEPPER, wiring


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
def mailer(mail_server: MailServer) -> Mailer:
    return mailer_to(mail_server.url, mail_from="accounts@comptoir.example")


@pytest.fixture
def identity(run_service: Callable[..., ServiceProcess], database: ServiceDatabase, mail_server: MailServer) -> ServiceProcess:
    return run_service("identity", database, API_KEY_PEPPER=PEPPER.decode(), SMTP_URL=mail_server.url)
