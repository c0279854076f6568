"""Billing profiles."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema
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
    """A card by exactly one of a token of the payment provider and a setup intent."""

    agency_id = fields.Id("agy", required=True)
    payment_method = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=200))
    setup_intent = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=200))
    name = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=100))
    invoice_address = fields.Nested(InvoiceAddress, load_default=None, allow_none=True)
    is_default = fields.Boolean(load_default=None, allow_none=True)

    @validates_schema
    def one_card(self, request: Mapping[str, Any], **_: Any) -> None:
        """Refuse a profile without a card, or with two."""
        if (request["payment_method"] is None) == (request["setup_intent"] is None):
            raise ValidationError("Give exactly one of payment_method and setup_intent.", "payment_method")


class UpdateBillingProfile(Schema):
    """What is given is changed; a card by one of a token and a setup intent at most."""

    agency_id = fields.Id("agy", required=True)
    billing_profile_id = fields.Id("bp", required=True)
    expected_version = fields.Integer(strict=True, load_default=None, allow_none=True)
    payment_method = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=200))
    setup_intent = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=200))
    name = fields.String(validate=Length(min=1, max=100))
    invoice_address = fields.Nested(InvoiceAddress, allow_none=True)
    is_default = fields.Boolean()

    @validates_schema
    def one_card(self, request: Mapping[str, Any], **_: Any) -> None:
        """Refuse two cards."""
        if request["payment_method"] is not None and request["setup_intent"] is not None:
            raise ValidationError("Give one of payment_method and setup_intent, not both.", "setup_intent")


class RemoveBillingProfile(Schema):
    agency_id = fields.Id("agy", required=True)
    billing_profile_id = fields.Id("bp", required=True)


class BeginSetup(Schema):
    """`return_url` is where the caller's page wants its user back; it is answered as it came."""

    agency_id = fields.Id("agy", required=True)
    return_url = fields.String(load_default=None, allow_none=True, validate=Length(min=1, max=1000))


class SetupIntent(Schema):
    id = fields.String()
    client_secret = fields.String()
    status = fields.String()
    return_url = fields.String(allow_none=True)


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
    version = fields.Integer()


class BillingProfiles(Listed):
    data = fields.List(fields.Nested(BillingProfile))
