"""An event is handled once in each handler, a period's work by one replica."""

from concurrent.futures import ThreadPoolExecutor

from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units

from .marks import event, leave, marks


def test_an_event_has_one_effect_in_each_handler(units: Units, database: ServiceDatabase) -> None:
    assert units.handle(event(handler="one"), leave) is True
    assert units.handle(event(handler="one"), leave) is False
    assert units.handle(event(handler="two"), leave) is True
    assert units.handle(event("evt_2", handler="one"), leave) is True
    assert marks(database) == 3


def test_an_event_handled_by_many_at_once_has_one_effect(database: ServiceDatabase) -> None:
    units = database.units(pool_size=16)
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda _number: units.handle(event(), leave), range(16)))
    assert sum(done) == 1
    assert marks(database) == 1


def test_three_replicas_share_a_thousand_periods(database: ServiceDatabase) -> None:
    """Trap: timers fire in every replica."""
    replicas = [database.units(pool_size=1) for _ in range(3)]

    def take(units: Units) -> list[int]:
        return [period for period in range(1000) if units.take_lease("renewals", period)]

    with ThreadPoolExecutor(3) as pool:
        taken = list(pool.map(take, replicas))
    assert sorted(period for each in taken for period in each) == list(range(1000))
    assert replicas[0].take_lease("dunning", 1)
