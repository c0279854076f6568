"""Questions about subscriptions."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, Table, exists, select
from sqlalchemy.orm import Session

from billing.models import (
    Account,
    BillingProfile,
    Subscription,
)
from chassis.clocks import is_due

SUBSCRIPTION = cast("Table", Subscription.__table__)


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


def subscriptions_due(session: Session, *, platform_now: datetime, limit: int) -> Sequence[Subscription]:
    """List at most `limit` subscriptions whose period is over in the time of their agency, the longest first, locked with their account.

    Those that somebody else works on are left to them, and so are those of agencies without any billing profile: nobody could pay.
    """
    due = is_due(SUBSCRIPTION.c.period_end, agency_id=SUBSCRIPTION.c.agency_id, platform_now=platform_now)
    payable = exists().where(BillingProfile.agency_id == Subscription.agency_id)
    question = (
        select(Subscription)
        .join(Account, Account.id == Subscription.account_id)
        .where(due, Subscription.standing == "renewed", Account.failed_at.is_(None), payable)
        .order_by(Subscription.period_end)
        .limit(limit)
    )
    return session.scalars(question.with_for_update(of=(Account, Subscription), skip_locked=True)).all()
