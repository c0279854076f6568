"""Credit: balances, movements, purchases, allocations, settings."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import NoneOf, Range, Regexp

from chassis.schemas import Schema, fields
from gateway.schemas import MOST_MINOR, Money, PageRequest, described, example

KINDS = {"enum": ["prepaid", "sms", "inbox_preview"]}
MOST_UNITS = 10**9
UNITS = "Minor units of the agency's currency for prepaid, pieces for the others"


class BalanceRequest(Schema):
    account_id = fields.Id("acc", metadata=described("What this account holds; left out: what the agency holds."))


class PurchaseAmount(Money):
    amount = fields.Minor(
        required=True, validate=Range(min=1, max=MOST_MINOR), metadata=example(10000, "In minor units of the currency (cents for EUR).")
    )


class PurchaseRequest(Schema):
    """Prepaid by its `amount` (R0.106), the others by number of `units` (R0.109, R0.112); `account_id`: for that account alone (R0.105)."""

    amount = fields.Nested(PurchaseAmount, load_default=None, allow_none=True)
    units = fields.Minor(
        load_default=None,
        allow_none=True,
        validate=Range(min=1, max=MOST_UNITS),
        metadata=described("How many SMS or inbox previews; which numbers are on sale, and the prices, are in the catalogue."),
    )
    billing_profile_id = fields.Id(
        "bp", load_default=None, allow_none=True, metadata=described("What is charged; left out: the default one.")
    )
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class Lot(Schema):
    """What is left of one purchase; the earliest to expire is spent first."""

    id = fields.String(required=True)
    units_left = fields.Integer(required=True)
    purchased_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True, allow_none=True)


class Balance(Schema):
    """`units` are minor units of the currency for prepaid credit."""

    kind = fields.String(required=True, metadata=KINDS)
    balance = fields.Nested(Money, required=True, allow_none=True)
    units = fields.Integer(required=True)
    reserved = fields.Integer(required=True, metadata=described("Held for payments under way."))
    lots = fields.List(fields.Nested(Lot), required=True)


class TransactionsRequest(PageRequest):
    account_id = fields.Id("acc", metadata=described("What moved in this account's pot; left out: all there is."))


class Posting(Schema):
    account_id = fields.Id("acc", required=True, allow_none=True)
    purpose = fields.String(required=True)
    lot_id = fields.String(required=True)
    units = fields.Integer(required=True)


class Transaction(Schema):
    """One movement; its postings sum to zero."""

    id = fields.Id("txn", required=True)
    kind = fields.String(required=True, metadata=KINDS)
    purpose = fields.String(required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    balance_units = fields.Integer(
        required=True, metadata=described("What the agency's own pot had available after it, or the pot of the account asked for.")
    )
    invoice_id = fields.Id("inv", required=True, allow_none=True)
    payment_id = fields.String(required=True, allow_none=True)
    credit_note_id = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True, metadata=described("What an account spent it on, as it said."))
    created_at = fields.Instant(required=True)
    postings = fields.List(fields.Nested(Posting), required=True)


class AllocationRequest(Schema):
    """R0.102, R0.111."""

    account_id = fields.Id("acc", required=True)
    units = fields.Minor(
        required=True,
        validate=[Range(min=-MOST_UNITS, max=MOST_UNITS), NoneOf([0])],
        metadata=example(50, f"{UNITS}; negative: take so much back, of what is unspent."),
    )


class Allocation(Schema):
    """Credit that went from the agency to an account, or back (negative `units`)."""

    id = fields.Id("txn", required=True)
    kind = fields.String(required=True, metadata=KINDS)
    account_id = fields.Id("acc", required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    created_at = fields.Instant(required=True)


class AllocationMade(Allocation):
    agency_units = fields.Integer(required=True, metadata=described("What the agency has left."))
    account_units = fields.Integer(required=True, metadata=described("What the account has now."))


class TopUp(Schema):
    """What is bought when the balance is low, once each time it becomes so, by the default billing profile."""

    units = fields.Minor(required=True, validate=Range(min=1, max=MOST_UNITS), metadata=example(20000, f"{UNITS}."))


class SettingsRequest(Schema):
    currency = fields.String(
        load_default=None,
        allow_none=True,
        validate=Regexp("[A-Z]{3}\\Z"),
        metadata=described("Of prepaid, where the agency does not have it in exactly one currency."),
    )
    threshold = fields.Minor(
        load_default=None,
        allow_none=True,
        validate=Range(min=0, max=MOST_UNITS),
        metadata=example(5000, f"{UNITS}: at this balance or below the agency is told that it is low; null: never."),
    )
    top_up = fields.Nested(
        TopUp, load_default=None, allow_none=True, metadata=described("Rounded up to a number that is on sale; needs a threshold.")
    )

    @validates_schema
    def a_top_up_has_a_threshold(self, settings: dict[str, Any], **_: Any) -> None:
        """Refuse a top-up that nothing would ever cause."""
        if settings["top_up"] is not None and settings["threshold"] is None:
            raise ValidationError("A top-up is bought at a threshold: say at which balance.", "threshold")


class Settings(Schema):
    kind = fields.String(required=True, metadata=KINDS)
    currency = fields.String(required=True, allow_none=True)
    threshold = fields.Integer(required=True, allow_none=True)
    top_up = fields.Nested(TopUp, required=True, allow_none=True)
    is_low = fields.Boolean(required=True)
