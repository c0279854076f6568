"""Quotes."""

from marshmallow.validate import Length, OneOf, Range

from billing.domain.catalogue import Frequency
from billing.domain.invoice import Purpose
from billing.domain.offer import Direction, Effective, QuoteState
from chassis.schemas import Schema, fields

QUOTED = [Purpose.ACCOUNT_OPENING, Purpose.PLAN_CHANGE, Purpose.RENEWAL]
"""What quotes are for; credit is bought at its face value."""


class LimitChoice(Schema):
    choice = fields.String(required=True, validate=Length(min=1, max=100))
    number = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(min=0, max=10**9))


class Selection(Schema):
    """What of the catalogue is chosen; whether it fits together the catalogue says."""

    pricing_version = fields.String(required=True)
    product = fields.String(required=True)
    plan = fields.String(required=True)
    contacts = fields.Integer(strict=True, load_default=None, allow_none=True)
    frequency = fields.Enum(Frequency, by_value=True, load_default=None, allow_none=True)
    limits = fields.Dict(keys=fields.String(), values=fields.Nested(LimitChoice), load_default=dict, validate=Length(max=50))
    add_ons = fields.List(fields.String(), load_default=list, validate=Length(max=50))


class CreateQuote(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    selection = fields.Nested(Selection, load_default=None, allow_none=True)
    country = fields.String(load_default=None, allow_none=True)
    effective = fields.Enum(Effective, by_value=True, load_default=None, allow_none=True)
    purpose = fields.Enum(Purpose, by_value=True, load_default=None, allow_none=True, validate=OneOf([*QUOTED, None]))


class QuoteReference(Schema):
    agency_id = fields.Id("agy", required=True)
    quote_id = fields.Id("quo", required=True)


class Offer(Schema):
    list_price = fields.MoneyField()
    migration_discount = fields.MoneyField()
    reseller_discount = fields.MoneyField()
    per_cycle = fields.MoneyField()
    proration = fields.MoneyField()
    due_today = fields.MoneyField()
    granted = fields.MoneyField()
    taxes_included = fields.Constant(constant=False)
    taxes_note = fields.String()


class PriceLine(Schema):
    """What a part of the selection costs a cycle before any discount; together they are the list price."""

    description = fields.String()
    amount = fields.MoneyField()


class Quote(Schema):
    id = fields.Id("quo")
    purpose = fields.Enum(Purpose, by_value=True, validate=OneOf(QUOTED))
    account_id = fields.Id("acc", allow_none=True)
    selection = fields.Nested(Selection)
    region = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(PriceLine))
    offer = fields.Nested(Offer)
    direction = fields.Enum(Direction, by_value=True, allow_none=True)
    effective = fields.Enum(Effective, by_value=True)
    takes_effect_at = fields.Instant(allow_none=True)
    state = fields.Enum(QuoteState, by_value=True)
    created_at = fields.Instant()
    expires_at = fields.Instant()
