"""The clocks of agencies in test mode: one each, forward only, identity's own time and everybody's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import context as contexts
from chassis.errors import InvalidCursor, Refused
from chassis.fields import format_instant
from chassis.ids import new_id
from chassis.testing import Bus, MovingClock, ServiceDatabase
from chassis.testing.bus import refusal_of
from chassis.testing.clock import START
from chassis.unit_of_work import Units
from identity import domain, errors, models, usecases

from .factories import AGENCY, an_agency

MONTH = timedelta(days=28)
STEP = domain.LONGEST_STEP


def made(work: Units, agency_id: str, *, now: datetime | None = None) -> models.TestClock:
    with work.begin() as uow:
        return usecases.create_test_clock(uow, agency_id=agency_id, now=now)


def advanced(work: Units, agency_id: str, clock_id: str, *, to: datetime) -> models.TestClock:
    with work.begin() as uow:
        return usecases.advance_test_clock(uow, agency_id=agency_id, clock_id=clock_id, to=to)


def now_of(work: Units, agency_id: str) -> datetime:
    with contexts.activated(contexts.new_context(agency_id=agency_id)), work.begin() as uow:
        return uow.now


# --- the rule ---------------------------------------------------------------------------------------------------------------------------


def test_real_time_cannot_be_stopped() -> None:
    with pytest.raises(errors.NotInTestMode):
        domain.refuse_clock(test_mode=False, clock_id=None)


def test_an_agency_has_one_time() -> None:
    domain.refuse_clock(test_mode=True, clock_id=None)
    with pytest.raises(errors.TestClockExists) as refusal:
        domain.refuse_clock(test_mode=True, clock_id="clk_1")
    assert refusal.value.details == {"clock_id": "clk_1"}


def test_a_clock_begins_where_its_agency_is_or_later() -> None:
    assert domain.begin_clock(wanted=None, platform_now=START) == START
    for wanted in (START, START + STEP):
        assert domain.begin_clock(wanted=wanted, platform_now=START) == wanted
    with pytest.raises(errors.ClockBeginsNoEarlier, match=r"it is 2026-03-31T09:30:00\+00:00 for the agency") as early:
        domain.begin_clock(wanted=START - timedelta(microseconds=1), platform_now=START)
    with pytest.raises(errors.ClockBeginsNoLater, match=r"until 2028-03-31T09:30:00\+00:00") as late:
        domain.begin_clock(wanted=START + STEP + timedelta(microseconds=1), platform_now=START)
    assert [early.value.code, late.value.code] == ["clock_moves_forward_only", "clock_step_too_long"]
    assert [early.value.field, late.value.field] == ["now", "now"]


@given(st.lists(st.timedeltas(-STEP * 2, STEP * 2), max_size=30))
def test_whatever_a_clock_is_told_it_moves_forward_by_a_step_at_most(steps: list[timedelta]) -> None:
    now = START
    for step in steps:
        try:
            after = domain.advance_clock(now=now, to=now + step)
        except errors.ClockMovesForwardOnly:
            assert step <= timedelta(0)
        except errors.ClockStepTooLong:
            assert step > STEP
        else:
            assert now < after == now + step <= now + STEP
            now = after


# --- the verbs --------------------------------------------------------------------------------------------------------------------------


def test_an_agencys_time_is_real_until_it_makes_a_clock_and_then_moves_when_told_to(
    work: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    agency_id, other = (an_agency(work, test_mode=True).id for _ in range(2))
    clock.advance(days=1)
    assert now_of(work, agency_id) == clock.now
    stopped = made(work, agency_id)
    begun_at = clock.now
    clock.advance(days=5)
    assert (now_of(work, agency_id), now_of(work, other)) == (begun_at, clock.now)
    moved = advanced(work, agency_id, stopped.id, to=begun_at + MONTH)
    assert (now_of(work, agency_id), now_of(work, other)) == (begun_at + MONTH, clock.now)
    assert (stopped.version, moved.version) == (1, 2)
    assert moved.created_at == begun_at
    assert database.emitted()[2:] == [
        ("test_clock_advanced", {"clock_id": stopped.id, "now": format_instant(now)}) for now in (begun_at, begun_at + MONTH)
    ]
    assert {row["agency_id"] for row in database.query("SELECT body::jsonb ->> 'agency_id' AS agency_id FROM outbox")[2:]} == {agency_id}


def test_a_clock_is_not_made_for_a_real_or_unknown_agency_nor_twice(work: Units, database: ServiceDatabase) -> None:
    with pytest.raises(errors.NotInTestMode):
        made(work, an_agency(work).id)
    with pytest.raises(errors.AgencyNotFound):
        made(work, new_id("agy"))
    agency_id = an_agency(work, test_mode=True).id
    first = made(work, agency_id)
    with pytest.raises(errors.TestClockExists) as refusal:
        made(work, agency_id, now=START - MONTH)
    assert refusal.value.details == {"clock_id": first.id}
    assert len(database.query("SELECT 1 FROM test_clocks")) == len(database.query("SELECT 1 FROM agency_clocks")) == 1


def test_a_refused_move_leaves_the_time_where_it_was(work: Units, database: ServiceDatabase) -> None:
    agency_id = an_agency(work, test_mode=True).id
    stopped = made(work, agency_id, now=START + MONTH)
    for to, refusal in ((START, errors.ClockMovesForwardOnly), (START + MONTH + STEP + MONTH, errors.ClockStepTooLong)):
        with pytest.raises(refusal):
            advanced(work, agency_id, stopped.id, to=to)
    assert now_of(work, agency_id) == START + MONTH
    assert [name for name, _ in database.emitted()].count("test_clock_advanced") == 1


def test_of_many_who_move_one_clock_at_once_none_moves_it_back(work: Units) -> None:
    agency_id = an_agency(work, test_mode=True).id
    stopped = made(work, agency_id)

    def move(days: int) -> None:
        try:
            advanced(work, agency_id, stopped.id, to=START + timedelta(days=days))
        except errors.ClockMovesForwardOnly:
            return

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(move, [3, 9, 1, 7, 20, 2, 14, 5]))
    assert now_of(work, agency_id) == START + timedelta(days=20)


def test_the_clock_of_another_agency_looks_like_none(work: Units) -> None:
    owner, other = (an_agency(work, test_mode=True).id for _ in range(2))
    clock_id = made(work, owner).id
    with pytest.raises(errors.TestClockNotFound):
        advanced(work, other, clock_id, to=START + MONTH)
    with work.reading() as session:
        assert usecases.test_clock(session, agency_id=owner, clock_id=clock_id).now == START
        with pytest.raises(errors.TestClockNotFound):
            usecases.test_clock(session, agency_id=other, clock_id=clock_id)
        pages = [usecases.test_clocks(session, agency_id=agency_id, limit=1, cursor=None) for agency_id in (owner, other)]
        assert [([clock.id for clock in page.data], page.next_cursor, page.total) for page in pages] == [
            ([clock_id], None, 1),
            ([], None, 0),
        ]
        with pytest.raises(InvalidCursor):
            usecases.test_clocks(session, agency_id=owner, limit=1, cursor="WzFd")


# --- on the bus -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("identity")
def test_a_clock_is_made_moved_and_shown_over_the_bus_once_per_key(bus: Bus, database: ServiceDatabase) -> None:
    def call(method: str, key: str | None = None, **payload: Any) -> dict[str, Any]:
        answer: dict[str, Any] = bus.call("identity", method, {"agency_id": agency_id, **payload}, idempotency_key=key)
        return answer

    def refused(method: str, **payload: Any) -> Refused:
        return refusal_of(lambda: call(method, **payload))

    agency_id = bus.call("identity", "register_agency", {**AGENCY, "test_mode": True})["id"]
    clock = call("create_test_clock", "make")
    assert call("create_test_clock", "make") == clock
    assert refused("create_test_clock").code == "test_clock_exists"
    to = format_instant(datetime.fromisoformat(clock["now"]) + MONTH)
    moved = call("advance_test_clock", "move", clock_id=clock["id"], to=to)
    assert call("advance_test_clock", "move", clock_id=clock["id"], to=to) == moved == {**clock, "now": to, "version": 2}
    assert refused("advance_test_clock", clock_id=clock["id"], to=to).to_wire()["details"]["field"] == "to"
    assert call("test_clock", clock_id=clock["id"]) == moved
    assert call("test_clocks") == {"data": [moved], "next_cursor": None, "total": 1}
    assert [name for name, _ in database.emitted()].count("test_clock_advanced") == 2
