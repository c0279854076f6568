"""What an agency was billed and paid, month by month."""

from typing import Any

from billing import errors, repository
from billing.domain.months import month_named, months_between
from billing.domain.statement import Movements, closing_of
from billing.usecases.agencies import known_agency
from chassis.money import Money
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork


def statement(uow: UnitOfWork, *, agency_id: str, month: str) -> dict[str, Any]:
    """Sum up a month (UTC) of the agency: what was open before, what happened, what is open after; the running one as far as it has come.

    Raises `AgencyNotKnownYet`, and `StatementNotFound` for a month before the first invoice or after now.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    if month not in _months(uow, agency_id=agency_id):
        raise errors.StatementNotFound(month=month)
    time = month_named(month)
    before = Movements(**repository.movements(uow.session, agency_id=agency_id, currency=agency.currency, start=None, end=time.start))
    during = Movements(**repository.movements(uow.session, agency_id=agency_id, currency=agency.currency, start=time.start, end=time.end))
    opening = closing_of(0, before)

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=agency.currency)

    return {
        "month": month,
        "start": time.start,
        "end": time.end,
        "is_final": time.end <= uow.now,
        "currency": agency.currency,
        "opening": money(opening),
        **{name: money(getattr(during, name)) for name in Movements.__dataclass_fields__},
        "closing": money(closing_of(opening, during)),
    }


def statements(uow: UnitOfWork, *, agency_id: str, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List the months that there are statements of, the newest first; raises `InvalidCursor`."""
    months = _months(uow, agency_id=agency_id)
    wanted = months if cursor is None else [each for each in months if each < str(decode_cursor(cursor, length=1)[0])]
    data = []
    for month in wanted[:limit]:
        time = month_named(month)
        data.append({"month": month, "start": time.start, "end": time.end, "is_final": time.end <= uow.now})
    return Page(data=data, next_cursor=encode_cursor(wanted[limit - 1]) if len(wanted) > limit else None, total=len(months))


def _months(uow: UnitOfWork, *, agency_id: str) -> list[str]:
    first = repository.first_issued_at(uow.session, agency_id=agency_id) or uow.now
    return months_between(min(first, uow.now), uow.now)
