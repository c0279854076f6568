"""Questions about lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Account

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
