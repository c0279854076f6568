"""Identity under test: a database of its own each time, real processes on a real broker; nothing of ours is replaced."""

from collections.abc import Callable

import pytest

from chassis.testing import MovingClock, ServiceDatabase, ServiceProcess
from chassis.unit_of_work import Units

from .factories import PEPPER


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("identity")


@pytest.fixture
def work(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock, pool_size=20)


@pytest.fixture
def identity(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("identity", database, API_KEY_PEPPER=PEPPER.decode())
