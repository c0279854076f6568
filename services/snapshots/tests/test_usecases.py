"""The workspaces' stories: prepared, refused, dropped, in any order and more than once."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from snapshots import errors
from snapshots.domain import AssetKind

from .factories import Workspaces


@pytest.fixture
def account_id() -> str:
    return new_id("acc")


def test_a_requested_account_gets_an_empty_workspace_and_it_is_told(
    workspaces: Workspaces, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    workspaces.requested(account_id)
    assert workspaces.of(account_id) == {
        "account_id": account_id,
        "state": "ready",
        "snapshot_id": None,
        "assets": dict.fromkeys(AssetKind, 0),
        "prepared_at": clock.now,
    }
    assert database.emitted() == [("workspace_prepared", {"account_id": account_id, "snapshot_id": None, "assets": 0})]


def test_a_workspace_is_prepared_once_however_often_it_is_asked_for(
    workspaces: Workspaces, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    workspaces.requested(account_id)
    before = workspaces.of(account_id)
    clock.advance(seconds=1)
    workspaces.requested(account_id)
    assert workspaces.of(account_id) == before
    assert len(database.emitted()) == 1


def test_a_copy_of_a_snapshot_that_does_not_exist_fails_and_says_why_once(
    workspaces: Workspaces, database: ServiceDatabase, account_id: str
) -> None:
    snapshot_id = new_id("snp")
    workspaces.requested(account_id, snapshot_id=snapshot_id)
    workspaces.requested(account_id, snapshot_id=snapshot_id)
    answer = workspaces.of(account_id)
    assert (answer["state"], answer["snapshot_id"], answer["prepared_at"]) == ("failed", snapshot_id, None)
    reason = f"There is no snapshot {snapshot_id}, so nothing can be copied from it."
    assert database.emitted() == [("workspace_copy_failed", {"account_id": account_id, "code": "snapshot_not_found", "reason": reason})]


def test_the_workspace_of_a_failed_account_is_gone_with_all_in_it(
    workspaces: Workspaces, database: ServiceDatabase, account_id: str
) -> None:
    other = new_id("acc")
    for each in (account_id, other):
        workspaces.requested(each)
        workspaces.put(each, "tag", "vip")
    workspaces.failed(account_id)
    workspaces.failed(account_id)
    with pytest.raises(errors.WorkspaceNotFound):
        workspaces.of(account_id)
    assert database.query("SELECT account_id FROM assets") == [{"account_id": other}]
    assert workspaces.of(other)["assets"]["tag"] == 1


@pytest.mark.parametrize("snapshot_id", [None, new_id("snp")], ids=["empty", "copied"])
def test_for_an_account_that_failed_before_nothing_is_prepared_and_nothing_told(
    workspaces: Workspaces, database: ServiceDatabase, account_id: str, snapshot_id: str | None
) -> None:
    workspaces.failed(account_id)
    workspaces.requested(account_id, snapshot_id=snapshot_id)
    with pytest.raises(errors.WorkspaceNotFound):
        workspaces.of(account_id)
    assert database.emitted() == []


def test_nobody_finds_the_workspace_of_another_agency(workspaces: Workspaces, units: Units, account_id: str) -> None:
    workspaces.requested(account_id)
    with pytest.raises(errors.WorkspaceNotFound):
        Workspaces(units).of(account_id)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(with_snapshot=st.booleans(), fails=st.booleans(), seed=st.integers(min_value=0))
def test_events_once_to_five_times_in_any_order_lead_to_the_same_state(
    workspaces: Workspaces, database: ServiceDatabase, with_snapshot: bool, fails: bool, seed: int
) -> None:
    account_id, random = new_id("acc"), Random(seed)
    requested = partial(workspaces.requested, account_id, snapshot_id=new_id("snp") if with_snapshot else None)
    deliveries = [requested] * random.randint(1, 5)
    if fails:
        deliveries += [partial(workspaces.failed, account_id)] * random.randint(1, 5)
    random.shuffle(deliveries)
    for deliver in deliveries:
        deliver()
    (row,) = database.query("SELECT state FROM workspaces WHERE account_id = %s", account_id)
    assert row["state"] == ("dropped" if fails else "failed" if with_snapshot else "ready")
    told = database.query("SELECT routing_key FROM outbox WHERE body::jsonb ->> 'subject' = %s", account_id)
    assert len(told) <= 1
    assert fails or len(told) == 1


def test_a_request_and_a_failure_at_once_leave_a_dropped_workspace(database: ServiceDatabase) -> None:
    workspaces = Workspaces(database.units(pool_size=8))
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            account_id = new_id("acc")
            deliveries = [partial(workspaces.requested, account_id), partial(workspaces.failed, account_id)] * 4
            list(pool.map(lambda deliver: deliver(), deliveries))
            with pytest.raises(errors.WorkspaceNotFound):
                workspaces.of(account_id)
