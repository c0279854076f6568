"""Questions about lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, func, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import ORDERED, Account, AccountTally
from accounts.repository.accounts import TABLE

COLUMNS = tuple(column for column in TABLE.columns if column.name != "searchable")

ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    **{name: (getattr(Account, name), Account.id) for name in ("created_at", "name", "client_name")},
    **{name: (getattr(Account, name), Account.created_at, Account.id) for name in ("contacts", "kind", "plan", "status", *ORDERED)},
}
"""Sort → the columns it orders by, the last of which is unique; there is an index of each order, which serves filters as well."""

LITERALLY = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
"""What is searched has no wildcards."""

MOST_COUNTED = 1000
"""Up to here a list is counted where nobody keeps count."""

TALLIED = frozenset({"status", "plan", "kind"})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which accounts of an agency a list shows.

    `equal`: what columns are (None: nothing); `least` and `below`: from what on they are, and below what they stay. `q` is searched
    `anywhere`, or where a word begins.
    """

    agency_id: str
    equal: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, Any] = field(default_factory=dict)
    below: Mapping[str, Any] = field(default_factory=dict)
    q: str | None = None
    anywhere: bool = True

    @property
    def is_tallied(self) -> bool:
        """Whether these accounts are counted as they change."""
        return self.q is None and not self.least and not self.below and self.equal.keys() <= TALLIED


FOLD_TALLIES = text(
    """
    WITH taken AS (
        DELETE FROM account_tallies WHERE agency_id IN (
            SELECT DISTINCT agency_id FROM account_tallies WHERE NOT folded LIMIT :agencies
        ) RETURNING agency_id, status, plan, kind, accounts
    ), folded AS (
        INSERT INTO account_tallies (agency_id, status, plan, kind, accounts, folded)
        SELECT agency_id, status, plan, kind, sum(accounts), true FROM taken
        GROUP BY agency_id, status, plan, kind HAVING sum(accounts) <> 0
    )
    SELECT count(DISTINCT agency_id) FROM taken
    """
)


def accounts_page(
    session: Session, wanted: Filter, *, sort: str, descending: bool, after: Sequence[Any] | None, limit: int
) -> list[Row[Any]]:
    """List at most `limit` accounts in the order of `sort`, from behind the row whose sort values are `after`.

    Accounts without a value to sort by come last, in either direction: they are the other part of the same index.
    """
    here, *behind = ORDERS[sort]
    if not TABLE.columns[sort].nullable:
        return _part(session, wanted, (here, *behind), descending=descending, after=after, limit=limit)
    found: list[Row[Any]] = []
    if after is None or after[0] is not None:
        found = _part(session, wanted, (here, *behind), here.is_not(None), descending=descending, after=after, limit=limit)
        after = None
    if len(found) < limit:
        rest = None if after is None else after[1:]
        found += _part(session, wanted, behind, here.is_(None), descending=descending, after=rest, limit=limit - len(found))
    return found


def place_of_account(session: Session, wanted: Filter, *, sort: str, descending: bool, number: int) -> Sequence[Any] | None:
    """Give the sort values of the account of this number in the order of `sort`, which every account has; None: there are fewer.

    Without filters the index alone is counted along.
    """
    order = ORDERS[sort]
    question = _filtered(select(*order), wanted).order_by(*(column.desc() if descending else column for column in order))
    return session.execute(question.offset(number - 1).limit(1)).first()


def count_accounts(session: Session, wanted: Filter) -> int:
    """Count the accounts that a list shows in all.

    By status, plan and kind they are counted as they change; otherwise up to `MOST_COUNTED`, and one more says that there are more.
    """
    if wanted.is_tallied:
        question = select(func.coalesce(func.sum(AccountTally.accounts), 0)).where(AccountTally.agency_id == wanted.agency_id)
        for name, value in wanted.equal.items():
            question = question.where(getattr(AccountTally, name) == value)
    else:
        newest = _filtered(select(Account.id), wanted).order_by(Account.created_at.desc(), Account.id.desc())
        some = newest.limit(MOST_COUNTED + 1)  # in the order of an index, or the planner would rather begin to read the table
        question = select(func.count()).select_from(some.subquery())
    return int(session.scalars(question).one())


def fold_tallies(session: Session, *, agencies: int) -> int:
    """Add up the changes of the counts of at most so many agencies; tell of how many."""
    return int(session.scalars(FOLD_TALLIES, {"agencies": agencies}).one())


def _part(
    session: Session,
    wanted: Filter,
    order: Sequence[InstrumentedAttribute[Any]],
    *conditions: Any,
    descending: bool,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row[Any]]:
    question = _filtered(select(*COLUMNS), wanted).where(*conditions)
    if after is not None:
        here = tuple_(*order)
        question = question.where(here < tuple(after) if descending else here > tuple(after))
    question = question.order_by(*(column.desc() if descending else column for column in order)).limit(limit)
    return list(session.execute(question).all())


def _filtered(question: Select[Any], wanted: Filter) -> Select[Any]:
    question = question.where(Account.agency_id == wanted.agency_id)
    question = question.where(*(getattr(Account, name) == value for name, value in wanted.equal.items()))
    question = question.where(*(getattr(Account, name) >= value for name, value in wanted.least.items()))
    question = question.where(*(getattr(Account, name) < value for name, value in wanted.below.items()))
    if wanted.q is None:
        return question
    pattern = ("%" if wanted.anywhere else "% ") + wanted.q.translate(LITERALLY) + "%"
    return question.where(Account.searchable.like(func.fold(pattern)))
