"""Invoices."""

from marshmallow.validate import OneOf, Regexp

from chassis.schemas import Schema, fields
from gateway.schemas import SHORT, Money, PageRequest, described, example

STATUSES = ["open", "paid", "credited"]
MONTH = r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z"


class DocumentsRequest(PageRequest):
    account_id = fields.Id("acc", metadata=described("Those of this account alone."))


class InvoicesRequest(DocumentsRequest):
    """R0.67."""

    account_name = fields.String(validate=SHORT, metadata=example("acme", "Those of accounts whose name has this in it."))
    status = fields.String(validate=OneOf(STATUSES), metadata=described("Those of this status alone."))
    month = fields.String(validate=Regexp(MONTH), metadata=example("2026-01", "Those issued in this month (UTC)."))


class InvoiceLine(Schema):
    description = fields.String(required=True)
    reason = fields.String(required=True)
    amount = fields.Nested(Money, required=True)
    period_start = fields.Instant(required=True, allow_none=True)
    period_end = fields.Instant(required=True, allow_none=True)


class CreditNoteOfInvoice(Schema):
    id = fields.Id("cn", required=True)
    number = fields.String(required=True, metadata=example("CN-000007"))
    total = fields.Nested(Money, required=True)
    issued_at = fields.Instant(required=True)


class Invoice(Schema):
    """An issued invoice never changes; what is paid of it and credited stands beside it."""

    id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"enum": ["account_opening", "plan_change", "credit_purchase", "renewal"]})
    account_id = fields.Id("acc", required=True, allow_none=True)
    account_name = fields.String(required=True, allow_none=True, metadata=example("acme"))
    status = fields.String(required=True, metadata={"enum": STATUSES})
    lines = fields.List(fields.Nested(InvoiceLine), required=True)
    total = fields.Nested(Money, required=True)
    paid_prepaid = fields.Nested(Money, required=True)
    paid_card = fields.Nested(Money, required=True)
    credited = fields.Nested(Money, required=True)
    open = fields.Nested(Money, required=True, metadata=described("What is still to be paid."))
    credit_notes = fields.List(fields.Nested(CreditNoteOfInvoice), required=True)
    taxes_included = fields.Boolean(required=True, metadata=example(value=False, description="Always false (R0.47)."))
    issued_at = fields.Instant(required=True)
    paid_at = fields.Instant(required=True, allow_none=True)


class CreditNote(Schema):
    """What takes an invoice back, or gives unused value as prepaid credit; it never changes. Positive amounts are given back."""

    id = fields.Id("cn", required=True)
    number = fields.String(required=True, metadata=example("CN-000007"))
    reason = fields.String(required=True, metadata={"enum": ["taken_back", "plan_change"]})
    invoice_id = fields.Id("inv", required=True, allow_none=True, metadata=described("The invoice taken back; null: none was."))
    invoice_number = fields.String(required=True, allow_none=True, metadata=example("INV-000042"))
    account_id = fields.Id("acc", required=True, allow_none=True)
    account_name = fields.String(required=True, allow_none=True, metadata=example("acme"))
    lines = fields.List(fields.Nested(InvoiceLine), required=True)
    total = fields.Nested(Money, required=True)
    refunded_prepaid = fields.Nested(Money, required=True)
    refunded_card = fields.Nested(Money, required=True)
    granted = fields.Nested(Money, required=True, metadata=described("What became prepaid credit of the account."))
    taxes_included = fields.Boolean(required=True, metadata=example(value=False, description="Always false (R0.47)."))
    issued_at = fields.Instant(required=True)
