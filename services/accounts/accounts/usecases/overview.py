"""Showing accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from accounts import domain, errors, repository
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork


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
    filters: Mapping[str, object] | None = None,
    skip: int = 0,
) -> Page[Row[Any]]:
    """List the agency's accounts that pass the filters, one page of them (R0.2): the first, a cursor's, or one behind `skip` accounts."""
    wanted = domain.check_list(status=status, plan=plan, kind=kind, q=q, sort=sort, filters=filters)
    columns = repository.ORDERS[wanted.sort]
    after: Sequence[Any] | None = None if cursor is None else _sort_values(cursor, sort, [column.type.python_type for column in columns])
    shown = filter_of(agency_id, wanted)
    if skip:
        after = repository.place_of_account(session, shown, sort=wanted.sort, descending=wanted.descending, number=skip)
        if after is None:
            return Page(data=[], next_cursor=None, total=repository.count_accounts(session, shown))
    found = repository.accounts_page(session, shown, sort=wanted.sort, descending=wanted.descending, after=after, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    last = [getattr(page[-1], column.key) for column in columns] if more else []
    next_cursor = encode_cursor(sort, *(value.isoformat() if isinstance(value, datetime) else value for value in last)) if more else None
    is_whole = after is None and not more
    total = len(page) if is_whole else repository.count_accounts(session, shown)
    return Page(data=page, next_cursor=next_cursor, total=total)


def filter_of(agency_id: str, wanted: domain.Wanted) -> repository.Filter:
    """Put what a list shows as its questions ask for it."""
    ranges = {name: condition for name, condition in wanted.conditions.items() if isinstance(condition, domain.Between)}
    return repository.Filter(
        agency_id=agency_id,
        equal={name: condition for name, condition in wanted.conditions.items() if name not in ranges},
        least={name: between.start for name, between in ranges.items() if between.start is not None},
        below={name: between.end for name, between in ranges.items() if between.end is not None},
        q=None if wanted.search is None else wanted.search.text,
        anywhere=wanted.search is None or wanted.search.anywhere,
    )


def fold_tallies(uow: UnitOfWork, *, limit: int) -> int:
    """Add up the changed counts of at most `limit` agencies; tell of how many."""
    return repository.fold_tallies(uow.session, agencies=limit)


def _sort_values(cursor: str, sort: str, types: Sequence[type]) -> list[Any]:
    """Read a cursor back; refuse one of another sort. Where some accounts have no value to sort by, theirs is None."""
    given_sort, *values = decode_cursor(cursor, length=len(types) + 1)
    if given_sort != sort:
        raise errors.InvalidCursor
    has_none = values[0] is None and sort.removeprefix("-") in domain.NULLABLE
    start = 1 if has_none else 0
    try:
        read = [_sort_value(value, kind) for value, kind in zip(values[start:], types[start:], strict=True)]
    except ValueError:
        raise errors.InvalidCursor from None
    return [None, *read] if has_none else read


def _sort_value(value: object, kind: type) -> object:
    read = datetime.fromisoformat(str(value)) if kind is datetime else value
    if not isinstance(read, kind) or isinstance(read, bool):
        raise ValueError(f"{value!r} is no {kind}")  # noqa: TRY004  as what fromisoformat says of texts
    return read


def name_availability(session: Session, *, name: str) -> dict[str, object]:
    """Tell whether an account could be opened under a name, and if not, why."""
    fault = domain.fault_of_name(name)
    if fault is None and repository.name_is_taken(session, name):
        fault = errors.NameTaken(name=name)
    return {"name": name, "available": fault is None, "code": fault and fault.code, "reason": fault and fault.text}
