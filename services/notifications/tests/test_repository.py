"""The questions that must stay cheap."""

from datetime import timedelta

from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from notifications import repository, usecases

from .factories import World


def keep(work: Units, world: World, count: int) -> None:
    for _ in range(count):
        event = world.event("workspace_prepared")
        with work.begin() as uow:
            usecases.record_event(uow, arrived=event, facts={})


def test_old_events_are_deleted_oldest_first_and_a_batch_at_a_time(work: Units, clock: MovingClock, database: ServiceDatabase) -> None:
    keep(work, World(), 5)
    later = clock.now + timedelta(seconds=1)
    deleted = []
    for _ in range(4):
        with work.begin() as uow:
            deleted.append(repository.delete_events_before(uow.session, recorded_before=later, limit=2))
    assert deleted == [2, 2, 1, 0]
    assert database.query("SELECT * FROM events") == []


def test_a_page_of_the_feed_is_read_from_its_index(work: Units, database: ServiceDatabase) -> None:
    world = World()
    keep(work, world, 3)
    page = "SELECT * FROM events WHERE agency_id = %s ORDER BY position DESC LIMIT 51"
    plan = database.query(f"SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN {page}", world.agency_id)
    assert "Index Scan Backward using ix_events_agency_id_position" in str(plan)
    assert "Sort" not in str(plan)
