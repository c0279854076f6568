"""Invoices."""

from marshmallow.validate import Length, Regexp

from billing.domain.invoice import InvoiceStatus, LineReason, Purpose
from billing.domain.months import MONTH_PATTERN
from billing.schemas.lists import Listed, Listing
from chassis.schemas import Schema, fields


class ListInvoices(Listing):
    """Invoices, or those of one account, of accounts whose name has `account_name` in it, of one status, or issued in one month (UTC)."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    account_name = fields.String(load_default=None, allow_none=True, validate=Length(max=200))
    status = fields.Enum(InvoiceStatus, by_value=True, load_default=None, allow_none=True)
    month = fields.String(load_default=None, allow_none=True, validate=Regexp(MONTH_PATTERN))


class InvoiceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    invoice_id = fields.Id("inv", required=True)


class InvoiceLine(Schema):
    description = fields.String()
    reason = fields.Enum(LineReason, by_value=True)
    amount = fields.MoneyField()
    period_start = fields.Instant(allow_none=True)
    period_end = fields.Instant(allow_none=True)


class CreditNoteOfInvoice(Schema):
    id = fields.Id("cn")
    number = fields.String()
    total = fields.MoneyField()
    issued_at = fields.Instant()


class Invoice(Schema):
    id = fields.Id("inv")
    number = fields.String()
    purpose = fields.Enum(Purpose, by_value=True)
    account_id = fields.Id("acc", allow_none=True)
    account_name = fields.String(allow_none=True)
    status = fields.Enum(InvoiceStatus, by_value=True)
    lines = fields.List(fields.Nested(InvoiceLine))
    total = fields.MoneyField()
    paid_prepaid = fields.MoneyField()
    paid_card = fields.MoneyField()
    credited = fields.MoneyField()
    open = fields.MoneyField()
    credit_notes = fields.List(fields.Nested(CreditNoteOfInvoice))
    taxes_included = fields.Constant(constant=False)
    issued_at = fields.Instant()
    paid_at = fields.Instant(allow_none=True)


class Invoices(Listed):
    data = fields.List(fields.Nested(Invoice))
