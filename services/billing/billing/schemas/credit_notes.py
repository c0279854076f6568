"""Credit notes, and papers as PDF."""

from billing.domain.invoice import CreditReason
from billing.schemas.invoices import InvoiceLine
from billing.schemas.lists import Listed, Listing
from chassis.schemas import Schema, fields


class ListCreditNotes(Listing):
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class CreditNoteReference(Schema):
    agency_id = fields.Id("agy", required=True)
    credit_note_id = fields.Id("cn", required=True)


class CreditNote(Schema):
    id = fields.Id("cn")
    number = fields.String()
    reason = fields.Enum(CreditReason, by_value=True)
    invoice_id = fields.Id("inv", allow_none=True)
    invoice_number = fields.String(allow_none=True)
    account_id = fields.Id("acc", allow_none=True)
    account_name = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(InvoiceLine))
    total = fields.MoneyField()
    refunded_prepaid = fields.MoneyField()
    refunded_card = fields.MoneyField()
    granted = fields.MoneyField()
    taxes_included = fields.Constant(constant=False)
    issued_at = fields.Instant()


class CreditNotes(Listed):
    data = fields.List(fields.Nested(CreditNote))


class Printed(Schema):
    """A PDF: what the file is called, and its content in base64."""

    filename = fields.String()
    content = fields.String()
