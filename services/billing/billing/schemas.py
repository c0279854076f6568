"""RPC payloads of billing, and the shape of the catalogue's data."""

import json
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import ContainsOnly, Length, OneOf, Range

from billing.domain.catalogue import Frequency, Kind
from billing.domain.invoice import InvoiceStatus, LineReason, Purpose
from billing.domain.offer import Effective, QuoteState
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

FREQUENCIES = {each.value for each in Frequency}


def _prices() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=OneOf([each.value for each in Frequency])), values=fields.List(fields.MoneyField()), required=True
    )


class Tier(Schema):
    contacts = fields.Integer(strict=True, required=True, validate=Range(min=1))
    monthly_sends = fields.Integer(strict=True, required=True, allow_none=True, validate=Range(min=1))
    prices = _prices()


class Option(Schema):
    """A choice for a limit is its number, so that more and less can be told apart."""

    choice = fields.String(required=True)
    number = fields.Integer(strict=True, required=True, validate=Range(min=1))
    prices = _prices()

    @validates_schema
    def choice_is_its_number(self, option: Mapping[str, Any], **_: Any) -> None:
        """Refuse a choice that does not say its number."""
        if option["choice"] != str(option["number"]):
            raise ValidationError("A choice is its number.", "choice")


class CustomLimit(Schema):
    per = fields.Integer(strict=True, required=True, validate=Range(min=1))
    prices = _prices()


class Limit(Schema):
    code = fields.String(required=True)
    options = fields.List(fields.Nested(Option), required=True, validate=Length(min=1))
    custom = fields.Nested(CustomLimit, required=True)


class AddOn(Schema):
    code = fields.String(required=True)
    plans = fields.List(fields.String(), required=True, validate=Length(min=1))
    prices = _prices()


