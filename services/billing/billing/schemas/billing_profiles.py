"""Billing profiles."""

from marshmallow.validate import Length

from billing.schemas.lists import Listed
from chassis.schemas import Schema, fields


class InvoiceAddress(Schema):
    """Who an invoice is made out to."""

    name = fields.String(required=True, validate=Length(min=1, max=200))
    street = fields.String(required=True, validate=Length(min=1, max=200))
    postal_code = fields.String(load_default=None, allow_none=True, validate=Length(max=20))
    city = fields.String(required=True, validate=Length(min=1, max=100))
    country = fields.String(required=True, validate=Length(equal=2))
    tax_number = fields.String(load_default=None, allow_none=True, validate=Length(max=40))


class AddBillingProfile(Schema):
    agency_id = fields.Id("agy", required=True)
    payment_method = fields.String(required=True, validate=Length(min=1, max=200))
    name = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=100))
    invoice_address = fields.Nested(InvoiceAddress, load_default=None, allow_none=True)
    is_default = fields.Boolean(load_default=None, allow_none=True)


class BillingProfileReference(Schema):
    """A billing profile; null: the agency's default."""

    agency_id = fields.Id("agy", required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)


class BillingProfile(Schema):
    """What may be known of a payment method: never its token."""

    id = fields.Id("bp")
    name = fields.String()
    brand = fields.String()
    last_four = fields.String()
    expiry_month = fields.Integer()
    expiry_year = fields.Integer()
    is_default = fields.Boolean()
    invoice_address = fields.Nested(InvoiceAddress, allow_none=True)
    created_at = fields.Instant()


class BillingProfiles(Listed):
    data = fields.List(fields.Nested(BillingProfile))
