"""Quotes: priced offers with an expiry."""

from typing import Any

import marshmallow
from marshmallow.validate import OneOf, Range

from chassis.schemas import Schema, fields
from gateway.schemas import MOST_CONTACTS, SHORT, Money, described, example
from gateway.schemas.accounts import AccountPlan


class QuoteRequest(AccountPlan):
    """A selection, and what it is for: a new account, or with `account_id` a plan change of that account.

    For the next renewal of `account_id` give the purpose `renewal`, or no selection: it is for what the account is on.
    """

    pricing_version = fields.String(validate=SHORT, metadata=example("V3", "V3: paid plans; V1: trials and sandboxes."))
    product = fields.String(validate=SHORT, metadata=example("EM"))
    plan = fields.String(validate=SHORT, metadata=example("Plus"))
    contacts = fields.Minor(allow_none=True, validate=Range(min=1, max=MOST_CONTACTS), metadata=example(1000))
    frequency = fields.String(allow_none=True, validate=OneOf(["monthly", "annual"]), metadata=example("monthly"))

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
        metadata=described("When a plan change is to take effect: a downgrade at the end of the period or now, everything else only now."),
    )
    purpose = fields.String(
        load_default=None,
        allow_none=True,
        validate=OneOf(["account_opening", "plan_change", "renewal"]),
        metadata=example("account_opening", "What the quote is for; it follows from the rest where it is left out."),
    )

    @marshmallow.validates_schema
    def has_a_whole_selection(self, body: dict[str, Any], **_options: object) -> None:
        """Have the parts that every selection has given together, or none of them."""
        missing = [name for name in ("pricing_version", "product", "plan") if name not in body]
        given = [name for name in AccountPlan().fields if name in body]
        if given and missing:
            raise marshmallow.ValidationError({name: ["Missing data for required field."] for name in missing})


class Offer(Schema):
    """The figures, in the order in which they are worked out (R0.41–R0.47)."""

    list_price = fields.Nested(Money, required=True)
    migration_discount = fields.Nested(Money, required=True)
    reseller_discount = fields.Nested(Money, required=True)
    per_cycle = fields.Nested(Money, required=True, metadata=described("List price − migration discount − reseller discount."))
    proration = fields.Nested(Money, required=True, metadata=described("For the part of the period that is left."))
    due_today = fields.Nested(Money, required=True)
    granted = fields.Nested(
        Money, required=True, metadata=described("What becomes prepaid credit of the account: unused value that nothing is set against.")
    )
    taxes_included = fields.Boolean(required=True, metadata=described("Always false (R0.47)."))
    taxes_note = fields.String(required=True)


class PriceLine(Schema):
    """What a part of the plan costs a cycle before any discount; together they are the list price."""

    description = fields.String(required=True, metadata=example("sms"))
    amount = fields.Nested(Money, required=True)


class Draws(Schema):
    """What the charge draws on as things are now, in this order (R0.103–R0.105)."""

    account_prepaid = fields.Nested(Money, required=True)
    agency_prepaid = fields.Nested(Money, required=True)
    card = fields.Nested(Money, required=True)


class Quote(Schema):
    id = fields.Id("quo", required=True)
    purpose = fields.String(required=True, metadata={"enum": ["account_opening", "plan_change", "renewal"]})
    account_id = fields.Id("acc", required=True, allow_none=True)
    plan = fields.Nested(AccountPlan, required=True, attribute="selection")
    region = fields.String(required=True, allow_none=True, metadata=example("eu"))
    lines = fields.List(fields.Nested(PriceLine), required=True)
    offer = fields.Nested(Offer, required=True)
    direction = fields.String(
        required=True,
        allow_none=True,
        metadata=example("upgrade", "Which way a plan change goes: upgrade or downgrade; null for the others."),
    )
    effective = fields.String(required=True, metadata={"enum": ["now", "period_end"]})
    takes_effect_at = fields.Instant(required=True, allow_none=True, metadata=described("When what waits takes effect; null for now."))
    draws = fields.Nested(
        Draws, required=True, allow_none=True, metadata=described("Of what is due today, or when it takes effect; null: ask again later.")
    )
    state = fields.String(required=True, metadata={"enum": ["open", "expired", "used"]})
    created_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True)
