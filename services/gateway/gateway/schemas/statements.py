"""Statements, and the plan of prepaid to buy."""

from chassis.schemas import Schema, fields
from gateway.schemas import Money, described, example


class StatementOfMonth(Schema):
    month = fields.String(required=True, metadata=example("2026-01"))
    start = fields.Instant(required=True)
    end = fields.Instant(required=True)
    is_final = fields.Boolean(required=True, metadata=described("Whether the month is over."))


class PrepaidStatement(Schema):
    """closing = opening + purchased + granted + returned − spent − expired."""

    opening = fields.Nested(Money, required=True)
    purchased = fields.Nested(Money, required=True)
    granted = fields.Nested(Money, required=True)
    returned = fields.Nested(Money, required=True)
    spent = fields.Nested(Money, required=True)
    expired = fields.Nested(Money, required=True)
    closing = fields.Nested(Money, required=True)


class Statement(StatementOfMonth):
    """closing = opening + invoiced − paid_prepaid − paid_card − credited + refunded_prepaid + refunded_card: what is open of invoices."""

    currency = fields.String(required=True, metadata=example("EUR"))
    opening = fields.Nested(Money, required=True)
    invoiced = fields.Nested(Money, required=True)
    paid_prepaid = fields.Nested(Money, required=True)
    paid_card = fields.Nested(Money, required=True)
    credited = fields.Nested(Money, required=True, metadata=described("Invoices taken back by credit notes, whether paid or not."))
    refunded_prepaid = fields.Nested(Money, required=True)
    refunded_card = fields.Nested(Money, required=True)
    closing = fields.Nested(Money, required=True)
    granted = fields.Nested(Money, required=True, metadata=described("Unused value of downgrades that became prepaid credit."))
    prepaid = fields.Nested(PrepaidStatement, required=True)


class PlanRequest(Schema):
    until = fields.Instant(metadata=described("Until when renewals are to be paid without the card; left out: the next 1st (UTC)."))


class PlannedCharge(Schema):
    """An open invoice, or a renewal to come, and what pays it."""

    account_id = fields.Id("acc", required=True)
    account_name = fields.String(required=True, allow_none=True, metadata=example("acme"))
    invoice_id = fields.Id("inv", required=True, allow_none=True, metadata=described("null: a renewal to come."))
    at = fields.Instant(required=True)
    amount = fields.Nested(Money, required=True)
    account_prepaid = fields.Nested(Money, required=True)
    agency_prepaid = fields.Nested(Money, required=True)
    missing = fields.Nested(Money, required=True)


class PrepaidPlan(Schema):
    """R0.63."""

    until = fields.Instant(required=True)
    to_buy = fields.Nested(Money, required=True, metadata=described("Exactly what is missing; a purchase may have a minimum above it."))
    due = fields.Nested(Money, required=True)
    account_prepaid = fields.Nested(Money, required=True)
    agency_prepaid = fields.Nested(Money, required=True)
    charges = fields.List(fields.Nested(PlannedCharge), required=True, metadata=described("The first thousand, as they fall due."))
    charges_total = fields.Integer(required=True)