class Plan(Schema):
    code = fields.String(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    days = fields.Integer(strict=True, required=True, allow_none=True)
    contacts = fields.Integer(strict=True, required=True, allow_none=True)
    monthly_sends = fields.Integer(strict=True, required=True, allow_none=True)
    tiers = fields.List(fields.Nested(Tier), required=True)

    @validates_schema
    def tiers_go_with_paid_plans(self, plan: Mapping[str, Any], **_: Any) -> None:
        """Refuse a paid plan without tiers, another with them, and tiers that do not grow."""
        if (plan["kind"] is Kind.PAID) != bool(plan["tiers"]):
            raise ValidationError("A paid plan has tiers, a trial or a sandbox has none.", "tiers")
        if any(smaller["contacts"] >= larger["contacts"] for smaller, larger in pairwise(plan["tiers"])):
            raise ValidationError("The tiers go from the smallest to the largest.", "tiers")


class Product(Schema):
    code = fields.String(required=True)
    sized_by = fields.String(required=True, validate=OneOf(["contacts", "monthly_sends"]))
    limits = fields.List(fields.Nested(Limit), required=True)
    add_ons = fields.List(fields.Nested(AddOn), required=True)
    plans = fields.List(fields.Nested(Plan), required=True, validate=Length(min=1))


class PricingVersion(Schema):
    code = fields.String(required=True)
    products = fields.List(fields.Nested(Product), required=True, validate=Length(min=1))


class MigrationDiscount(Schema):
    from_pricing_version = fields.String(required=True)
    to_pricing_version = fields.String(required=True)
    basis_points = fields.Integer(strict=True, required=True, validate=Range(min=0, max=10_000))


class Catalogue(Schema):
    """The catalogue as data and as answer; `regions` is where the data of each country (ISO 3166) lives."""

    version = fields.Integer(strict=True, required=True, validate=Range(min=1))
    currencies = fields.List(fields.String(validate=Length(equal=3)), required=True, validate=Length(min=1))
    languages = fields.List(fields.String(), required=True, validate=ContainsOnly(["en", "fr", "pt", "es"]))
    migration_discounts = fields.List(fields.Nested(MigrationDiscount), required=True)
    pricing_versions = fields.List(fields.Nested(PricingVersion), required=True, validate=Length(min=1))
    regions = fields.Dict(keys=fields.String(validate=Length(equal=2)), values=fields.String(), required=True)
    time_zones = fields.List(fields.String(validate=OneOf(sorted(available_timezones()))), required=True)

    @validates_schema
    def every_tier_has_every_price(self, catalogue: Mapping[str, Any], **_: Any) -> None:
        """Refuse a tier, an option or an add-on that lacks a price in one of the currencies or frequencies."""
        products = [product for version in catalogue["pricing_versions"] for product in version["products"]]
        priced = [
            *(tier for product in products for plan in product["plans"] for tier in plan["tiers"]),
            *(each for product in products for limit in product["limits"] for each in (*limit["options"], limit["custom"])),
            *(add_on for product in products for add_on in product["add_ons"]),
        ]
        for each in priced:
            currencies = [[price.currency for price in prices] for prices in each["prices"].values()]
            if set(each["prices"]) != FREQUENCIES or any(told != catalogue["currencies"] for told in currencies):
                raise ValidationError(
                    "Every tier, option and add-on has a price per frequency and currency, in the order of `currencies`.",
                    "pricing_versions",
                )


def shipped_catalogue() -> dict[str, Any]:
    """Read the catalogue that this package ships, as the plain JSON to be kept; raises `ValidationError` where its shape is wrong."""
    content: dict[str, Any] = json.loads(files("billing").joinpath("catalogue.json").read_text(encoding="utf-8"))
    Catalogue().load(content)
    return content


class Nothing(Schema):
    """A request without members."""


class Listing(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class Listed(Schema):
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class LimitChoice(Schema):
    choice = fields.String(required=True, validate=Length(min=1, max=100))
    number = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(min=0, max=10**9))


class Selection(Schema):
    """What of the catalogue is chosen; whether it fits together the catalogue says."""

    pricing_version = fields.String(required=True)
    product = fields.String(required=True)
    plan = fields.String(required=True)
    contacts = fields.Integer(strict=True, load_default=None, allow_none=True)
    frequency = fields.Enum(Frequency, by_value=True, load_default=None, allow_none=True)
    limits = fields.Dict(keys=fields.String(), values=fields.Nested(LimitChoice), load_default=dict, validate=Length(max=50))
    add_ons = fields.List(fields.String(), load_default=list, validate=Length(max=50))


class CreateQuote(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    selection = fields.Nested(Selection, required=True)
    country = fields.String(load_default=None, allow_none=True)
    effective = fields.Enum(Effective, by_value=True, load_default=None, allow_none=True)


class QuoteReference(Schema):
    agency_id = fields.Id("agy", required=True)
    quote_id = fields.Id("quo", required=True)


class Offer(Schema):
    list_price = fields.MoneyField()
    migration_discount = fields.MoneyField()
    reseller_discount = fields.MoneyField()
    per_cycle = fields.MoneyField()
    proration = fields.MoneyField()
    due_today = fields.MoneyField()
    taxes_included = fields.Constant(constant=False)
    taxes_note = fields.String()


class PriceLine(Schema):
    """What a part of the selection costs a cycle before any discount; together they are the list price."""

    description = fields.String()
    amount = fields.MoneyField()


class Quote(Schema):
    id = fields.Id("quo")
    purpose = fields.Enum(Purpose, by_value=True, validate=OneOf([Purpose.ACCOUNT_OPENING, Purpose.PLAN_CHANGE]))
    account_id = fields.Id("acc", allow_none=True)
    selection = fields.Nested(Selection)
    region = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(PriceLine))
    offer = fields.Nested(Offer)
    effective = fields.Enum(Effective, by_value=True)
    takes_effect_at = fields.Instant(allow_none=True)
    state = fields.Enum(QuoteState, by_value=True)
    created_at = fields.Instant()
    expires_at = fields.Instant()


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


class ListInvoices(Listing):
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class InvoiceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    invoice_id = fields.Id("inv", required=True)


class InvoiceLine(Schema):
    description = fields.String()
    reason = fields.Enum(LineReason, by_value=True)
    amount = fields.MoneyField()
    period_start = fields.Instant(allow_none=True)
    period_end = fields.Instant(allow_none=True)


class Invoice(Schema):
    id = fields.Id("inv")
    number = fields.String()
    purpose = fields.Enum(Purpose, by_value=True)
    account_id = fields.Id("acc", allow_none=True)
    status = fields.Enum(InvoiceStatus, by_value=True)
    lines = fields.List(fields.Nested(InvoiceLine))
    total = fields.MoneyField()
    paid_prepaid = fields.MoneyField()
    paid_card = fields.MoneyField()
    credited = fields.MoneyField()
    taxes_included = fields.Constant(constant=False)
    issued_at = fields.Instant()
    paid_at = fields.Instant(allow_none=True)


class Invoices(Listed):
    data = fields.List(fields.Nested(Invoice))


class PurchaseCredits(Schema):
    agency_id = fields.Id("agy", required=True)
    kind = fields.String(required=True, validate=OneOf(["prepaid"]))
    amount = fields.MoneyField(required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
