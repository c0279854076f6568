"""Credits in tests: its own database, a clock that stands still, and one agency's ledger. Nothing of credits is mocked."""

from collections.abc import Callable

import pytest

from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import Ledger


@pytest.fixture
def database(make_audited_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    """Audited when the test ends, whatever was killed, repeated or late in it."""
    return make_audited_database("credits")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture
def ledger(units: Units) -> Ledger:
    return Ledger(units)
