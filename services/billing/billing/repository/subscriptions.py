"""Questions about subscriptions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from billing.models import Account, Subscription


def subscription_of_account(session: Session, *, account_id: str) -> Subscription | None:
    """Find what the account is on, whosever it is."""
    return session.get(Subscription, account_id)


def subscription(session: Session, *, agency_id: str, account_id: str) -> Subscription | None:
    """Find what the agency's account is on."""
    return session.scalar(select(Subscription).where(Subscription.account_id == account_id, Subscription.agency_id == agency_id))


def subscriptions_renewed_before(session: Session, *, agency_id: str, until: datetime) -> Sequence[Row[Subscription, str | None]]:
    """List the agency's subscriptions that are renewed before `until`, with the names of their accounts."""
    question = (
        select(Subscription, Account.name)
        .join(Account, Account.id == Subscription.account_id)
        .where(
            Subscription.agency_id == agency_id,
            Subscription.standing == "renewed",
            Subscription.period_end < until,
            Account.failed_at.is_(None),
        )
        .order_by(Subscription.period_end, Subscription.account_id)
    )
    return session.execute(question).all()
