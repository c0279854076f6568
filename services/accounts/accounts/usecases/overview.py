"""Showing accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from accounts import domain, errors, models, repository
from chassis.paging import Page, decode_cursor, encode_cursor


def account(connection: Connection, *, agency_id: str, account_id: str) -> Row[Any]:
    """Show one account of the agency."""
    found = repository.account_of(connection, agency_id=agency_id, account_id=account_id)
    if found is None:
        raise errors.AccountNotFound(account_id=account_id)
    return found


def accounts(
    session: Session,
    *,
    agency_id: str,
    limit: int,
    cursor: str | None,
    status: str | None,
    plan: str | None,
    kind: str | None,
    q: str | None,
    sort: str,
) -> Page[models.Account]:
    """List the agency's accounts that pass the filters, one page of them."""
    domain.check_list(status=status, plan=plan, kind=kind, sort=sort)
    wanted = repository.Filter(agency_id=agency_id, status=status, plan=plan, kind=kind, q=q)
    descending = sort.startswith("-")
    columns = repository.ORDERS[sort.removeprefix("-")]
    after = None if cursor is None else _sort_values(cursor, sort, [column.type.python_type for column in columns])
    found = repository.accounts_page(session, wanted, sort=sort.removeprefix("-"), descending=descending, after=after, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    last = [getattr(page[-1], column.key) for column in columns] if more else []
    next_cursor = encode_cursor(sort, *(value.isoformat() if isinstance(value, datetime) else value for value in last)) if more else None
    return Page(data=page, next_cursor=next_cursor, total=repository.count_accounts(session, wanted))


def _sort_values(cursor: str, sort: str, types: Sequence[type]) -> list[Any]:
    """Read a cursor back; refuse one of another sort."""
    given_sort, *values = decode_cursor(cursor, length=len(types) + 1)
    if given_sort != sort:
        raise errors.InvalidCursor
    try:
        read = [datetime.fromisoformat(str(value)) if kind is datetime else value for value, kind in zip(values, types, strict=True)]
    except ValueError:
        raise errors.InvalidCursor from None
    if not all(isinstance(value, kind) for value, kind in zip(read, types, strict=True)):
        raise errors.InvalidCursor
    return read


def name_availability(session: Session, *, name: str) -> dict[str, object]:
    """Tell whether an account could be opened under a name, and if not, why."""
    fault = domain.fault_of_name(name)
    if fault is None and repository.name_is_taken(session, name):
        fault = errors.NameTaken(name=name)
    return {"name": name, "available": fault is None, "code": fault and fault.code, "reason": fault and fault.text}
