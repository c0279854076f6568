"""The shape of the catalogue's data."""

import json
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import ContainsOnly, Length, OneOf, Range

from billing.domain.catalogue import Frequency, Kind
from billing.domain.catalogue_rules import EVERY_CREDIT, EVERY_PRICE, STEPS
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


class CreditOnSale(Schema):
    kind = fields.String(required=True, validate=OneOf(["sms", "inbox_preview"]))
    per = fields.Integer(strict=True, required=True, validate=Range(min=1))
    prices = fields.List(fields.MoneyField(), required=True)
    minimum = fields.Integer(strict=True, required=True, validate=Range(min=1))
    maximum = fields.Integer(strict=True, required=True)
    step = fields.Integer(strict=True, required=True, validate=Range(min=1))
    months = fields.Integer(strict=True, required=True, allow_none=True, validate=Range(min=1))

    @validates_schema
    def something_can_be_bought(self, credit: Mapping[str, Any], **_: Any) -> None:
        """Refuse numbers that cannot be bought."""
        if credit["maximum"] < credit["minimum"] or credit["minimum"] % credit["step"] or credit["maximum"] % credit["step"]:
            raise ValidationError(STEPS, "step")


class Catalogue(Schema):
    """The catalogue as data and as answer; `regions` is where the data of each country (ISO 3166) lives."""

    version = fields.Integer(strict=True, required=True, validate=Range(min=1))
    currencies = fields.List(fields.String(validate=Length(equal=3)), required=True, validate=Length(min=1))
    languages = fields.List(fields.String(), required=True, validate=ContainsOnly(["en", "fr", "pt", "es"]))
    migration_discounts = fields.List(fields.Nested(MigrationDiscount), required=True)
    pricing_versions = fields.List(fields.Nested(PricingVersion), required=True, validate=Length(min=1))
    regions = fields.Dict(keys=fields.String(validate=Length(equal=2)), values=fields.String(), required=True)
    time_zones = fields.List(fields.String(validate=OneOf(sorted(available_timezones()))), required=True)
    credits = fields.List(fields.Nested(CreditOnSale), required=True)

    @validates_schema
    def every_kind_of_credit_has_every_price(self, catalogue: Mapping[str, Any], **_: Any) -> None:
        """Refuse credit that is on sale twice, or lacks a price in one of the currencies."""
        kinds = [each["kind"] for each in catalogue["credits"]]
        currencies = [[price.currency for price in each["prices"]] for each in catalogue["credits"]]
        if len(set(kinds)) < len(kinds) or any(told != catalogue["currencies"] for told in currencies):
            raise ValidationError(EVERY_CREDIT, "credits")

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
                raise ValidationError(EVERY_PRICE, "pricing_versions")


def shipped_catalogue() -> dict[str, Any]:
    """Read the catalogue that this package ships, as the plain JSON to be kept; raises `ValidationError` where its shape is wrong."""
    content: dict[str, Any] = json.loads(files("billing").joinpath("catalogue.json").read_text(encoding="utf-8"))
    Catalogue().load(content)
    return content
