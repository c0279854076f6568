"""Notifications under test: its own database, real processes on a real broker, and a real mail server outside of it."""

from collections.abc import Callable

import pytest

from chassis.mail import Mailer
from chassis.testing import MovingClock, ServiceDatabase, ServiceProcess
from chassis.testing.mail import MailServer, mailer_to
from chassis.unit_of_work import Units
from notifications.domain import TransferLinks

LINK_SECRET = "a-secret-of-more-than-32-characters"


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("notifications")


@pytest.fixture
def work(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture
def mailer(mail_server: MailServer) -> Mailer:
    return mailer_to(mail_server.url)


@pytest.fixture
def links() -> TransferLinks:
    return TransferLinks(secret=LINK_SECRET.encode())


@pytest.fixture
def notifications(run_service: Callable[..., ServiceProcess], database: ServiceDatabase, mail_server: MailServer) -> ServiceProcess:
    return run_service("notifications", database, SMTP_URL=mail_server.url, TRANSFER_LINK_SECRET=LINK_SECRET)
