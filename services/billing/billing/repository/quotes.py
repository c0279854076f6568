"""Questions about quotes."""

from collections.abc import Collection, Sequence

from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from billing.models import (
    Quote,
    Subscription,
)


def quote(session: Session, *, agency_id: str, quote_id: str) -> Quote | None:
    """Find the agency's quote."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.agency_id == agency_id))


def quote_for_update(session: Session, *, agency_id: str, quote_id: str) -> Quote | None:
    """Find the agency's quote and lock it: of two accounts that want it, one comes second."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.agency_id == agency_id).with_for_update())


def quote_of_account_for_update(session: Session, *, account_id: str, quote_id: str) -> Quote | None:
    """Find a quote for changing the account's plan and lock it, whichever agency it was made for."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.account_id == account_id).with_for_update())


def waiting_quotes_of_agency(session: Session, *, agency_id: str) -> Sequence[Quote]:
    """List the quotes of changes of plan that wait, of all accounts that are the agency's now, the oldest first."""
    question = (
        select(Quote)
        .join(Subscription, Subscription.account_id == Quote.account_id)
        .where(
            Subscription.agency_id == agency_id,
            Quote.takes_effect_at.is_not(None),
            Quote.held_at.is_not(None),
            Quote.released_at.is_(None),
            Quote.used_at.is_(None),
        )
    )
    return session.scalars(question.order_by(Quote.id)).all()


def waiting_quotes(session: Session, *, account_ids: Collection[str]) -> Sequence[Quote]:
    """List the quotes of changes of plan that were scheduled for these accounts and are neither dropped nor done, oldest first; locked."""
    question = select(Quote).where(
        Quote.account_id == any_(literal(list(account_ids), ARRAY(Text))),
        Quote.held_at.is_not(None),
        Quote.released_at.is_(None),
        Quote.used_at.is_(None),
    )
    return session.scalars(question.order_by(Quote.id).with_for_update()).all()
