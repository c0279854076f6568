"""Billing profiles: a payment method of the agency, and the address on its invoices."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import URL, Length

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


TOKEN = example("pm_card_visa", "A token of the payment provider; never a card number. The card is the agency's own (R0.62).")
SETUP_INTENT = described("The id of a setup intent by which a card was handed to the payment provider, instead of `payment_method`.")


class BillingProfileRequest(Schema):
    """Exactly one of `payment_method` and `setup_intent` says which card it is."""

    payment_method = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=TOKEN)
    setup_intent = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=SETUP_INTENT)
    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Company card"))
    invoice_address = fields.Nested(InvoiceAddress, load_default=None, allow_none=True)
    is_default = fields.Boolean(
        load_default=None, allow_none=True, metadata=described("Whether purchases that name no profile use this one.")
    )

    @validates_schema
    def one_card(self, request: dict[str, Any], **_options: object) -> None:
        """Refuse a profile without a card, or with two."""
        if (request["payment_method"] is None) == (request["setup_intent"] is None):
            raise ValidationError("Give exactly one of payment_method and setup_intent.", "payment_method")


class BillingProfileChange(Schema):
    """What is given is changed; a card by one of `payment_method` and `setup_intent`. Another default is chosen by saying `true` there."""

    payment_method = fields.String(allow_none=True, validate=SHORT, metadata=TOKEN)
    setup_intent = fields.String(allow_none=True, validate=SHORT, metadata=SETUP_INTENT)
    name = fields.String(validate=Length(min=1, max=100), metadata=example("Company card"))
    invoice_address = fields.Nested(InvoiceAddress, allow_none=True)
    is_default = fields.Boolean(metadata=described("Whether purchases that name no profile use this one."))

    @validates_schema
    def one_card(self, request: dict[str, Any], **_options: object) -> None:
        """Refuse two cards."""
        if request.get("payment_method") is not None and request.get("setup_intent") is not None:
            raise ValidationError("Give one of payment_method and setup_intent, not both.", "setup_intent")


class SetupIntentRequest(Schema):
    return_url = fields.String(
        load_default=None,
        allow_none=True,
        validate=URL(schemes={"https", "http"}, require_tld=False),
        metadata=example("https://agency.comptoir.example/cards", "Where your page wants its user back; answered as it is."),
    )


class SetupIntent(Schema):
    """What a page hands to the payment provider's library in the browser, which then takes the card: its number never comes here."""

    id = fields.String(required=True, metadata=example("seti_1Q2w3E4r5T6y7U"))
    client_secret = fields.String(required=True, metadata=example("seti_1Q2w3E4r5T6y7U_secret_8I9o0P"))
    status = fields.String(required=True, metadata=example("requires_payment_method"))
    return_url = fields.String(required=True, allow_none=True, metadata=example("https://agency.comptoir.example/cards"))


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
