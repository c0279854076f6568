"""Refusals about invoices."""

from chassis.errors import Refusal


class CreditNoteNotFound(Refusal):
    """The agency has no such credit note."""

    kind = "not_found"
    code = "credit_note_not_found"
    message = "There is no credit note {credit_note_id}."
    field = "credit_note_id"


class StatementNotFound(Refusal):
    """A month before the agency's first document, or one that has not begun."""

    kind = "not_found"
    code = "statement_not_found"
    message = "There is no statement of {month}."
    field = "month"


class UntilOutOfRange(Refusal):
    """Renewals are planned for a time that is to come, a year at most."""

    code = "until_out_of_range"
    message = "Renewals are planned until a moment after {earliest} and not after {latest}."
    field = "until"


class InvoiceNotFound(Refusal):
    """The agency has no such invoice."""

    kind = "not_found"
    code = "invoice_not_found"
    message = "There is no invoice {invoice_id}."
    field = "invoice_id"
