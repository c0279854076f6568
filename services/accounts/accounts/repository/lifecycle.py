"""Questions about where accounts are in their lives."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import Account, Suspension
from accounts.repository.accounts import TABLE
from chassis.clocks import is_due


def accounts_due(session: Session, *, platform_now: datetime, limit: int) -> Sequence[Account]:
    """List at most `limit` accounts for which something is due in the time of their agency, the longest due first, locked.

    Those that somebody else works on are left to them.
    """
    due = is_due(TABLE.c.due_at, agency_id=TABLE.c.agency_id, platform_now=platform_now)
    question = select(Account).where(due).order_by(Account.due_at).limit(limit)
    return session.scalars(question.with_for_update(skip_locked=True)).all()


def account_by_id_for_update(session: Session, account_id: str) -> Account | None:
    """Find an account, whosever it is, and lock it: for facts, which are about accounts of all agencies."""
    return session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()


def account_of_agency(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find the agency's account of this id."""
    return session.scalars(select(Account).where(Account.id == account_id, Account.agency_id == agency_id)).one_or_none()


def suspensions_of(session: Session, account_id: str) -> Sequence[Suspension]:
    """List the suspensions in force of an account, by their reason."""
    return session.scalars(select(Suspension).where(Suspension.account_id == account_id).order_by(Suspension.reason)).all()


def keep_suspension(session: Session, *, account_id: str, reason: str, message: str | None, suspended_at: datetime) -> None:
    """Keep a suspension; one of the same reason gets the new message."""
    told = insert(Suspension).values(account_id=account_id, reason=reason, message=message, suspended_at=suspended_at)
    session.execute(told.on_conflict_do_update(index_elements=["account_id", "reason"], set_={"message": told.excluded.message}))


def remove_suspension(session: Session, *, account_id: str, reason: str) -> None:
    """Remove a suspension, if it is in force."""
    session.execute(delete(Suspension).where(Suspension.account_id == account_id, Suspension.reason == reason))
