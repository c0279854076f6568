"""The catalogue: what can be bought, at which list price."""

from chassis.schemas import Schema, fields
from gateway.schemas import Money, described, example


def _prices() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(Money)),
        required=True,
        metadata={
            "description": "By billing frequency, one list price per currency; taxes are not included.",
            "examples": [{"monthly": [{"amount": 4900, "currency": "EUR"}], "annual": [{"amount": 47040, "currency": "EUR"}]}],
        },
    )


class Tier(Schema):
    """A size of a plan."""

    contacts = fields.Integer(required=True, metadata=example(1000))
    monthly_sends = fields.Integer(required=True, allow_none=True)
    prices = _prices()


class LimitOption(Schema):
    choice = fields.String(required=True, metadata=example("50000"))
    number = fields.Integer(required=True, metadata=example(50000))
    prices = _prices()


class CustomLimit(Schema):
    """The choice `custom`: every `per` of the number that is begun costs once (R0.38)."""

    per = fields.Integer(required=True, metadata=example(1000))
    prices = _prices()


class LimitOnSale(Schema):
    """An item of which a paid account can have more (R0.37)."""

    code = fields.String(required=True, metadata=example("activities"))
    options = fields.List(fields.Nested(LimitOption), required=True)
    custom = fields.Nested(CustomLimit, required=True)


class AddOn(Schema):
    """What can be added to these plans (R0.39, R0.108)."""

    code = fields.String(required=True, metadata=example("pipelines"))
    plans = fields.List(fields.String(), required=True, metadata=example(["Plus", "Pro", "Enterprise"]))
    prices = _prices()


class Plan(Schema):
    code = fields.String(required=True, metadata=example("Plus"))
    kind = fields.String(required=True, metadata={"enum": ["paid", "trial", "sandbox"]})
    days = fields.Integer(required=True, allow_none=True, metadata=described("How long a trial lasts."))
    contacts = fields.Integer(required=True, allow_none=True, metadata=described("The limit where the plan has no tiers."))
    monthly_sends = fields.Integer(required=True, allow_none=True)
    tiers = fields.List(fields.Nested(Tier), required=True)


class Product(Schema):
    code = fields.String(required=True, metadata=example("EM"))
    sized_by = fields.String(required=True, metadata={"enum": ["contacts", "monthly_sends"]})
    limits = fields.List(fields.Nested(LimitOnSale), required=True)
    add_ons = fields.List(fields.Nested(AddOn), required=True)
    plans = fields.List(fields.Nested(Plan), required=True)


class PricingVersion(Schema):
    code = fields.String(required=True, metadata=example("V3"))
    products = fields.List(fields.Nested(Product), required=True)


class MigrationDiscount(Schema):
    """What moving from one pricing version to another takes off the list price."""

    from_pricing_version = fields.String(required=True)
    to_pricing_version = fields.String(required=True)
    basis_points = fields.Integer(required=True)


class CreditOnSale(Schema):
    """Credit that is bought by the piece (R0.109, R0.112): every `per` pieces cost one of `prices`."""

    kind = fields.String(required=True, metadata={"enum": ["sms", "inbox_preview"]})
    per = fields.Integer(required=True, metadata=example(100))
    prices = fields.List(fields.Nested(Money), required=True)
    minimum = fields.Integer(required=True, metadata=example(100))
    maximum = fields.Integer(required=True, metadata=example(1000000))
    step = fields.Integer(required=True, metadata=example(100))
    months = fields.Integer(required=True, allow_none=True, metadata=described("How long it lasts; null: for ever."))


class Catalog(Schema):
    version = fields.Integer(required=True)
    currencies = fields.List(fields.String(), required=True, metadata=example(["EUR", "USD"]))
    languages = fields.List(fields.String(), required=True, metadata=example(["en", "fr"]))
    pricing_versions = fields.List(fields.Nested(PricingVersion), required=True)
    migration_discounts = fields.List(fields.Nested(MigrationDiscount), required=True)
    regions = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={
            "description": "By country (ISO 3166-1): where the data of its accounts lives (R0.26).",
            "examples": [{"FR": "eu", "US": "us"}],
        },
    )
    time_zones = fields.List(fields.String(), required=True, metadata=example(["Europe/Paris"]))
    credits = fields.List(fields.Nested(CreditOnSale), required=True)
