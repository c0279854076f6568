"""Invoices."""

from chassis.schemas import Schema, fields
from gateway.schemas import Money, PageRequest, described, example


class InvoicesRequest(PageRequest):
    account_id = fields.Id("acc", metadata=described("The invoices of this account alone."))


class InvoiceLine(Schema):
    description = fields.String(required=True)
    reason = fields.String(required=True)
    amount = fields.Nested(Money, required=True)
    period_start = fields.Instant(required=True, allow_none=True)
    period_end = fields.Instant(required=True, allow_none=True)


class Invoice(Schema):
    """An issued invoice never changes; what is paid of it and credited stands beside it."""

    id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"enum": ["account_opening", "plan_change", "credit_purchase", "renewal"]})
    account_id = fields.Id("acc", required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": ["open", "paid", "credited"]})
    lines = fields.List(fields.Nested(InvoiceLine), required=True)
    total = fields.Nested(Money, required=True)
    paid_prepaid = fields.Nested(Money, required=True)
    paid_card = fields.Nested(Money, required=True)
    credited = fields.Nested(Money, required=True)
    taxes_included = fields.Boolean(required=True, metadata=example(value=False, description="Always false (R0.47)."))
    issued_at = fields.Instant(required=True)
    paid_at = fields.Instant(required=True, allow_none=True)
