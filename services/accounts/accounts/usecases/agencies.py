"""What others tell of agencies."""

from datetime import datetime

from accounts import repository
from chassis.unit_of_work import UnitOfWork


def note_agency(uow: UnitOfWork, *, agency_id: str, notification_email: str, told_at: datetime, told_by: str) -> None:
    """Keep the agency's notification address, the default for its accounts; the latest told wins, in whatever order they come."""
    repository.note_agency(uow.session, agency_id=agency_id, notification_email=notification_email, told_at=told_at, told_by=told_by)
