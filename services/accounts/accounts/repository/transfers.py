"""Questions about transfers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import Account, Branding, Transfer


def account_of_name_for_update(session: Session, name: str) -> Account | None:
    """Find the account of this name, whoever's it is, and lock it."""
    return session.scalars(select(Account).where(Account.name == name, Account.status != "failed").with_for_update()).one_or_none()


def is_branded(session: Session, account_id: str) -> bool:
    """Tell whether anything of the account looks otherwise than the platform does."""
    members = (Branding.brand_name, Branding.primary_colour, Branding.text_colour, Branding.footer_text, Branding.logo_content_type)
    question = select(Branding.account_id).where(Branding.account_id == account_id, func.num_nonnulls(*members) > 0)
    return session.scalar(question) is not None


def insert_transfer(session: Session, **values: Any) -> Transfer | None:
    """Insert a transfer; None where another one of the account is under way."""
    return session.scalars(insert(Transfer).values(**values).on_conflict_do_nothing().returning(Transfer)).one_or_none()


def transfer_of(session: Session, *, agency_id: str, transfer_id: str) -> Transfer | None:
    """Find the agency's transfer of this id."""
    return session.scalars(select(Transfer).where(Transfer.id == transfer_id, Transfer.agency_id == agency_id)).one_or_none()


def transfer_by_id(session: Session, transfer_id: str) -> Transfer | None:
    """Find a transfer, whoever asked for it."""
    return session.get(Transfer, transfer_id)


def transfer_for_update(session: Session, transfer_id: str) -> Transfer | None:
    """Find a transfer, whoever asked for it, and lock it."""
    return session.scalars(select(Transfer).where(Transfer.id == transfer_id).with_for_update()).one_or_none()


def transfers_page(session: Session, *, agency_id: str, after: Sequence[Any] | None, limit: int) -> Sequence[Transfer]:
    """List at most `limit` transfers of the agency, newest first, from behind the one requested at `after[0]` with the id `after[1]`."""
    here = tuple_(Transfer.requested_at, Transfer.id)
    question = select(Transfer).where(Transfer.agency_id == agency_id).order_by(Transfer.requested_at.desc(), Transfer.id.desc())
    return session.scalars((question if after is None else question.where(here < tuple(after))).limit(limit)).all()


def count_transfers(session: Session, agency_id: str) -> int:
    """Count the agency's transfers."""
    return int(session.scalars(select(func.count()).select_from(Transfer).where(Transfer.agency_id == agency_id)).one())


def overdue_transfers(session: Session, *, now: datetime, limit: int) -> Sequence[Transfer]:
    """List at most `limit` transfers that nobody confirmed in time, locked; those that somebody else works on are left to them."""
    question = select(Transfer).where(Transfer.state == "requested", Transfer.expires_at <= now).order_by(Transfer.expires_at)
    return session.scalars(question.limit(limit).with_for_update(skip_locked=True)).all()
