"""Questions about changes of plan."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import PlanChange


def insert_plan_change(session: Session, **values: Any) -> PlanChange | None:
    """Insert a change of plan; None where its quote was used for one already."""
    return session.scalars(
        insert(PlanChange).values(**values).on_conflict_do_nothing(index_elements=["quote_id"]).returning(PlanChange)
    ).one_or_none()


def scheduled_plan_change(session: Session, account_id: str) -> PlanChange | None:
    """Find the change of plan that waits for its moment; whoever changes it holds the lock of its account."""
    return session.scalars(select(PlanChange).where(PlanChange.account_id == account_id, PlanChange.state == "scheduled")).one_or_none()


def plan_changes_page(
    session: Session, *, agency_id: str, account_id: str, after: tuple[datetime, str] | None, limit: int
) -> Sequence[PlanChange]:
    """List at most `limit` changes of plan of an account that the agency asked for, the newest first, from behind that made at `after`."""
    question = select(PlanChange).where(PlanChange.account_id == account_id, PlanChange.agency_id == agency_id)
    if after is not None:
        question = question.where(tuple_(PlanChange.created_at, PlanChange.id) < after)
    return session.scalars(question.order_by(PlanChange.created_at.desc(), PlanChange.id.desc()).limit(limit)).all()


def count_plan_changes(session: Session, *, agency_id: str, account_id: str) -> int:
    """Count the changes of plan of an account that the agency asked for."""
    mine = (PlanChange.account_id == account_id) & (PlanChange.agency_id == agency_id)
    return int(session.scalars(select(func.count()).select_from(PlanChange).where(mine)).one())
