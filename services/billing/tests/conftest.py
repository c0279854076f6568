"""Billing in tests: its own database, a clock that stands still, an agency with a card. Only credits is played by the test."""

from collections.abc import Callable

import pytest

from billing.clients import TestProvider
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .stage import FakeCredits, Stage


@pytest.fixture
def database(make_audited_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    """Audited when the test ends, whatever was killed, repeated or late in it."""
    return make_audited_database("billing")


@pytest.fixture
def units(database: ServiceDatabase, clock: MovingClock) -> Units:
    return database.units(clock)


@pytest.fixture
def credits_() -> FakeCredits:
    return FakeCredits()


@pytest.fixture
def provider(database: ServiceDatabase) -> TestProvider:
    return TestProvider(database.url)


@pytest.fixture
def stage(database: ServiceDatabase, units: Units, clock: MovingClock, credits_: FakeCredits, provider: TestProvider) -> Stage:
    return Stage(database=database, units=units, clock=clock, credits_=credits_, provider=provider)
