"""Questions about cards that the payment provider need not keep any more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.models import BillingProfile, CardToForget, Payment


def keep_card_to_forget(session: Session, *, token: str, now: datetime) -> None:
    """Keep that the card is to be forgotten, once nothing of ours has it."""
    session.execute(insert(CardToForget).values(token=token, asked_at=now).on_conflict_do_nothing())


def cards_to_forget(session: Session, *, limit: int) -> Sequence[CardToForget]:
    """List at most `limit` cards that nothing has any more, those first that were asked for longest ago, locked.

    A billing profile of the agency may have the same card still, or again; and a charge that is under way is asked about by its card.
    """
    is_kept = select(BillingProfile.id).where(BillingProfile.token == CardToForget.token, BillingProfile.removed_at.is_(None)).exists()
    is_charged = select(Payment.id).where(Payment.token == CardToForget.token, Payment.status == "pending").exists()
    question = select(CardToForget).where(~is_kept, ~is_charged).order_by(CardToForget.asked_at, CardToForget.token).limit(limit)
    return session.scalars(question.with_for_update(skip_locked=True)).all()


def drop_card_to_forget(session: Session, *, token: str) -> None:
    """Note that the provider has forgotten the card."""
    session.execute(delete(CardToForget).where(CardToForget.token == token))
