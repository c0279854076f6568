"""What agencies want to hear of their pots."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from credits.models import Settings


def settings_of(session: Session, *, agency_id: str, kind: str) -> Settings | None:
    """Find what the agency wants to hear of its pot of this kind."""
    return session.get(Settings, (agency_id, kind))


def note_low(session: Session, *, agency_id: str, kind: str, is_low: bool) -> Settings:
    """Keep whether the agency's pot is low, and give its settings; they are known to be there, and the pot is locked."""
    where = (Settings.agency_id == agency_id, Settings.kind == kind)
    return session.scalars(update(Settings).where(*where).values(is_low=is_low).returning(Settings)).one()
