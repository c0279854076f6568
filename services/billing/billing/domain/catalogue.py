"""What is sold: pricing versions, products, plans, tiers and their prices. Data; here is only how a selection is looked up in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing import errors
from chassis.money import Money


class Kind(StrEnum):
    """What an account of a plan is; only `paid` is ever billed (R0.60)."""

    PAID = "paid"
    TRIAL = "trial"
    SANDBOX = "sandbox"


class Frequency(StrEnum):
    """How often the same amount is due (R0.35, R0.36)."""

    MONTHLY = "monthly"
    ANNUAL = "annual"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What somebody chose. Its words are the catalogue's: only the catalogue can say whether they fit together."""

    pricing_version: str
    product: str
    plan: str
    contacts: int | None = None
    frequency: Frequency | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Selection":
        """Read the selection that was kept as a JSON object."""
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
class Product:
    """`EM` is sized by contacts with unlimited sends, `SENDS` by monthly sends (R3.7)."""

    code: str
    sized_by: str
    plans: Sequence[Plan]


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
class Catalogue:
    """Everything on sale, as of one version of the data. `regions` is where each country's data lives (R0.26)."""

    version: int
    currencies: Sequence[str]
    languages: Sequence[str]
    migration_discounts: Sequence[MigrationDiscount]
    pricing_versions: Sequence[PricingVersion]
    regions: Mapping[str, str]
    time_zones: Sequence[str]

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Catalogue":
        """Read the catalogue that was kept as a JSON object of the shape of `schemas.Catalogue`."""
        versions = [
            PricingVersion(code=version["code"], products=[_product(product) for product in version["products"]])
            for version in content["pricing_versions"]
        ]
        discounts = [MigrationDiscount(**discount) for discount in content["migration_discounts"]]
        return cls(**{**content, "pricing_versions": versions, "migration_discounts": discounts})

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
        return plan

    def list_price(self, selection: Selection, currency: str) -> Money:
        """Say what a cycle of the selection costs before any discount; nothing for a trial or a sandbox. Raises what `plan_of` raises."""
        if currency not in self.currencies:
            raise errors.CurrencyNotOffered(currency=currency, allowed=list(self.currencies))
        plan = self.plan_of(selection)
        if selection.frequency is None:
            return Money.zero(currency)
        tier = next(tier for tier in plan.tiers if tier.contacts == selection.contacts)
        return next(price for price in tier.prices[selection.frequency] if price.currency == currency)

    def is_lesser(self, selection: Selection, *, than: Selection) -> bool:
        """Tell a downgrade: on the same product and frequency at most as much of everything, and not the same."""
        line = (selection.pricing_version, selection.product)
        if selection == than or (*line, selection.frequency) != (than.pricing_version, than.product, than.frequency):
            return False
        [plans] = [
            product.plans for version in self.pricing_versions for product in version.products if (version.code, product.code) == line
        ]
        ranks = {plan.code: rank for rank, plan in enumerate(plans)}
        return ranks[selection.plan] <= ranks.get(than.plan, -1) and (selection.contacts or 0) <= (than.contacts or 0)

    def migration_basis_points(self, *, held: Selection, chosen: Selection) -> int:
        """Find the discount for moving between two pricing versions, in basis points of the list price; mostly none (R0.42)."""
        pair = (held.pricing_version, chosen.pricing_version)
        return sum(each.basis_points for each in self.migration_discounts if (each.from_pricing_version, each.to_pricing_version) == pair)

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


def _product(content: Mapping[str, Any]) -> Product:
    return Product(code=content["code"], sized_by=content["sized_by"], plans=[_plan(plan) for plan in content["plans"]])


def _plan(content: Mapping[str, Any]) -> Plan:
    tiers = [Tier(**{**tier, "prices": _prices(tier["prices"])}) for tier in content["tiers"]]
    return Plan(**{**content, "kind": Kind(content["kind"]), "tiers": tiers})


def _prices(content: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[Frequency, list[Money]]:
    return {
        Frequency(frequency): [Money(amount_minor=price["amount"], currency=price["currency"]) for price in prices]
        for frequency, prices in content.items()
    }
