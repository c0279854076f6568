"""Credit that is bought."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import OneOf, Range

from billing.domain.credits import PIECES, PREPAID
from billing.schemas.invoices import Invoice
from billing.schemas.lists import Listed, Listing
from chassis.schemas import Schema, fields

KIND = OneOf([PREPAID, *PIECES])


class PurchaseCredits(Schema):
    """Prepaid is bought for an amount, the others by number of units."""

    agency_id = fields.Id("agy", required=True)
    kind = fields.String(required=True, validate=KIND)
    amount = fields.MoneyField(load_default=None, allow_none=True)
    units = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(min=1))
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)

    @validates_schema
    def amount_or_units(self, purchase: dict[str, Any], **_: Any) -> None:
        """Refuse what does not say how much, and what says it twice."""
        wanted, other = ("amount", "units") if purchase["kind"] == PREPAID else ("units", "amount")
        if purchase[wanted] is None:
            raise ValidationError(f"Credit of the kind {purchase['kind']} is bought by {wanted}.", wanted)
        if purchase[other] is not None:
            raise ValidationError(f"Credit of the kind {purchase['kind']} is bought by {wanted}, not by {other}.", other)


class ListPurchases(Listing):
    kind = fields.String(required=True, validate=KIND)


class Purchases(Listed):
    data = fields.List(fields.Nested(Invoice))
