"""Questions about credit that was bought."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import Invoice
from billing.repository.invoices import INVOICE_IN_FULL
from billing.repository.lists import paged, rows_before
from chassis.paging import Page


def credit_purchases_page(session: Session, *, agency_id: str, kind: str, limit: int, cursor: str | None) -> Page[Invoice]:
    """List the agency's invoices for credit of one kind in full, newest first."""
    wanted = select(Invoice).where(Invoice.agency_id == agency_id, Invoice.credit_kind == kind)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(rows_before(wanted, Invoice.id, limit=limit, cursor=cursor).options(*INVOICE_IN_FULL)).all()
    return paged(rows, [row.id for row in rows], limit=limit, total=total)
