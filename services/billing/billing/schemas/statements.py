"""Statements, and the plan of prepaid to buy."""

from marshmallow.validate import Regexp

from billing.domain.months import MONTH_PATTERN
from billing.schemas.lists import Listed
from chassis.schemas import Schema, fields


class StatementReference(Schema):
    agency_id = fields.Id("agy", required=True)
    month = fields.String(required=True, validate=Regexp(MONTH_PATTERN))


class StatementOfMonth(Schema):
    """A month that there is a statement of; `is_final`: it is over."""

    month = fields.String()
    start = fields.Instant()
    end = fields.Instant()
    is_final = fields.Boolean()


class Statement(StatementOfMonth):
    currency = fields.String()
    opening = fields.MoneyField()
    invoiced = fields.MoneyField()
    paid_prepaid = fields.MoneyField()
    paid_card = fields.MoneyField()
    credited = fields.MoneyField()
    refunded_prepaid = fields.MoneyField()
    refunded_card = fields.MoneyField()
    closing = fields.MoneyField()
    granted = fields.MoneyField()


class Statements(Listed):
    data = fields.List(fields.Nested(StatementOfMonth))


class PlanPrepaid(Schema):
    """Until when renewals are to be paid without the card; null: the next 1st."""

    agency_id = fields.Id("agy", required=True)
    until = fields.Instant(load_default=None, allow_none=True)


class PlannedCharge(Schema):
    account_id = fields.Id("acc")
    account_name = fields.String(allow_none=True)
    invoice_id = fields.Id("inv", allow_none=True)
    at = fields.Instant()
    amount = fields.MoneyField()
    account_prepaid = fields.MoneyField()
    agency_prepaid = fields.MoneyField()
    missing = fields.MoneyField()


class PrepaidPlan(Schema):
    until = fields.Instant()
    to_buy = fields.MoneyField()
    due = fields.MoneyField()
    account_prepaid = fields.MoneyField()
    agency_prepaid = fields.MoneyField()
    charges = fields.List(fields.Nested(PlannedCharge))
    charges_total = fields.Integer()
