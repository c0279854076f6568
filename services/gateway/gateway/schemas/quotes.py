"""Quotes: priced offers with an expiry."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import Money, described, example
from gateway.schemas.accounts import AccountPlan


class QuoteRequest(AccountPlan):
    """A selection, and what it is for: a new account, or with `account_id` a plan change of that account."""

    account_id = fields.Id("acc", load_default=None, allow_none=True, metadata=described("The account whose plan would change."))
    country = fields.String(
        load_default=None,
        allow_none=True,
        metadata=example("FR", "The client's country (ISO 3166-1): it decides the region of the data (R0.26)."),
    )
    effective = fields.String(
        load_default=None,
        allow_none=True,
        validate=OneOf(["now", "period_end"]),
        metadata=described("When a plan change is to take effect: a downgrade only at the end of the period, everything else only now."),
    )


class Offer(Schema):
    """The figures, in the order in which they are worked out (R0.41–R0.47)."""

    list_price = fields.Nested(Money, required=True)
    migration_discount = fields.Nested(Money, required=True)
    reseller_discount = fields.Nested(Money, required=True)
    per_cycle = fields.Nested(Money, required=True, metadata=described("List price − migration discount − reseller discount."))
    proration = fields.Nested(Money, required=True, metadata=described("For the part of the period that is left."))
    due_today = fields.Nested(Money, required=True)
    taxes_included = fields.Boolean(required=True, metadata=described("Always false (R0.47)."))
    taxes_note = fields.String(required=True)


class PriceLine(Schema):
    """What a part of the plan costs a cycle before any discount; together they are the list price."""

    description = fields.String(required=True, metadata=example("sms"))
    amount = fields.Nested(Money, required=True)


class Quote(Schema):
    id = fields.Id("quo", required=True)
    purpose = fields.String(required=True, metadata={"enum": ["account_opening", "plan_change"]})
    account_id = fields.Id("acc", required=True, allow_none=True)
    plan = fields.Nested(AccountPlan, required=True, attribute="selection")
    region = fields.String(required=True, allow_none=True, metadata=example("eu"))
    lines = fields.List(fields.Nested(PriceLine), required=True)
    offer = fields.Nested(Offer, required=True)
    effective = fields.String(required=True, metadata={"enum": ["now", "period_end"]})
    takes_effect_at = fields.Instant(required=True, allow_none=True, metadata=described("When what waits takes effect; null for now."))
    state = fields.String(required=True, metadata={"enum": ["open", "expired", "used"]})
    created_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True)
