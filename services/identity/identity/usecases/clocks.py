"""The clocks of agencies in test mode: made, moved, shown (decision 0012)."""

from datetime import datetime

from sqlalchemy.orm import Session

from chassis.errors import InvalidCursor
from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork
from identity import domain, errors, events, models, repository


def create_test_clock(uow: UnitOfWork, *, agency_id: str, now: datetime | None) -> models.TestClock:
    """Stop the agency's time at `now` (None: this moment); from here on it moves only when told to.

    Raises `AgencyNotFound`, `NotInTestMode`, `TestClockExists`, `ClockBeginsNoEarlier` and `ClockBeginsNoLater`.
    """
    agency = repository.agency_for_update(uow.session, agency_id=agency_id)
    if agency is None:
        raise errors.AgencyNotFound(agency_id=agency_id)
    others = repository.test_clocks_of(uow.session, agency_id=agency_id)
    domain.refuse_clock(test_mode=agency.test_mode, clock_id=others[0].id if others else None)
    begins_at = domain.begin_clock(wanted=now, platform_now=uow.platform_now)
    clock = models.TestClock(id=new_id("clk"), agency_id=agency_id, now=begins_at, created_at=uow.platform_now)
    uow.session.add(clock)
    _tell(uow, clock)
    return clock


def advance_test_clock(uow: UnitOfWork, *, agency_id: str, clock_id: str, to: datetime) -> models.TestClock:
    """Move the agency's time to `to`; raises `TestClockNotFound`, `ClockMovesForwardOnly` and `ClockStepTooLong`."""
    clock = repository.test_clock_for_update(uow.session, agency_id=agency_id, clock_id=clock_id)
    if clock is None:
        raise errors.TestClockNotFound(clock_id=clock_id)
    clock.now = domain.advance_clock(now=clock.now, to=to)
    _tell(uow, clock)
    return clock


def test_clock(session: Session, *, agency_id: str, clock_id: str) -> models.TestClock:
    """Give the clock; raises `TestClockNotFound`."""
    found = repository.test_clock(session, agency_id=agency_id, clock_id=clock_id)
    if found is None:
        raise errors.TestClockNotFound(clock_id=clock_id)
    return found


def test_clocks(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.TestClock]:
    """List the agency's clocks: one at most, so the first page is the last, and no cursor was ever given out (`InvalidCursor`)."""
    if cursor is not None:
        raise InvalidCursor
    found = repository.test_clocks_of(session, agency_id=agency_id)
    return Page(data=found[:limit], next_cursor=None, total=len(found))


def _tell(uow: UnitOfWork, clock: models.TestClock) -> None:
    """Let identity itself go by the clock from now on, and tell the others to."""
    uow.move_clock(agency_id=clock.agency_id, now=clock.now)
    uow.emit(events.TestClockAdvanced(subject=clock.id, agency_id=clock.agency_id, clock_id=clock.id, now=clock.now))
