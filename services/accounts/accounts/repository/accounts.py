"""Questions about one account."""

from typing import Any, cast

from sqlalchemy import Connection, Row, Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.models import Account
from chassis.prepared import Prepared

TABLE = cast("Table", Account.__table__)
ACCOUNT_OF = Prepared(
    "account_of",
    select(*(column for column in TABLE.columns if column.name != "searchable")).where(
        TABLE.c.id == bindparam("account_id"), TABLE.c.agency_id == bindparam("agency_id")
    ),
)


def insert_account(session: Session, **values: Any) -> Account | None:
    """Insert an account; None where its name or its quote belongs to another, whoever was first by however little."""
    return session.scalars(insert(Account).values(version=1, **values).on_conflict_do_nothing().returning(Account)).one_or_none()


def account_of(connection: Connection, *, agency_id: str, account_id: str) -> Row[Any] | None:
    """Find the agency's account of this id, as a plain row: the most frequent question, at a third of what an entity costs."""
    return ACCOUNT_OF.one_or_none(connection, {"account_id": account_id, "agency_id": agency_id})


def account_for_update(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find the agency's account of this id and lock it."""
    return session.scalars(select(Account).where(Account.id == account_id, Account.agency_id == agency_id).with_for_update()).one_or_none()


def name_is_taken(session: Session, name: str) -> bool:
    """Tell whether an account that did not fail has this name."""
    return session.scalar(select(Account.id).where(Account.name == name, Account.status != "failed")) is not None


def quote_is_taken(session: Session, quote_id: str) -> bool:
    """Tell whether an account was opened with this quote."""
    return session.scalar(select(Account.id).where(Account.quote_id == quote_id)) is not None
