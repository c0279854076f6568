"""What is sold: pricing versions, products, plans, tiers and their prices. Data; here is only how a selection is looked up in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from billing import errors
from chassis.money import Money

CUSTOM = "custom"
"""The choice of a limit that says its own number (R0.38)."""


class Kind(StrEnum):
    """What an account of a plan is; only `paid` is ever billed (R0.60)."""

    PAID = "paid"
    TRIAL = "trial"
    SANDBOX = "sandbox"


class Frequency(StrEnum):
    """How often the same amount is due (R0.35, R0.36)."""

    MONTHLY = "monthly"
    ANNUAL = "annual"


Prices = Mapping[Frequency, Sequence[Money]]
"""What something costs a cycle, in every currency."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What somebody chose. Its words are the catalogue's: only the catalogue can say whether they fit together."""

    pricing_version: str
    product: str
    plan: str
    contacts: int | None = None
    frequency: Frequency | None = None
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    """Item → `{"choice", "number"}` (R0.37); the number is that of the choice `custom` (R0.38), and null for every other."""
    add_ons: list[str] = field(default_factory=list, hash=False)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Selection":
        """Read the selection that was kept as a JSON object; one that was kept by an earlier catalogue has no limits and no add-ons."""
        frequency = kept["frequency"]
        return cls(**{**kept, "frequency": None if frequency is None else Frequency(frequency)})


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A size of a plan: so many contacts, so many sends a month (None: unlimited), and what it costs in every currency."""

    contacts: int
    monthly_sends: int | None
    prices: Mapping[Frequency, Sequence[Money]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan of one product. A paid one has tiers; a trial or sandbox has its numbers itself (`days` None: it never ends)."""

    code: str
    kind: Kind
    days: int | None
    contacts: int | None
    monthly_sends: int | None
    tiers: Sequence[Tier]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice for a limit, and what it costs."""

    choice: str
    number: int
    prices: Prices


@dataclass(frozen=True, kw_only=True)
class CustomLimit:
    """A number of one's own (R0.38): every `per` of it that is begun costs once."""

    per: int
    prices: Prices


