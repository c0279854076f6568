"""Invoices."""

from billing.domain.invoice import InvoiceStatus, LineReason, Purpose
from billing.schemas.lists import Listed, Listing
from chassis.schemas import Schema, fields


class ListInvoices(Listing):
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class InvoiceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    invoice_id = fields.Id("inv", required=True)


class InvoiceLine(Schema):
    description = fields.String()
    reason = fields.Enum(LineReason, by_value=True)
    amount = fields.MoneyField()
    period_start = fields.Instant(allow_none=True)
    period_end = fields.Instant(allow_none=True)


class Invoice(Schema):
    id = fields.Id("inv")
    number = fields.String()
    purpose = fields.Enum(Purpose, by_value=True)
    account_id = fields.Id("acc", allow_none=True)
    status = fields.Enum(InvoiceStatus, by_value=True)
    lines = fields.List(fields.Nested(InvoiceLine))
    total = fields.MoneyField()
    paid_prepaid = fields.MoneyField()
    paid_card = fields.MoneyField()
    credited = fields.MoneyField()
    taxes_included = fields.Constant(constant=False)
    issued_at = fields.Instant()
    paid_at = fields.Instant(allow_none=True)


class Invoices(Listed):
    data = fields.List(fields.Nested(Invoice))
