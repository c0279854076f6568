"""RPC payloads of credits."""

from marshmallow import ValidationError
from marshmallow.validate import Range

from chassis.money import Money
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields
from credits.domain import Kind


def not_negative(money: Money) -> None:
    """Refuse amounts below zero."""
    if money.amount_minor < 0:
        raise ValidationError("An amount below zero cannot be reserved.")


class ReservePrepaid(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    payment_id = fields.Id("pay", required=True)
    invoice_id = fields.Id("inv", required=True)
    up_to = fields.MoneyField(required=True, validate=not_negative)


class Reserved(Schema):
    reserved = fields.MoneyField()


class BalanceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    currency = fields.String(load_default=None, allow_none=True)


class Lot(Schema):
    id = fields.Id("lot", attribute="lot_id")
    units_left = fields.Integer()
    purchased_at = fields.Instant()
    expires_at = fields.Instant(allow_none=True)
    account_id = fields.Id("acc", allow_none=True)


class Balance(Schema):
    kind = fields.Enum(Kind, by_value=True)
    balance = fields.MoneyField(allow_none=True)
    units = fields.Integer()
    reserved = fields.Integer()
    lots = fields.List(fields.Nested(Lot))


class PotLot(Schema):
    units = fields.Integer(attribute="units_left")
    expires_at = fields.Instant(allow_none=True)


class Pot(Schema):
    units = fields.Integer()
    lots = fields.List(fields.Nested(PotLot))


class AccountPot(Pot):
    account_id = fields.Id("acc")


class Pots(Schema):
    agency = fields.Nested(Pot)
    accounts = fields.List(fields.Nested(AccountPot))
    currency = fields.String(allow_none=True)


class ListTransactions(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class Posting(Schema):
    account_id = fields.Id("acc", allow_none=True)
    purpose = fields.String()
    lot_id = fields.Id("lot")
    units = fields.Integer()


class Transaction(Schema):
    id = fields.Id("txn")
    kind = fields.Enum(Kind, by_value=True)
    purpose = fields.String()
    units = fields.Integer()
    currency = fields.String(allow_none=True)
    invoice_id = fields.Id("inv")
    payment_id = fields.Id("pay", allow_none=True)
    credit_note_id = fields.Id("cn", allow_none=True)
    created_at = fields.Instant()
    postings = fields.List(fields.Nested(Posting))


class Transactions(Schema):
    data = fields.List(fields.Nested(Transaction))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
