"""Billing in tests: its own database, a clock that stands still, an agency with a card. Only credits is played by the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billing.clients import TestProvider
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .stage import FakeCredits, Stage
from .stripe_peer import StripePeer, playing_stripe


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


@pytest.fixture(scope="session")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripePeer]:
    with playing_stripe(Path(tmp_path_factory.mktemp("localstripe"))) as peer:
        yield peer


@pytest.fixture
def stripe_peer(localstripe: StripePeer) -> StripePeer:
    """Stripe as if nobody had ever used it."""
    localstripe.forget()
    return localstripe
