"""Refusals about invoices."""

from chassis.errors import Refusal


class CreditNoteNotFound(Refusal):
    """The agency has no such credit note."""

    kind = "not_found"
    code = "credit_note_not_found"
    message = "There is no credit note {credit_note_id}."
    field = "credit_note_id"


class InvoiceNotFound(Refusal):
    """The agency has no such invoice."""

    kind = "not_found"
    code = "invoice_not_found"
    message = "There is no invoice {invoice_id}."
    field = "invoice_id"
