"""Questions about subscriptions."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import (
    Subscription,
)


def subscription_of_account(session: Session, *, account_id: str) -> Subscription | None:
    """Find what the account is on, whosever it is."""
    return session.get(Subscription, account_id)


def subscription(session: Session, *, agency_id: str, account_id: str) -> Subscription | None:
    """Find what the agency's account is on."""
    return session.scalar(select(Subscription).where(Subscription.account_id == account_id, Subscription.agency_id == agency_id))
