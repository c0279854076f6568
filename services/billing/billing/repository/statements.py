"""Questions about what moved what an agency owes."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.models import CreditNote, Invoice, Payment

Moments = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def movements(session: Session, *, agency_id: str, currency: str, start: datetime | None, end: datetime) -> dict[str, int]:
    """Sum up what was issued, paid and given back from `start` (None: ever) until before `end`: the members of `domain.Movements`."""
    invoiced = select(func.coalesce(func.sum(Invoice.total_minor), 0).label("invoiced")).where(
        Invoice.agency_id == agency_id, Invoice.currency == currency, _within(Invoice.issued_at, start, end)
    )
    paid = (
        select(
            func.coalesce(func.sum(Payment.prepaid_minor), 0).label("paid_prepaid"),
            func.coalesce(func.sum(Payment.card_minor), 0).label("paid_card"),
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(
            Invoice.agency_id == agency_id,
            Invoice.currency == currency,
            Payment.status == "succeeded",
            _within(Payment.settled_at, start, end),
        )
    )
    taken_back = case((CreditNote.invoice_id.is_not(None), CreditNote.total_minor), else_=0)
    given_back = select(
        func.coalesce(func.sum(taken_back), 0).label("credited"),
        func.coalesce(func.sum(CreditNote.prepaid_minor), 0).label("refunded_prepaid"),
        func.coalesce(func.sum(CreditNote.card_minor), 0).label("refunded_card"),
        func.coalesce(func.sum(CreditNote.granted_minor), 0).label("granted"),
    ).where(CreditNote.agency_id == agency_id, CreditNote.currency == currency, _within(CreditNote.issued_at, start, end))
    sums: dict[str, int] = {}
    for question in (invoiced, paid, given_back):
        sums |= {name: int(value) for name, value in session.execute(question).mappings().one().items()}
    return sums


def first_issued_at(session: Session, *, agency_id: str) -> datetime | None:
    """Say when the agency's first document was issued."""
    moments = [
        session.scalar(select(func.min(document.issued_at)).where(document.agency_id == agency_id)) for document in (Invoice, CreditNote)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _within(moment: Moments, start: datetime | None, end: datetime) -> ColumnElement[bool]:
    return and_(true() if start is None else moment >= start, moment < end)
