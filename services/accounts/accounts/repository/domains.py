"""Questions about checks of custom domains."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Account, DomainCheck


def account_with_check(session: Session, *, agency_id: str, account_id: str) -> tuple[Account, DomainCheck | None] | None:
    """Find the agency's account, and the check of the domain that it has now."""
    question = (
        select(Account, DomainCheck)
        .outerjoin(DomainCheck, (DomainCheck.account_id == Account.id) & (DomainCheck.custom_domain == Account.custom_domain))
        .where(Account.id == account_id, Account.agency_id == agency_id)
    )
    row = session.execute(question).one_or_none()
    return None if row is None else (row[0], row[1])


def check_for_update(session: Session, account_id: str) -> DomainCheck | None:
    """Find the last check of an account, whichever domain it was of, and lock it."""
    return session.scalars(select(DomainCheck).where(DomainCheck.account_id == account_id).with_for_update()).one_or_none()


def overdue_checks(session: Session, *, now: datetime, limit: int) -> list[tuple[DomainCheck, Account]]:
    """List at most `limit` checks to be made again, the longest overdue first, locked; those somebody else works on are left to them."""
    question = (
        select(DomainCheck, Account)
        .join(Account, (DomainCheck.account_id == Account.id) & (DomainCheck.custom_domain == Account.custom_domain))
        .where(DomainCheck.state == "pending", DomainCheck.next_check_at <= now)
        .order_by(DomainCheck.next_check_at)
        .limit(limit)
        .with_for_update(of=DomainCheck, skip_locked=True)
    )
    return [(check, account) for check, account in session.execute(question)]
