"""The toy service for the tests of the chassis: a real database, a real broker, real processes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.testing import ServiceDatabase, ServiceProcess

TOY = str(Path(__file__).parent / "toy")
if TOY not in sys.path:
    sys.path.insert(0, TOY)


@pytest.fixture
def database(make_database: Callable[[str], ServiceDatabase]) -> ServiceDatabase:
    return make_database("toy")


@pytest.fixture
def toy(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("toy", database)


@pytest.fixture
def relay(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("toy", database, command="relay")
