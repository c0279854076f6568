"""RPC payloads of credits."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import Length, NoneOf, Range, Regexp

from chassis.money import Money
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields
from credits.domain import Kind

MOST_UNITS = 1_000_000_000
"""What is moved at once; a typing error of many digits is refused."""


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
    previous_payment_id = fields.Id("pay", load_default=None, allow_none=True)


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
    account_id = fields.Id("acc", load_default=None, allow_none=True)
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
    balance_units = fields.Integer()
    invoice_id = fields.Id("inv", allow_none=True)
    payment_id = fields.Id("pay", allow_none=True)
    credit_note_id = fields.Id("cn", allow_none=True)
    reference = fields.String(allow_none=True)
    created_at = fields.Instant()
    postings = fields.List(fields.Nested(Posting))


class Transactions(Schema):
    data = fields.List(fields.Nested(Transaction))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class AllocateCredits(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(strict=True, required=True, validate=[Range(min=-MOST_UNITS, max=MOST_UNITS), NoneOf([0])])
    currency = fields.String(load_default=None, allow_none=True)


class Allocation(Schema):
    id = fields.Id("txn")
    kind = fields.Enum(Kind, by_value=True)
    account_id = fields.Id("acc")
    units = fields.Integer()
    currency = fields.String(allow_none=True)
    created_at = fields.Instant()


class AllocationMade(Allocation):
    agency_units = fields.Integer()
    account_units = fields.Integer()


class Allocations(Schema):
    data = fields.List(fields.Nested(Allocation))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class SpendCredits(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True, validate=NoneOf([Kind.PREPAID]))
    units = fields.Integer(strict=True, required=True, validate=Range(min=1, max=MOST_UNITS))
    reference = fields.String(required=True, validate=Length(min=1, max=200))


class SpentLot(Schema):
    lot_id = fields.Id("lot")
    units = fields.Integer()


class Spend(Schema):
    id = fields.Id("txn")
    units = fields.Integer()
    lots = fields.List(fields.Nested(SpentLot))
    account_units = fields.Integer()


class StatementReference(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    currency = fields.String(load_default=None, allow_none=True)
    start = fields.Instant(required=True)
    end = fields.Instant(required=True)


class Statement(Schema):
    kind = fields.Enum(Kind, by_value=True)
    currency = fields.String(allow_none=True)
    start = fields.Instant()
    end = fields.Instant()
    opening = fields.Integer()
    purchased = fields.Integer()
    granted = fields.Integer()
    returned = fields.Integer()
    spent = fields.Integer()
    expired = fields.Integer()
    closing = fields.Integer()


class SettingsReference(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)


class TopUp(Schema):
    units = fields.Integer(strict=True, required=True, validate=Range(min=1, max=MOST_UNITS))


class ChangeSettings(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    currency = fields.String(load_default=None, allow_none=True, validate=Regexp("[A-Z]{3}\\Z"))
    threshold = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(min=0, max=MOST_UNITS))
    top_up = fields.Nested(TopUp, load_default=None, allow_none=True)

    @validates_schema
    def a_top_up_has_a_threshold(self, settings: dict[str, Any], **_: Any) -> None:
        """Refuse a top-up that nothing would ever cause."""
        if settings["top_up"] is not None and settings["threshold"] is None:
            raise ValidationError("A top-up is bought at a threshold: say at which balance.", "threshold")


class Settings(Schema):
    kind = fields.Enum(Kind, by_value=True)
    currency = fields.String(allow_none=True)
    threshold = fields.Integer(allow_none=True)
    top_up = fields.Nested(TopUp, allow_none=True)
    is_low = fields.Boolean()
