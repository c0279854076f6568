"""Questions about agencies and accounts."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.models import (
    Account,
    Agency,
)


def agency(session: Session, *, agency_id: str) -> Agency | None:
    """Find what was told of the agency."""
    return session.get(Agency, agency_id)


def agency_for_update(session: Session, *, agency_id: str) -> Agency | None:
    """Find what was told of the agency and lock it."""
    return session.get(Agency, agency_id, with_for_update=True)


def note_agency(session: Session, *, agency_id: str, **told_of: Any) -> None:
    """Keep what was told of an agency, unless something newer is kept already; `told_of` is what models.Agency has, `as_of` included."""
    told = insert(Agency).values(id=agency_id, **told_of)
    changed = {name: told.excluded[name] for name in told_of}
    session.execute(told.on_conflict_do_update(index_elements=[Agency.id], set_=changed, where=Agency.as_of < told.excluded.as_of))


def account(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find the agency's account."""
    return session.scalar(select(Account).where(Account.id == account_id, Account.agency_id == agency_id))


def account_for_update(session: Session, *, agency_id: str, account_id: str, now: datetime) -> Account | None:
    """Lock the account's row, made first where there is none; None where it is another agency's."""
    session.execute(insert(Account).values(id=account_id, agency_id=agency_id, created_at=now).on_conflict_do_nothing())
    return session.scalar(select(Account).where(Account.id == account_id, Account.agency_id == agency_id).with_for_update())


def account_known_for_update(session: Session, *, account_id: str) -> Account | None:
    """Find an account, whosever it is, and lock it."""
    return session.get(Account, account_id, with_for_update=True)