@dataclass(frozen=True, kw_only=True)
class Limit:
    """An item of which a paid account can have more than its plan brings (R0.37)."""

    code: str
    options: Sequence[Option]
    custom: CustomLimit

    def price_of(self, chosen: Mapping[str, Any], *, frequency: Frequency, currency: str) -> Money:
        """Say what a cycle of the choice costs."""
        if chosen["choice"] == CUSTOM:
            return _in(self.custom.prices, frequency, currency).portion(-(-chosen["number"] // self.custom.per), 1)
        option = next(option for option in self.options if option.choice == chosen["choice"])
        return _in(option.prices, frequency, currency)


@dataclass(frozen=True, kw_only=True)
class AddOn:
    """What can be added to some plans (R0.39, R0.108)."""

    code: str
    plans: Sequence[str]
    prices: Prices


@dataclass(frozen=True, kw_only=True)
class Product:
    """`EM` is sized by contacts with unlimited sends, `SENDS` by monthly sends (R3.7)."""

    code: str
    sized_by: str
    plans: Sequence[Plan]
    limits: Sequence[Limit] = ()
    add_ons: Sequence[AddOn] = ()


@dataclass(frozen=True, kw_only=True)
class PricingVersion:
    """V1: trial and sandbox; V3: the paid plans (R0.29, R0.30)."""

    code: str
    products: Sequence[Product]


@dataclass(frozen=True, kw_only=True)
class MigrationDiscount:
    """What a paid account that moves from one pricing version to another is let off of the list price (R0.42)."""

    from_pricing_version: str
    to_pricing_version: str
    basis_points: int


@dataclass(frozen=True, kw_only=True)
class CreditOnSale:
    """Credit that is bought by the piece: every `per` pieces cost one of `prices`; they last so many months (None: for ever)."""

    kind: str
    per: int
    prices: Sequence[Money]
    minimum: int
    maximum: int
    step: int
    months: int | None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything on sale, as of one version of the data. `regions` is where each country's data lives (R0.26)."""

    version: int
    currencies: Sequence[str]
    languages: Sequence[str]
    migration_discounts: Sequence[MigrationDiscount]
    pricing_versions: Sequence[PricingVersion]
    regions: Mapping[str, str]
    time_zones: Sequence[str]
    credits: Sequence[CreditOnSale] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Catalogue":
        """Read the catalogue that was kept as a JSON object of the shape of `schemas.Catalogue`."""
        versions = [
            PricingVersion(code=version["code"], products=[_product(product) for product in version["products"]])
            for version in content["pricing_versions"]
        ]
        discounts = [MigrationDiscount(**discount) for discount in content["migration_discounts"]]
        on_sale = [CreditOnSale(**{**each, "prices": _moneys(each["prices"])}) for each in content.get("credits", ())]
        return cls(**{**content, "pricing_versions": versions, "migration_discounts": discounts, "credits": on_sale})

    def plan_of(self, selection: Selection) -> Plan:
        """Find the plan selected, if the whole selection is consistent.

        Raises a refusal for the first field at fault, in the order of the form, that says what is allowed instead (R0.29–R0.34).
        """
        versions = {version.code: version for version in self.pricing_versions}
        if selection.pricing_version not in versions:
            raise errors.PricingVersionUnknown(pricing_version=selection.pricing_version, allowed=list(versions))
        products = {product.code: product for product in versions[selection.pricing_version].products}
        if selection.product not in products:
            raise errors.ProductNotOffered(product=selection.product, pricing_version=selection.pricing_version, allowed=list(products))
        plans = {plan.code: plan for plan in products[selection.product].plans}
        if selection.plan not in plans:
            raise errors.PlanNotOffered(
                plan=selection.plan, pricing_version=selection.pricing_version, product=selection.product, allowed=list(plans)
            )
        plan = plans[selection.plan]
        _check_size(selection, plan)
        _check_limits(selection, plan, products[selection.product])
        _check_add_ons(selection, plan, products[selection.product])
        return plan

    def list_price(self, selection: Selection, currency: str) -> Money:
        """Say what a cycle of the selection costs before any discount; nothing for a trial or a sandbox. Raises what `plan_of` raises."""
        if currency not in self.currencies:
            raise errors.CurrencyNotOffered(currency=currency, allowed=list(self.currencies))
        return sum((price for _, price in self.price_lines(selection, currency)), Money.zero(currency))

    def price_lines(self, selection: Selection, currency: str) -> list[tuple[str, Money]]:
        """Say what each part of the selection costs a cycle: the plan, the limits, the add-ons. Raises what `plan_of` raises."""
        plan, frequency = self.plan_of(selection), selection.frequency
        if frequency is None:
            return [(selection.plan, Money.zero(currency))]
        product = self._product(selection)
        tier = next(tier for tier in plan.tiers if tier.contacts == selection.contacts)
        limits = [
            (limit.code, limit.price_of(selection.limits[limit.code], frequency=frequency, currency=currency))
            for limit in product.limits
            if limit.code in selection.limits
        ]
        add_ons = [(each.code, _in(each.prices, frequency, currency)) for each in product.add_ons if each.code in selection.add_ons]
        return [(selection.plan, _in(tier.prices, frequency, currency)), *limits, *add_ons]

    def migration_basis_points(self, *, held: Selection, chosen: Selection) -> int:
        """Find the discount for moving between two pricing versions, in basis points of the list price; mostly none (R0.42)."""
        pair = (held.pricing_version, chosen.pricing_version)
        return sum(each.basis_points for each in self.migration_discounts if (each.from_pricing_version, each.to_pricing_version) == pair)

    def _product(self, selection: Selection) -> Product:
        chosen = (selection.pricing_version, selection.product)
        products = [(version.code, product) for version in self.pricing_versions for product in version.products]
        return next(product for version, product in products if (version, product.code) == chosen)

    def region_of(self, country: str) -> str:
        """Say where the data of a client in `country` (ISO 3166, two letters) is stored: in the data centre nearest to it (R0.26)."""
        if country not in self.regions:
            raise errors.CountryUnknown(country=country)
        return self.regions[country]


def _check_size(selection: Selection, plan: Plan) -> None:
    """Contacts and frequency go with a paid plan and only with one (R0.33, R0.34)."""
    if plan.kind is not Kind.PAID:
        if selection.contacts is not None:
            raise errors.ContactsNotApplicable(plan=plan.code, included=plan.contacts)
        if selection.frequency is not None:
            raise errors.FrequencyNotApplicable(plan=plan.code)
        return
    sizes = [tier.contacts for tier in plan.tiers]
    if selection.contacts is None:
        raise errors.ContactsRequired(plan=plan.code, allowed=sizes)
    if selection.contacts not in sizes:
        raise errors.ContactsNotOffered(plan=plan.code, contacts=selection.contacts, allowed=sizes)
    if selection.frequency is None:
        raise errors.FrequencyRequired(plan=plan.code, allowed=[each.value for each in Frequency])


def _check_limits(selection: Selection, plan: Plan, product: Product) -> None:
    """Limits go with a paid plan and only with one; one choice for an item, `custom` with a number (R0.37, R0.38)."""
    if selection.limits and plan.kind is not Kind.PAID:
        raise errors.LimitsNotApplicable(plan=plan.code)
    limits = {limit.code: limit for limit in product.limits}
    for item, chosen in selection.limits.items():
        if item not in limits:
            raise errors.LimitNotOffered(item=item, allowed=list(limits))
        choices = [*(option.choice for option in limits[item].options), CUSTOM]
        if chosen["choice"] not in choices:
            raise errors.LimitChoiceNotOffered(item=item, choice=chosen["choice"], allowed=choices)
        if (chosen["choice"] == CUSTOM) != bool(chosen["number"]):
            raise errors.LimitNumberMisplaced(item=item)


def _check_add_ons(selection: Selection, plan: Plan, product: Product) -> None:
    """Add-ons go with the plans that they are for, once each (R0.39, R0.108)."""
    allowed = [add_on.code for add_on in product.add_ons if plan.code in add_on.plans]
    for add_on in selection.add_ons:
        if add_on not in allowed:
            raise errors.AddOnNotOffered(add_on=add_on, plan=plan.code, allowed=allowed)
        if selection.add_ons.count(add_on) > 1:
            raise errors.AddOnRepeated(add_on=add_on)


def amount_of(chosen: Mapping[str, Any]) -> int:
    """Say how much was chosen of a limit: the choices are numbers themselves."""
    return int(chosen["number"] if chosen["choice"] == CUSTOM else chosen["choice"])


def _in(prices: Prices, frequency: Frequency, currency: str) -> Money:
    return next(price for price in prices[frequency] if price.currency == currency)


def _product(content: Mapping[str, Any]) -> Product:
    return Product(
        code=content["code"],
        sized_by=content["sized_by"],
        plans=[_plan(plan) for plan in content["plans"]],
        limits=[_limit(limit) for limit in content.get("limits", ())],
        add_ons=[AddOn(**{**add_on, "prices": _prices(add_on["prices"])}) for add_on in content.get("add_ons", ())],
    )


def _limit(content: Mapping[str, Any]) -> Limit:
    options = [Option(**{**option, "prices": _prices(option["prices"])}) for option in content["options"]]
    custom = CustomLimit(per=content["custom"]["per"], prices=_prices(content["custom"]["prices"]))
    return Limit(code=content["code"], options=options, custom=custom)


def _plan(content: Mapping[str, Any]) -> Plan:
    tiers = [Tier(**{**tier, "prices": _prices(tier["prices"])}) for tier in content["tiers"]]
    return Plan(**{**content, "kind": Kind(content["kind"]), "tiers": tiers})


def _prices(content: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[Frequency, list[Money]]:
    return {Frequency(frequency): _moneys(prices) for frequency, prices in content.items()}


def _moneys(prices: Sequence[Mapping[str, Any]]) -> list[Money]:
    return [Money(amount_minor=price["amount"], currency=price["currency"]) for price in prices]
