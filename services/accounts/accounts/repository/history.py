"""Questions about what was done to an account, and by whom."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from accounts.models import Account, AccountEvent

INNER = frozenset({"updated_at", "version", "due_at", "noticed_for", "searchable", "plan", "contacts"})
"""Members that follow from the others, or from the change itself."""


def unwritten_changes(account: Account) -> dict[str, tuple[Any, Any]]:
    """Tell which members of an account differ from what is in the database: (before, after) by name."""
    histories = {name: attribute.history for name, attribute in inspect(account).attrs.items() if name not in INNER}
    return {
        name: (history.deleted[0] if history.deleted else None, history.added[0] if history.added else None)
        for name, history in histories.items()
        if history.has_changes()
    }


def insert_account_event(session: Session, **values: Any) -> None:
    """Keep one entry of the history; nothing changes it any more."""
    session.add(AccountEvent(**values))


def account_events_page(session: Session, *, agency_id: str, account_id: str, before_id: int | None, limit: int) -> Sequence[AccountEvent]:
    """List at most `limit` entries of an account's history under the agency, the newest first, from behind the entry `before_id`."""
    question = select(AccountEvent).where(AccountEvent.account_id == account_id, AccountEvent.agency_id == agency_id)
    if before_id is not None:
        question = question.where(AccountEvent.id < before_id)
    return session.scalars(question.order_by(AccountEvent.id.desc()).limit(limit)).all()


def count_account_events(session: Session, *, agency_id: str, account_id: str) -> int:
    """Count the entries of an account's history under the agency."""
    mine = (AccountEvent.account_id == account_id) & (AccountEvent.agency_id == agency_id)
    return int(session.scalars(select(func.count()).select_from(AccountEvent).where(mine)).one())
