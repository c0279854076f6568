"""What is on sale, and at what price."""

import pytest

from billing import errors
from billing.domain import offer
from billing.domain.catalogue import Frequency, Selection
from chassis.errors import Refusal
from chassis.money import Money

from .factories import BIG, CATALOGUE, euros, paid, shipped, unpaid


@pytest.mark.parametrize(
    ("plan", "frequency", "price_minor"),
    [
        ("Starter", "monthly", 1500),
        ("Plus", "monthly", 4900),
        ("Pro", "monthly", 7900),
        ("Enterprise", "monthly", 14500),
        ("Plus", "annual", 47040),
    ],
)
def test_a_list_price_is_looked_up_in_the_catalogue(plan: str, frequency: str, price_minor: int) -> None:
    assert CATALOGUE.list_price(paid(plan, frequency=Frequency(frequency)), "EUR") == euros(price_minor)


def test_plans_by_monthly_sends_are_on_sale_too() -> None:
    """R3.7."""
    plan = CATALOGUE.plan_of(paid(product="SENDS"))
    assert [(tier.contacts, tier.monthly_sends) for tier in plan.tiers] == [(1000, 5000), (5000, 25000), (25000, 100_000)]


def test_a_trial_and_a_sandbox_cost_nothing() -> None:
    assert CATALOGUE.list_price(unpaid("Trial"), "GBP") == Money.zero("GBP")
    assert CATALOGUE.list_price(unpaid("Sandbox"), "GBP") == Money.zero("GBP")


@pytest.mark.parametrize(
    ("selection", "code", "field", "allowed"),
    [
        (paid(pricing_version="V2"), "pricing_version_unknown", "pricing_version", ["V1", "V3"]),
        (unpaid(product="SENDS"), "product_not_offered", "product", ["EM"]),
        (paid("Trial"), "plan_not_offered", "plan", ["Starter", "Plus", "Pro", "Enterprise"]),
        (unpaid("Plus"), "plan_not_offered", "plan", ["Trial", "Sandbox"]),
        (paid("Enterprise", product="SENDS"), "plan_not_offered", "plan", ["Starter", "Plus", "Pro"]),
        (paid(contacts=None), "contacts_required", "contacts", [1000, 2500, 5000, 10000, 25000, 50000]),
        (paid(contacts=1001), "contacts_not_offered", "contacts", [1000, 2500, 5000, 10000, 25000, 50000]),
        (paid(frequency=None), "frequency_required", "frequency", ["monthly", "annual"]),
        (unpaid(contacts=100), "contacts_not_applicable", "contacts", None),
        (unpaid(frequency=Frequency.MONTHLY), "frequency_not_applicable", "frequency", None),
    ],
)
def test_an_inconsistent_selection_is_refused_by_field_with_what_is_allowed(
    selection: Selection, code: str, field: str, allowed: list[object] | None
) -> None:
    """R0.29–R0.34."""
    with pytest.raises(Refusal) as refused:
        CATALOGUE.plan_of(selection)
    assert (refused.value.code, refused.value.field) == (code, f"selection.{field}")
    assert refused.value.details.get("allowed") == allowed


def test_a_currency_without_prices_is_refused() -> None:
    with pytest.raises(errors.CurrencyNotOffered) as refused:
        CATALOGUE.list_price(paid(), "JPY")
    assert refused.value.details["allowed"] == ["EUR", "USD", "GBP"]


def test_a_country_has_a_region() -> None:
    """R0.26."""
    assert [CATALOGUE.region_of(country) for country in ("FR", "US", "BR", "JP")] == ["eu", "us", "us", "apac"]
    with pytest.raises(errors.CountryUnknown):
        CATALOGUE.region_of("ZZ")


def test_a_selection_is_read_back_as_it_was_kept() -> None:
    kept = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
    assert Selection.read(kept) == paid()
    assert Selection.read({"pricing_version": "V1", "product": "EM", "plan": "Trial", "contacts": None, "frequency": None}) == unpaid()


def test_limits_and_add_ons_are_priced_beside_the_plan() -> None:
    """R0.37, R0.38, R0.39, R0.41."""
    chosen = paid(limits=BIG, add_ons=["sms", "pipelines"])
    lines = [("Plus", 4900), ("activities", 900), ("custom_reports", 300), ("pipelines", 1500), ("sms", 1000)]
    assert CATALOGUE.price_lines(chosen, "EUR") == [(name, euros(minor)) for name, minor in lines]
    assert CATALOGUE.list_price(chosen, "EUR") == euros(8600)
    assert offer.describe(chosen) == "EM Plus, 1000 contacts, monthly, 50000 activities, 3 custom reports, pipelines, sms"


@pytest.mark.parametrize(("number", "minor"), [(1, 200), (10_000, 200), (10_001, 400)])
def test_every_part_of_a_custom_limit_that_is_begun_costs(number: int, minor: int) -> None:
    """R0.38."""
    chosen = paid(limits={"activities": {"choice": "custom", "number": number}})
    assert CATALOGUE.price_lines(chosen, "EUR")[1] == ("activities", euros(minor))


@pytest.mark.parametrize(
    ("selection", "code", "allowed"),
    [
        (unpaid(limits=BIG), "limits_not_applicable", None),
        (paid(limits={"sends": {"choice": "50000", "number": None}}), "limit_not_offered", ["activities", "custom_reports"]),
        (paid(limits={"activities": {"choice": "7", "number": None}}), "limit_choice_not_offered", ["50000", "100000", "custom"]),
        (paid(limits={"activities": {"choice": "custom", "number": None}}), "limit_number_required", None),
        (paid(limits={"activities": {"choice": "50000", "number": 5}}), "limit_number_required", None),
        (paid("Starter", add_ons=["sms"]), "add_on_not_on_plan", []),
        (paid(add_ons=["chat"]), "add_on_not_on_plan", ["pipelines", "sms"]),
        (paid(add_ons=["sms", "sms"]), "add_on_repeated", None),
        (unpaid(add_ons=["sms"]), "add_on_not_on_plan", []),
    ],
)
def test_limits_and_add_ons_that_are_not_sold_are_refused_with_what_is_allowed(
    selection: Selection, code: str, allowed: list[str] | None
) -> None:
    """R0.37, R0.38, R0.39."""
    with pytest.raises(Refusal) as refused:
        CATALOGUE.plan_of(selection)
    assert (refused.value.code, refused.value.details.get("allowed")) == (code, allowed)


def test_annual_prices_are_twelve_months_less_a_fifth() -> None:
    for product in shipped()["pricing_versions"][1]["products"]:
        for plan in product["plans"]:
            for tier in plan["tiers"]:
                for monthly, annual in zip(tier["prices"]["monthly"], tier["prices"]["annual"], strict=True):
                    assert (annual["amount"] * 10, annual["currency"]) == (monthly["amount"] * 96, monthly["currency"])
