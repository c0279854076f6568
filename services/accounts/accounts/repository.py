"""The questions that accounts asks its database, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, Table, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Account, Agency, PlanChange, Provisioning

TABLE = cast("Table", Account.__table__)
ACCOUNT_OF = select(*(column for column in TABLE.columns if column.name != "searchable")).where(
    TABLE.c.id == bindparam("account_id"), TABLE.c.agency_id == bindparam("agency_id")
)

# --- one account ------------------------------------------------------------------------------------------------------------------------


def insert_account(session: Session, **values: Any) -> Account | None:
    """Insert an account; None where its name or its quote belongs to another, whoever was first by however little."""
    return session.scalars(insert(Account).values(version=1, **values).on_conflict_do_nothing().returning(Account)).one_or_none()


def account_of(connection: Connection, *, agency_id: str, account_id: str) -> Row[Any] | None:
    """Find the agency's account of this id, as a plain row: the most frequent question, at a third of what an entity costs."""
    return connection.execute(ACCOUNT_OF, {"account_id": account_id, "agency_id": agency_id}).one_or_none()


def account_for_update(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find the agency's account of this id and lock it."""
    return session.scalars(select(Account).where(Account.id == account_id, Account.agency_id == agency_id).with_for_update()).one_or_none()


def name_is_taken(session: Session, name: str) -> bool:
    """Tell whether an account that did not fail has this name."""
    return session.scalar(select(Account.id).where(Account.name == name, Account.status != "failed")) is not None


def quote_is_taken(session: Session, quote_id: str) -> bool:
    """Tell whether an account was opened with this quote."""
    return session.scalar(select(Account.id).where(Account.quote_id == quote_id)) is not None


def insert_plan_change(session: Session, **values: Any) -> PlanChange | None:
    """Insert a change of plan; None where its quote was used for one already."""
    return session.scalars(insert(PlanChange).values(**values).on_conflict_do_nothing().returning(PlanChange)).one_or_none()


# --- provisionings ----------------------------------------------------------------------------------------------------------------------


def opening_of(session: Session, account_id: str) -> tuple[Provisioning, Account] | None:
    """Find an account with its provisioning."""
    return _opening(session, _openings().where(Provisioning.account_id == account_id))


def opening_for_update(session: Session, account_id: str) -> tuple[Provisioning, Account] | None:
    """Find an account with its provisioning and lock both."""
    return _opening(session, _openings().where(Provisioning.account_id == account_id).with_for_update())


def overdue_openings(session: Session, *, now: datetime, limit: int) -> list[tuple[Provisioning, Account]]:
    """List at most `limit` openings past their deadline, the oldest first, locked; those that somebody else works on are left to them."""
    overdue = Provisioning.ended_at.is_(None) & (Provisioning.deadline_at <= now)
    question = _openings().where(overdue).order_by(Provisioning.deadline_at).limit(limit).with_for_update(skip_locked=True)
    return [(provisioning, account) for provisioning, account in session.execute(question)]


def _opening(session: Session, question: Select[Provisioning, Account]) -> tuple[Provisioning, Account] | None:
    row = session.execute(question).one_or_none()
    return None if row is None else (row[0], row[1])


def _openings() -> Select[Provisioning, Account]:
    return select(Provisioning, Account).join(Account, Account.id == Provisioning.account_id)


# --- lists ------------------------------------------------------------------------------------------------------------------------------

ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "created_at": (Account.created_at, Account.id),
    "name": (Account.name, Account.id),
    "client_name": (Account.client_name, Account.id),
    "contacts": (Account.contacts, Account.created_at, Account.id),
    "kind": (Account.kind, Account.created_at, Account.id),
    "plan": (Account.plan, Account.created_at, Account.id),
    "status": (Account.status, Account.created_at, Account.id),
}
"""Sort → the columns it orders by, the last of which is unique; there is an index for each."""

LITERALLY = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
"""What is searched has no wildcards."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which accounts of an agency a list shows; None: whatever it is. `q` is searched in name, client name and client e-mail."""

    agency_id: str
    status: str | None = None
    plan: str | None = None
    kind: str | None = None
    q: str | None = None


def accounts_page(
    session: Session, wanted: Filter, *, sort: str, descending: bool, after: Sequence[Any] | None, limit: int
) -> Sequence[Account]:
    """List at most `limit` accounts in the order of `sort`, from behind the row whose sort values are `after`."""
    columns = ORDERS[sort]
    question = _filtered(select(Account), wanted).order_by(*(column.desc() if descending else column for column in columns)).limit(limit)
    if after is not None:
        here = tuple_(*columns)
        question = question.where(here < tuple(after) if descending else here > tuple(after))
    return session.scalars(question).all()


def count_accounts(session: Session, wanted: Filter) -> int:
    """Count the accounts that a list shows in all."""
    return int(session.scalars(_filtered(select(func.count()).select_from(Account), wanted)).one())


def _filtered(question: Select[Any], wanted: Filter) -> Select[Any]:
    question = question.where(Account.agency_id == wanted.agency_id)
    for column, value in ((Account.status, wanted.status), (Account.plan, wanted.plan), (Account.kind, wanted.kind)):
        if value is not None:
            question = question.where(column == value)
    return question if wanted.q is None else question.where(Account.searchable.ilike(f"%{wanted.q.translate(LITERALLY)}%"))


# --- agencies ---------------------------------------------------------------------------------------------------------------------------


def notification_email_of(session: Session, agency_id: str) -> str | None:
    """Find the notification address of an agency, as far as identity has told it."""
    return session.scalar(select(Agency.notification_email).where(Agency.id == agency_id))


def note_agency(session: Session, *, agency_id: str, notification_email: str, told_at: datetime, told_by: str) -> None:
    """Keep what an event told of an agency, unless a later event told something already."""
    told = insert(Agency).values(id=agency_id, notification_email=notification_email, told_at=told_at, told_by=told_by)
    newer = tuple_(told.excluded.told_at, told.excluded.told_by) > tuple_(Agency.told_at, Agency.told_by)
    changes = {"notification_email": told.excluded.notification_email, "told_at": told.excluded.told_at, "told_by": told.excluded.told_by}
    session.execute(told.on_conflict_do_update(index_elements=[Agency.id], set_=changes, where=newer))
