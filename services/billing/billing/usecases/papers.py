"""Invoices and credit notes as PDF: the figures of the JSON, in the agency's language."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from billing import clients, repository
from billing.domain.papers import Paper, credit_note_paper, invoice_paper
from billing.usecases.credit_notes import credit_note_as_shown, found_credit_note
from billing.usecases.invoices import found_invoice, invoice_as_shown


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be printed, and what the file is called."""

    filename: str
    paper: Paper


def invoice_draft(session: Session, *, agency_id: str, invoice_id: str) -> Draft:
    """Lay out the agency's invoice as it stands; raises `InvoiceNotFound`."""
    found = found_invoice(session, agency_id=agency_id, invoice_id=invoice_id)
    name, language = _agency(session, agency_id=agency_id)
    paper = invoice_paper(invoice_as_shown(found), issued_to=found.issued_to or {"name": name}, language=language)
    return Draft(filename=f"{found.number}.pdf", paper=paper)


def credit_note_draft(session: Session, *, agency_id: str, credit_note_id: str) -> Draft:
    """Lay out the agency's credit note; raises `CreditNoteNotFound`."""
    found = found_credit_note(session, agency_id=agency_id, credit_note_id=credit_note_id)
    name, language = _agency(session, agency_id=agency_id)
    paper = credit_note_paper(credit_note_as_shown(found), issued_to=found.issued_to or {"name": name}, language=language)
    return Draft(filename=f"{found.number}.pdf", paper=paper)


def printed(draft: Draft) -> dict[str, Any]:
    """Print a draft: the file's name, and its content in base64. Slow, so outside of any transaction."""
    return {"filename": draft.filename, "content": b64encode(clients.printed(draft.paper)).decode()}


def _agency(session: Session, *, agency_id: str) -> tuple[str | None, str]:
    agency = repository.agency(session, agency_id=agency_id)
    return (None, "en") if agency is None else (agency.name, agency.language)
