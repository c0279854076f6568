"""Questions about agencies."""

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import Agency


def notification_email_of(session: Session, agency_id: str) -> str | None:
    """Find the notification address of an agency, as far as identity has told it."""
    return session.scalar(select(Agency.notification_email).where(Agency.id == agency_id))


def note_agency(session: Session, *, agency_id: str, notification_email: str, told_at: datetime, told_by: str) -> None:
    """Keep what an event told of an agency, unless a later event told something already."""
    told = insert(Agency).values(id=agency_id, notification_email=notification_email, told_at=told_at, told_by=told_by)
    newer = tuple_(told.excluded.told_at, told.excluded.told_by) > tuple_(Agency.told_at, Agency.told_by)
    changes = {"notification_email": told.excluded.notification_email, "told_at": told.excluded.told_at, "told_by": told.excluded.told_by}
    session.execute(told.on_conflict_do_update(index_elements=[Agency.id], set_=changes, where=newer))
