"""Questions about openings."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from accounts.models import Account, Provisioning


def opening_of(session: Session, account_id: str) -> tuple[Provisioning, Account] | None:
    """Find an account with its provisioning."""
    return _opening(session, _openings().where(Provisioning.account_id == account_id))


def opening_for_update(session: Session, account_id: str) -> tuple[Provisioning, Account] | None:
    """Find an account with its provisioning and lock both."""
    return _opening(session, _openings().where(Provisioning.account_id == account_id).with_for_update())


def overdue_openings(session: Session, *, now: datetime, limit: int) -> list[tuple[Provisioning, Account]]:
    """List at most `limit` openings past their deadline, the oldest first, locked; those that somebody else works on are left to them."""
    overdue = Provisioning.ended_at.is_(None) & (Provisioning.deadline_at <= now)
    question = _openings().where(overdue).order_by(Provisioning.deadline_at).limit(limit).with_for_update(skip_locked=True)
    return [(provisioning, account) for provisioning, account in session.execute(question)]


def _opening(session: Session, question: Select[Provisioning, Account]) -> tuple[Provisioning, Account] | None:
    row = session.execute(question).one_or_none()
    return None if row is None else (row[0], row[1])


def _openings() -> Select[Provisioning, Account]:
    return select(Provisioning, Account).join(Account, Account.id == Provisioning.account_id)
