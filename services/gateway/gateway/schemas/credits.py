"""Credit: balances, movements, purchases."""

from marshmallow.validate import Range

from chassis.schemas import Schema, fields
from gateway.schemas import MOST_MINOR, Money, described, example


class BalanceRequest(Schema):
    account_id = fields.Id("acc", metadata=described("What this account holds; left out: what the agency holds."))


class PurchaseAmount(Money):
    amount = fields.Minor(
        required=True, validate=Range(min=1, max=MOST_MINOR), metadata=example(10000, "In minor units of the currency (cents for EUR).")
    )


class PurchaseRequest(Schema):
    """R0.106; `account_id`: for that account alone (R0.105)."""

    amount = fields.Nested(PurchaseAmount, required=True)
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

    kind = fields.String(required=True, metadata={"enum": ["prepaid"]})
    balance = fields.Nested(Money, required=True, allow_none=True)
    units = fields.Integer(required=True)
    reserved = fields.Integer(required=True, metadata=described("Held for payments under way."))
    lots = fields.List(fields.Nested(Lot), required=True)


class Posting(Schema):
    account_id = fields.Id("acc", required=True, allow_none=True)
    purpose = fields.String(required=True)
    lot_id = fields.String(required=True)
    units = fields.Integer(required=True)


class Transaction(Schema):
    """One movement; its postings sum to zero."""

    id = fields.Id("txn", required=True)
    kind = fields.String(required=True, metadata={"enum": ["prepaid"]})
    purpose = fields.String(required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    invoice_id = fields.Id("inv", required=True, allow_none=True)
    payment_id = fields.String(required=True, allow_none=True)
    credit_note_id = fields.String(required=True, allow_none=True)
    created_at = fields.Instant(required=True)
    postings = fields.List(fields.Nested(Posting), required=True)
