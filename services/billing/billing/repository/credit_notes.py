"""Questions about credit notes."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from billing.models import CreditNote
from billing.repository.lists import paged, rows_before
from chassis.paging import Page

NOTE_IN_FULL = (selectinload(CreditNote.lines), selectinload(CreditNote.invoice), selectinload(CreditNote.account))


def credit_note_in_full(session: Session, *, agency_id: str, credit_note_id: str) -> CreditNote | None:
    """Find the agency's credit note with its lines, invoice and account."""
    wanted = select(CreditNote).where(CreditNote.id == credit_note_id, CreditNote.agency_id == agency_id)
    return session.scalar(wanted.options(*NOTE_IN_FULL))


def credit_notes_page(session: Session, *, agency_id: str, account_id: str | None, limit: int, cursor: str | None) -> Page[CreditNote]:
    """List the agency's credit notes in full, or those of one of its accounts, newest first."""
    wanted = select(CreditNote).where(CreditNote.agency_id == agency_id)
    if account_id is not None:
        wanted = wanted.where(CreditNote.account_id == account_id)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(rows_before(wanted, CreditNote.id, limit=limit, cursor=cursor).options(*NOTE_IN_FULL)).all()
    return paged(rows, [row.id for row in rows], limit=limit, total=total)
