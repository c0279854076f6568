"""Refusals about invoices."""

from chassis.errors import Refusal


class InvoiceNotFound(Refusal):
    """The agency has no such invoice."""

    kind = "not_found"
    code = "invoice_not_found"
    message = "There is no invoice {invoice_id}."
    field = "invoice_id"
