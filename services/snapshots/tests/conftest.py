"""Snapshots in tests: its own database and a clock that stands still. Nothing of snapshots is mocked."""

from collections.abc import Callable

import pytest

from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import Workspaces


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("snapshots")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture
def workspaces(units: Units) -> Workspaces:
    return Workspaces(units)
