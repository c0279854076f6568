"""Credit that is bought."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields


class PurchaseCredits(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.String(required=True, validate=OneOf(["prepaid"]))
    amount = fields.MoneyField(required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
