"""Questions about what is overdue. `Open` is what has not ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, Table, and_, func, select
from sqlalchemy.orm import Session

from billing.models import Account, BillingProfile, Dunning, Invoice, Payment, Subscription
from chassis.clocks import is_due

DUNNING = cast("Table", Dunning.__table__)
NOT_BEING_PAID = ~select(Payment.id).where(Payment.invoice_id == Dunning.invoice_id, Payment.status == "pending").exists()


def dunning(session: Session, *, invoice_id: str) -> Dunning | None:
    """Find the dunning of an invoice, open or ended, and lock it."""
    return session.get(Dunning, invoice_id, with_for_update=True)


def open_dunnings(session: Session, *, account_id: str, agency_id: str | None = None) -> Sequence[Dunning]:
    """List what is overdue of an account, whosever it was then or of one agency alone, the oldest first."""
    wanted = select(Dunning).where(Dunning.account_id == account_id, Dunning.ended_at.is_(None))
    if agency_id is not None:
        wanted = wanted.where(Dunning.agency_id == agency_id)
    return session.scalars(wanted.order_by(Dunning.invoice_id)).all()


def dunnings_due(session: Session, *, platform_now: datetime, limit: int) -> Sequence[Row[Dunning, Invoice]]:
    """List at most `limit` overdue invoices for which something is due in the time of their agency, the longest due first.

    Each is locked with its account. Those that somebody else works on are left to them, and so are those whose payment is under way.
    """
    due = is_due(DUNNING.c.next_at, agency_id=DUNNING.c.agency_id, platform_now=platform_now)
    question = (
        select(Dunning, Invoice)
        .join(Invoice, Invoice.id == Dunning.invoice_id)
        .join(Account, Account.id == Dunning.account_id)
        .where(due, Dunning.ended_at.is_(None), NOT_BEING_PAID)
        .order_by(Dunning.next_at, Dunning.invoice_id)
        .limit(limit)
    )
    return session.execute(question.with_for_update(of=(Account, Invoice, Dunning), skip_locked=True)).all()


def dunnings_of_agency_for_update(session: Session, *, agency_id: str, account_id: str | None) -> Sequence[Dunning]:
    """List what is overdue of an agency, or of one of its accounts, locked."""
    wanted = select(Dunning).where(Dunning.agency_id == agency_id, Dunning.ended_at.is_(None))
    if account_id is not None:
        wanted = wanted.where(Dunning.account_id == account_id)
    return session.scalars(wanted.order_by(Dunning.invoice_id).with_for_update()).all()


def dunnings_paid_by_for_update(session: Session, *, agency_id: str, billing_profile_id: str) -> Sequence[Dunning]:
    """List what is overdue of an agency and would be paid by this profile now: chosen for the account, or the default; locked."""
    default = select(BillingProfile.id).where(BillingProfile.agency_id == agency_id, BillingProfile.is_default).scalar_subquery()
    is_its_own = and_(Subscription.account_id == Dunning.account_id, Subscription.agency_id == Dunning.agency_id)
    question = (
        select(Dunning)
        .outerjoin(Subscription, is_its_own)
        .where(
            Dunning.agency_id == agency_id,
            Dunning.ended_at.is_(None),
            func.coalesce(Subscription.billing_profile_id, default) == billing_profile_id,
        )
        .order_by(Dunning.invoice_id)
    )
    return session.scalars(question.with_for_update(of=Dunning)).all()
