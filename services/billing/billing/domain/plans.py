"""Plans by their numbers: a number stands for one selection for ever, whether that is on sale or not (any more)."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing import errors
from billing.domain.catalogue import Catalogue, Kind, Selection
from chassis.money import Money

WITHDRAWN = (errors.PricingVersionUnknown, errors.ProductNotOffered, errors.PlanNotOffered, errors.ContactsNotOffered)
"""How the catalogue says that a selection, which it had once, is not in it any more."""


@dataclass(frozen=True, kw_only=True)
class NumberedPlan:
    """A numbered selection; what it is and costs is None where it is not on sale now. `price` is the list price of a cycle."""

    number: int
    selection: Selection
    on_sale: bool
    contacts: int | None
    kind: Kind | None = None
    monthly_sends: int | None = None
    price: Money | None = None


def numbered_plans(catalogue: Catalogue, numbers: Mapping[int, Selection], *, currency: str) -> list[NumberedPlan]:
    """Say of every number what it stands for, in the catalogue and at its list price. Raises `CurrencyNotOffered`."""
    return [_numbered(catalogue, number, selection, currency) for number, selection in numbers.items()]


def _numbered(catalogue: Catalogue, number: int, selection: Selection, currency: str) -> NumberedPlan:
    try:
        plan = catalogue.plan_of(selection)
    except WITHDRAWN:
        return NumberedPlan(number=number, selection=selection, on_sale=False, contacts=selection.contacts)
    tier = next((tier for tier in plan.tiers if tier.contacts == selection.contacts), plan)
    return NumberedPlan(
        number=number,
        selection=selection,
        on_sale=True,
        contacts=tier.contacts,
        kind=plan.kind,
        monthly_sends=tier.monthly_sends,
        price=catalogue.list_price(selection, currency),
    )
