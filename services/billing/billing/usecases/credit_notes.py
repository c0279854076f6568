"""Credit notes as they are shown."""

from typing import Any

from sqlalchemy.orm import Session

from billing import errors, models, repository
from billing.domain.invoice import CreditReason
from billing.usecases.invoices import lines_as_shown
from chassis.money import Money
from chassis.paging import Page


def credit_note(session: Session, *, agency_id: str, credit_note_id: str) -> dict[str, Any]:
    """Give the agency's credit note; raises `CreditNoteNotFound`."""
    return credit_note_as_shown(found_credit_note(session, agency_id=agency_id, credit_note_id=credit_note_id))


def credit_notes(session: Session, *, agency_id: str, account_id: str | None, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List the agency's credit notes, or those of one account, newest first; raises `InvalidCursor`."""
    page = repository.credit_notes_page(session, agency_id=agency_id, account_id=account_id, limit=limit, cursor=cursor)
    return Page(data=[credit_note_as_shown(each) for each in page.data], next_cursor=page.next_cursor, total=page.total)


def found_credit_note(session: Session, *, agency_id: str, credit_note_id: str) -> models.CreditNote:
    """Find the agency's credit note in full; raises `CreditNoteNotFound`."""
    found = repository.credit_note_in_full(session, agency_id=agency_id, credit_note_id=credit_note_id)
    if found is None:
        raise errors.CreditNoteNotFound(credit_note_id=credit_note_id)
    return found


def credit_note_as_shown(note: models.CreditNote) -> dict[str, Any]:
    """Say what a credit note says, and what of it goes where."""

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=note.currency)

    return {
        "id": note.id,
        "number": note.number,
        "reason": CreditReason(note.reason),
        "invoice_id": note.invoice_id,
        "invoice_number": None if note.invoice is None else note.invoice.number,
        "account_id": note.account_id,
        "account_name": None if note.account is None else note.account.name,
        "lines": lines_as_shown(note.lines, note.currency),
        "total": money(note.total_minor),
        "refunded_prepaid": money(note.prepaid_minor),
        "refunded_card": money(note.card_minor),
        "granted": money(note.granted_minor),
        "issued_at": note.issued_at,
    }
