"""Questions about what the payment provider told."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.models import ProviderEvent


def keep_provider_event(session: Session, *, event_id: str, type_: str, now: datetime) -> bool:
    """Keep that the provider told this; tell whether it is the first time. Who tells it at the same moment waits for this one's end."""
    kept = insert(ProviderEvent).values(id=event_id, type=type_, received_at=now).on_conflict_do_nothing().returning(ProviderEvent.id)
    return session.scalar(kept) is not None


def forget_provider_events(session: Session, *, before: datetime) -> None:
    """Forget what the provider told before that moment."""
    session.execute(delete(ProviderEvent).where(ProviderEvent.received_at < before).execution_options(synchronize_session=False))
