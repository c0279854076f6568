"""Accounts, as far as accounts told, and what they have at agencies that they left."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from credits.models import Account
from credits.repository.movements import Rows


def account_for_update(session: Session, *, account_id: str, agency_id: str, as_of: datetime) -> Account:
    """Give the account, locked; made first as that agency's where nothing was known of it."""
    made = insert(Account).values(id=account_id, agency_id=agency_id, agency_as_of=as_of).on_conflict_do_nothing()
    session.execute(made)
    return session.get_one(Account, account_id, with_for_update=True)


def account_to_use(session: Session, account_id: str) -> Account | None:
    """Find the account and keep it from changing hands, status or plan until this transaction is over."""
    return session.scalar(select(Account).where(Account.id == account_id).with_for_update(read=True))


def pots_left_behind(session: Session, *, account_id: str, agency_id: str) -> Rows:
    """Give agency_id, kind and unit of each pot that the account has something available in at agencies other than `agency_id`.

    Prepaid comes first, as for a payment that buys something: who locks pots of several kinds does so in this order.
    """
    return session.connection().execute(POTS_LEFT_BEHIND, {"account_id": account_id, "agency_id": agency_id}).all()


POTS_LEFT_BEHIND = text("""
    SELECT pots.agency_id, pots.kind, pots.unit
    FROM ledger_accounts AS pots JOIN holdings AS held ON held.ledger_account_id = pots.id AND held.units > 0
    WHERE pots.account_id = :account_id AND pots.purpose = 'available' AND pots.agency_id <> :agency_id
    GROUP BY 1, 2, 3 ORDER BY pots.kind <> 'prepaid', 1, 2, 3
""")
