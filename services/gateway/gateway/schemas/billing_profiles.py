"""Billing profiles: a payment method of the agency, and the address on its invoices."""

from marshmallow.validate import Length

from chassis.schemas import Schema, fields
from gateway.schemas import SHORT, described, example


class InvoiceAddress(Schema):
    """Who an invoice is made out to."""

    name = fields.String(required=True, validate=Length(min=1, max=200), metadata=example("Atelier Démo SARL"))
    street = fields.String(required=True, validate=Length(min=1, max=200), metadata=example("12 rue des Archives"))
    postal_code = fields.String(load_default=None, allow_none=True, validate=Length(max=20), metadata=example("75004"))
    city = fields.String(required=True, validate=Length(min=1, max=100), metadata=example("Paris"))
    country = fields.String(required=True, validate=Length(equal=2), metadata=example("FR", "ISO 3166-1."))
    tax_number = fields.String(load_default=None, allow_none=True, validate=Length(max=40), metadata=example("FR40303265045"))


class BillingProfileRequest(Schema):
    payment_method = fields.String(
        required=True, validate=SHORT, metadata=example("pm_card_visa", "A token of the payment provider; never a card number (R0.62).")
    )
    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Company card"))
    invoice_address = fields.Nested(InvoiceAddress, load_default=None, allow_none=True)
    is_default = fields.Boolean(
        load_default=None, allow_none=True, metadata=described("Whether purchases that name no profile use this one.")
    )


class BillingProfile(Schema):
    id = fields.Id("bp", required=True)
    name = fields.String(required=True, allow_none=True, metadata=example("Company card"))
    brand = fields.String(required=True, metadata=example("visa"))
    last_four = fields.String(required=True, metadata=example("4242"))
    expiry_month = fields.Integer(required=True, metadata=example(12))
    expiry_year = fields.Integer(required=True, metadata=example(2031))
    is_default = fields.Boolean(required=True)
    invoice_address = fields.Nested(InvoiceAddress, required=True, allow_none=True)
    created_at = fields.Instant(required=True)
