"""How credit came and went."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.paging import Page, decode_cursor, encode_cursor
from credits import domain, errors, repository
from credits.domain import Kind, Movement


def transactions(
    session: Session, *, agency_id: str, kind: Kind, limit: int, cursor: str | None, account_id: str | None = None
) -> Page[dict[str, Any]]:
    """List every movement of the agency's credit of one kind, its accounts' included, or those of one account's pot; newest first.

    `balance_units` is what the pot asked for, the account's or else the agency's own, had available after each. Raises `InvalidCursor`.
    """
    rows, page_end = _page(session, agency_id=agency_id, kind=kind, account_id=account_id, purposes=None, limit=limit, cursor=cursor)
    postings = _postings_by_transaction(session, rows)
    data = [
        {
            "id": row.id,
            "kind": kind,
            "purpose": row.purpose,
            "units": sum(posting.units for posting in postings[row.id] if posting.units > 0),
            "currency": domain.currency_of(kind=kind, unit=row.unit),
            "balance_units": int(row.balance),
            "invoice_id": row.invoice_id,
            "payment_id": row.payment_id,
            "credit_note_id": row.credit_note_id,
            "reference": row.reference,
            "created_at": row.created_at,
            "postings": postings[row.id],
        }
        for row in rows
    ]
    total = repository.count_transactions_of(session, agency_id=agency_id, kind=kind, account_id=account_id, purposes=None)
    return Page(data=data, next_cursor=page_end, total=total)


def allocations(
    session: Session, *, agency_id: str, kind: Kind, account_id: str | None, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """List what was allocated to accounts, or to one of them, and taken back (negative units), newest first. Raises `InvalidCursor`."""
    purposes = (Movement.ALLOCATION.value, Movement.TAKE_BACK.value)
    rows, page_end = _page(session, agency_id=agency_id, kind=kind, account_id=account_id, purposes=purposes, limit=limit, cursor=cursor)
    postings = _postings_by_transaction(session, rows)
    data = [
        {
            "id": row.id,
            "kind": kind,
            "account_id": next(posting.account_id for posting in postings[row.id] if posting.account_id is not None),
            "units": sum(posting.units for posting in postings[row.id] if posting.account_id is not None),
            "currency": domain.currency_of(kind=kind, unit=row.unit),
            "created_at": row.created_at,
        }
        for row in rows
    ]
    total = repository.count_transactions_of(session, agency_id=agency_id, kind=kind, account_id=account_id, purposes=purposes)
    return Page(data=data, next_cursor=page_end, total=total)


def statement(session: Session, *, agency_id: str, kind: Kind, currency: str | None, start: datetime, end: datetime) -> dict[str, Any]:
    """Sum up a time (from `start`, until before `end`) of an agency's credit of one kind, its accounts' included.

    `closing` is `opening` + `purchased` + `granted` + `returned` - `spent` - `expired`; what moves between pots is in none of them. Raises
    `CurrencyNeeded` for prepaid without a currency.
    """
    if kind is Kind.PREPAID and currency is None:
        raise errors.CurrencyNeeded(currencies=", ".join(repository.units_held(session, agency_id=agency_id, kind=kind.value)))
    unit = domain.unit_of(kind=kind, currency=currency or "")
    sums = repository.statement_of(session, agency_id=agency_id, kind=kind.value, unit=unit, start=start, end=end)
    return {
        "kind": kind,
        "currency": domain.currency_of(kind=kind, unit=unit),
        "start": start,
        "end": end,
        **{name: int(units) for name, units in sums._mapping.items()},  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    }


def _page(
    session: Session,
    *,
    agency_id: str,
    kind: Kind,
    account_id: str | None,
    purposes: Collection[str] | None,
    limit: int,
    cursor: str | None,
) -> tuple[repository.Rows, str | None]:
    """Give the rows of a page, and the cursor of the next one if there is one."""
    before_id = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    rows = repository.transactions_of(
        session, agency_id=agency_id, kind=kind, account_id=account_id, purposes=purposes, before_id=before_id, limit=limit + 1
    )
    return rows[:limit], encode_cursor(rows[limit - 1].id) if len(rows) > limit else None


def _postings_by_transaction(session: Session, rows: repository.Rows) -> Mapping[str, Sequence[Any]]:
    postings = defaultdict(list)
    for posting in repository.postings_of(session, [row.id for row in rows]):
        postings[posting.transaction_id].append(posting)
    return postings
