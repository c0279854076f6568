"""Time per agency: an agency may have a clock of its own, which moves only when told to; every other one lives in the platform's time.

Each service keeps the clocks it was told of in its own table `agency_clocks`. `uow.now` and `uow.now_of` ask it for one agency; a question
about rows of many agencies asks it in SQL, by `now_for` and `is_due`.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, DateTime, Text, and_, column, func, literal, select, table
from sqlalchemy.dialects.postgresql import Insert, insert

from chassis.schemas import Reading, fields

MOMENT = DateTime(timezone=True)
AGENCY_CLOCKS = table("agency_clocks", column("agency_id", Text), column("now", MOMENT))


class ClockMoved(Reading):
    """What is read of the event that says where the clock of its agency stands now."""

    now = fields.Instant(required=True)


def clock_of(agency_id: str | ColumnElement[str]) -> ColumnElement[datetime | None]:
    """Where the agency's own clock stands; NULL where it has none."""
    return select(AGENCY_CLOCKS.c.now).where(AGENCY_CLOCKS.c.agency_id == agency_id).scalar_subquery()


def now_for(agency_id: ColumnElement[str], *, platform_now: datetime) -> ColumnElement[datetime]:
    """The time of the agency in that column of each row."""
    return func.coalesce(clock_of(agency_id), literal(platform_now, MOMENT))


def is_due(due_at: ColumnElement[datetime], *, agency_id: ColumnElement[str], platform_now: datetime) -> ColumnElement[bool]:
    """Whether `due_at` has come in the time of the row's agency.

    No row is due that is later than every clock there is: that bound is one value for the whole question, for an index on `due_at`.
    """
    latest_clock = select(func.max(AGENCY_CLOCKS.c.now)).scalar_subquery()
    return and_(
        due_at <= func.greatest(literal(platform_now, MOMENT), latest_clock),  # greatest() passes over NULL: where there is no clock at all
        due_at <= now_for(agency_id, platform_now=platform_now),
    )


def moved(*, agency_id: str, now: datetime) -> Insert:
    """The statement that brings the agency's clock to `now`, or leaves it: time never goes back, in whatever order its moves are heard."""
    move = insert(AGENCY_CLOCKS).values(agency_id=agency_id, now=now)
    return move.on_conflict_do_update(
        index_elements=["agency_id"], set_={"now": move.excluded.now}, where=AGENCY_CLOCKS.c.now < move.excluded.now
    )
