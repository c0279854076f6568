"""Accounts in tests: its own database, a clock that stands still, and an agency. Nothing of accounts is mocked."""

from collections.abc import Callable

import pytest

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("accounts")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture
def agency_id() -> str:
    return new_id("agy")
