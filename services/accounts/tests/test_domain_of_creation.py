"""What an agency gives to open an account: every field, and how the fields depend on one another (R0.20 to R0.40)."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import domain, errors
from accounts.domain import Selection, Terms
from chassis.errors import Refusal

from .factories import PLUS, SANDBOX, TERMS, TRIAL, application, plus


def faults(selection: Selection) -> list[tuple[str | None, str]]:
    """Field and code of everything that is wrong with a selection."""
    return [(fault.field, fault.code) for fault in domain.faults_of_selection(selection)]


# --- names ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("adrnin", "admin"),
        ("l0gin", "login"),
        ("1ogin", "login"),
        ("vvww", "www"),
        ("ad-min", "admin"),
        ("bi11ing", "billing"),
        ("cornptoir", "comptoir"),
        ("lnvolce", "invoice"),
        ("p-a-y", "pay"),
    ],
)
def test_a_name_that_looks_like_a_reserved_one_is_refused(name: str, alike: str) -> None:
    """R0.21."""
    fault = domain.fault_of_name(name)
    assert isinstance(fault, errors.NameLooksLikeReserved)
    assert (fault.code, fault.field, fault.details["alike"]) == ("name_looks_like_reserved", "name", alike)


@pytest.mark.parametrize("name", ["acme", "loginn", "my-login", "admin2026", "burnley"])
def test_a_name_that_only_holds_a_reserved_one_is_not(name: str) -> None:
    """R0.21."""
    assert domain.fault_of_name(name) is None


LOOKS = {"o": "0", "l": "1i", "i": "1l", "m": ["rn"], "w": ["vv"]}


@settings(deadline=None)
@given(st.sampled_from(sorted(domain.RESERVED_NAMES)), st.data())
def test_no_look_alike_of_a_reserved_name_is_a_name(reserved: str, data: st.DataObject) -> None:
    """R0.21."""
    imitated = "".join(data.draw(st.sampled_from([letter, *LOOKS.get(letter, [])])) for letter in reserved)
    assert domain.fault_of_name(imitated) is not None


# --- custom domains ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given_domain", ["10.0.0.1", "1.2.3.4", "localhost", "a_b.example", "-a.example", "[::1]", "acme.example/x"])
def test_what_no_cname_could_have_is_no_custom_domain(given_domain: str) -> None:
    """R0.22."""
    with pytest.raises(errors.CustomDomainInvalid):
        domain.check_application(application(custom_domain=given_domain))


@pytest.mark.parametrize("given_domain", ["comptoir.example", "acme.comptoir.example", "a.b.comptoir.example"])
def test_a_custom_domain_is_not_under_ours(given_domain: str) -> None:
    """R0.22."""
    with pytest.raises(errors.CustomDomainHosted) as caught:
        domain.check_custom_domain(given_domain, hosted_domain=TERMS.hosted_domain)
    assert caught.value.code == "custom_domain_hosted"


@pytest.mark.parametrize("given_domain", [None, "notcomptoir.example", "comptoir.example.org", "marketing.acme.example"])
def test_any_other_custom_domain_is_possible(given_domain: str | None) -> None:
    """R0.22."""
    domain.check_custom_domain(given_domain, hosted_domain=TERMS.hosted_domain)


def test_a_domain_is_kept_as_dns_compares_it() -> None:
    """R0.22."""
    assert domain.canonical_domain("Marketing.Acme.Example.") == "marketing.acme.example"
    assert domain.canonical_domain(None) is None


def test_the_hosted_domain_is_that_of_the_login_pages() -> None:
    """R0.21."""
    local = Terms(login_url_template="http://{name}.localhost:8000/login", opening_time=timedelta(seconds=1))
    assert (local.hosted_domain, local.host_of("acme")) == ("localhost", "acme.localhost")


# --- what is bought ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection",
    [
        TRIAL,
        SANDBOX,
        PLUS,
        plus(frequency="annual"),
        plus(plan="Starter", add_ons=["other"]),
        plus(add_ons=["pipelines", "sms"]),
        plus(plan="Enterprise", limits={"activities": {"choice": "10000", "number": None}}),
        plus(limits={"email_sends": {"choice": "custom", "number": 50_000}, "custom_reports": {"choice": "custom", "number": 0}}),
    ],
)
def test_a_selection_that_goes_together_is_accepted(selection: Selection) -> None:
    """R0.29 to R0.39."""
    domain.check_selection(selection)


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (dataclasses.replace(TRIAL, plan="Plus"), [("selection.plan", "plan_unknown")]),
        (plus(plan="Trial"), [("selection.plan", "plan_unknown")]),
        (plus(pricing_version="V2"), [("selection.pricing_version", "pricing_version_unknown")]),
        (dataclasses.replace(TRIAL, contacts=100), [("selection.contacts", "contacts_not_applicable")]),
        (dataclasses.replace(TRIAL, frequency="annual"), [("selection.frequency", "frequency_not_applicable")]),
        (
            dataclasses.replace(SANDBOX, limits={"activities": {"choice": "10", "number": None}}, add_ons=["pipelines"]),
            [("selection.limits", "limits_not_applicable"), ("selection.add_ons", "add_ons_not_applicable")],
        ),
        (
            plus(contacts=None, frequency=None),
            [("selection.contacts", "contacts_required"), ("selection.frequency", "frequency_required")],
        ),
        (plus(frequency="weekly"), [("selection.frequency", "frequency_unknown")]),
        (
            plus(limits={"activities": {"choice": "custom", "number": None}}),
            [("selection.limits.activities.number", "limit_number_required")],
        ),
        (
            plus(limits={"email_sends": {"choice": "10000", "number": 5}}),
            [("selection.limits.email_sends.number", "limit_number_not_applicable")],
        ),
        (
            plus(plan="Starter", add_ons=["sms", "pipelines", "other"]),
            [("selection.add_ons", "add_on_not_on_plan"), ("selection.add_ons", "add_on_not_on_plan")],
        ),
        (plus(add_ons=["pipelines", "pipelines"]), [("selection.add_ons", "add_on_repeated")]),
    ],
)
def test_what_does_not_go_together_is_refused_by_field(selection: Selection, found: list[tuple[str, str]]) -> None:
    """R0.29, R0.30, R0.33, R0.34, R0.37, R0.38, R0.39, R0.108."""
    assert faults(selection) == found


def test_an_add_on_that_a_plan_never_has_is_refused_with_the_plans_that_have_it() -> None:
    """R0.39."""
    with pytest.raises(errors.AddOnNotOnPlan) as caught:
        domain.check_selection(plus(plan="Starter", add_ons=["pipelines"]))
    assert caught.value.details["allowed"] == ["Plus", "Pro", "Enterprise"]
    assert caught.value.text == "The add-on pipelines is not possible with Starter: choose Plus or Pro or Enterprise."


def test_the_faults_of_an_application_and_of_what_is_bought_are_refused_together() -> None:
    """R0.20 to R0.40."""
    with pytest.raises(errors.InvalidRequest) as caught:
        domain.check_opening(application(name="l0gin", country="XX", language="de"), plus(contacts=None))
    assert [(error["field"], error["code"]) for error in caught.value.details["errors"]] == [
        ("name", "name_looks_like_reserved"),
        ("country", "country_unknown"),
        ("language", "language_unknown"),
        ("selection.contacts", "contacts_required"),
    ]


def test_an_application_that_comes_with_a_quote_is_checked_by_itself() -> None:
    """R0.20 to R0.28."""
    domain.check_opening(application(), None)
    with pytest.raises(Refusal):
        domain.check_opening(application(client_name=" "), None)


@settings(deadline=None)
@given(st.sampled_from([TRIAL, SANDBOX, PLUS]), st.data())
def test_every_fault_names_a_field_of_the_selection(base: Selection, data: st.DataObject) -> None:
    """R0.29 to R0.39."""
    changes: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "plan": st.sampled_from([*domain.PLAN_NAMES, "Gold"]),
                "pricing_version": st.sampled_from(["V1", "V2", "V3"]),
                "contacts": st.none() | st.integers(1, 100),
                "frequency": st.none() | st.sampled_from(["monthly", "annual", "weekly"]),
                "limits": st.dictionaries(
                    st.sampled_from(["activities", "email_sends"]),
                    st.fixed_dictionaries({"choice": st.sampled_from(["10", "custom"]), "number": st.none() | st.integers(0, 9)}),
                ),
                "add_ons": st.lists(st.sampled_from(["pipelines", "sms", "other"]), max_size=3),
            },
        )
    )
    selection = dataclasses.replace(base, **changes)
    fields = [str(field) for field, _ in faults(selection)]
    assert all(field.removeprefix("selection.").partition(".")[0] in dataclasses.asdict(selection) for field in fields)
    if not fields:
        is_paid = domain.kind_of(selection) is domain.Kind.PAID
        assert (selection.contacts is not None) == (selection.frequency is not None) == is_paid
        assert is_paid or not (selection.limits or selection.add_ons)
