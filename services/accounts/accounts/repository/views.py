"""Questions about saved views."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import View


def views_page(session: Session, *, agency_id: str, owner: str, after: str | None, limit: int) -> Sequence[View]:
    """List at most `limit` of the owner's views by name, from behind the one of the name `after`."""
    question = select(View).where(View.agency_id == agency_id, View.owner == owner).order_by(View.name).limit(limit)
    return session.scalars(question if after is None else question.where(View.name > after)).all()


def count_views(session: Session, *, agency_id: str, owner: str) -> int:
    """Count the owner's views."""
    return int(session.scalars(select(func.count()).select_from(View).where(View.agency_id == agency_id, View.owner == owner)).one())


def view_of(session: Session, *, agency_id: str, owner: str, view_id: str) -> View | None:
    """Find the owner's view of this id."""
    return session.scalar(select(View).where(View.id == view_id, View.agency_id == agency_id, View.owner == owner))


def view_for_update(session: Session, *, agency_id: str, owner: str, view_id: str) -> View | None:
    """Find the owner's view of this id and lock it."""
    return session.scalar(select(View).where(View.id == view_id, View.agency_id == agency_id, View.owner == owner).with_for_update())


def view_is_called(session: Session, *, agency_id: str, owner: str, name: str) -> bool:
    """Tell whether the owner has a view of this name."""
    return session.scalar(select(View.id).where(View.agency_id == agency_id, View.owner == owner, View.name == name)) is not None


def insert_view(session: Session, **values: Any) -> View | None:
    """Insert a view; None where its owner has one of this name."""
    return session.scalars(insert(View).values(version=1, **values).on_conflict_do_nothing().returning(View)).one_or_none()


def queue_for_views(session: Session, *, agency_id: str, owner: str) -> None:
    """Wait until nobody else changes the owner's views, and let nobody until the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"views {agency_id} {owner}", 0))))
