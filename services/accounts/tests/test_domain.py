"""The rules of accounts: names, applications, selections, quotes, the lifecycle, provisioning."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import domain, errors
from accounts.domain import AWAITED, Failure, Kind, Part, Provisioning, Purpose, Selection, Status

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
ACCOUNT_ID = "acc_01JAAAAAAAAAAAAAAAAAAAAAAA"

TRIAL = Selection(pricing_version="V1", product="EM", plan="Trial")
SANDBOX = Selection(pricing_version="V1", product="EM", plan="Sandbox")
PLUS = Selection(pricing_version="V3", product="EM", plan="Plus", contacts=1000, frequency="monthly")

APPLICATION = domain.Application(
    name="acme",
    client_name="Acme",
    client_email="hello@acme.example",
    notification_email=None,
    country="FR",
    language="fr",
    time_zone="Europe/Paris",
    billing_profile_id=None,
    custom_domain=None,
    snapshot_id=None,
)


def application(**changes: Any) -> domain.Application:
    return dataclasses.replace(APPLICATION, **changes)


def plan(**changes: Any) -> Selection:
    return dataclasses.replace(PLUS, **changes)


# --- names ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["abc", "a-b", "1two", "a" * 63, "mail-of-acme"])
def test_a_host_label_of_three_to_63_characters_is_a_name(name: str) -> None:
    assert domain.fault_of_name(name) is None


@pytest.mark.parametrize("name", ["", "ab", "a" * 64, "-ab", "ab-", "Acme", "a_b", "a.b", "café", "abc\n", "a b"])
def test_anything_else_is_not(name: str) -> None:
    assert isinstance(domain.fault_of_name(name), errors.NameMalformed)


@pytest.mark.parametrize("name", ["xn--80ak6aa92e", "xn--a"])
def test_a_punycode_label_is_refused(name: str) -> None:
    assert isinstance(domain.fault_of_name(name), errors.NamePunycode)


@pytest.mark.parametrize("name", ["www", "admin", "postmaster", "comptoir", "login"])
def test_a_reserved_name_is_refused(name: str) -> None:
    assert isinstance(domain.fault_of_name(name), errors.NameReserved)


def test_every_reserved_name_would_be_a_name_otherwise() -> None:
    assert [name for name in domain.RESERVED_NAMES if domain.NAME.fullmatch(name) is None] == []


# --- applications -----------------------------------------------------------------------------------------------------------------------


def test_a_complete_application_is_accepted() -> None:
    """R0.21–R0.25, R0.27, R0.28."""
    domain.check_application(application(notification_email="ops@agency.example", custom_domain="go.acme.example"))


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "www"}, "name", "name_reserved"),
        ({"client_name": "  "}, "client_name", "client_name_missing"),
        ({"client_email": "acme.example"}, "client_email", "email_invalid"),
        ({"client_email": "a@b"}, "client_email", "email_invalid"),
        ({"client_email": f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example"}, "client_email", "email_invalid"),
        ({"notification_email": "two@at@signs.example"}, "notification_email", "email_invalid"),
        ({"country": "fr"}, "country", "country_unknown"),
        ({"country": "XX"}, "country", "country_unknown"),
        ({"language": "de"}, "language", "language_unknown"),
        ({"time_zone": "Paris"}, "time_zone", "time_zone_unknown"),
        ({"time_zone": "localtime"}, "time_zone", "time_zone_unknown"),
        ({"custom_domain": "localhost"}, "custom_domain", "custom_domain_invalid"),
        ({"custom_domain": f"{'a.' * 127}example"}, "custom_domain", "custom_domain_invalid"),
    ],
)
def test_one_fault_is_refused_by_its_own_name(changes: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(errors.Refusal) as caught:
        domain.check_application(application(**changes))
    assert (caught.value.field, caught.value.code, caught.value.kind) == (field, code, "invalid")


def test_an_unknown_language_is_told_the_known_ones() -> None:
    with pytest.raises(errors.LanguageUnknown) as caught:
        domain.check_application(application(language="de"))
    assert caught.value.details == {"given": "de", "allowed": ["en", "fr", "pt", "es"]}
    assert caught.value.text == "«de» is not possible here: give one of en, fr, pt, es."


def test_several_faults_are_refused_together() -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        domain.check_application(application(name="x", country="XX", time_zone="Paris"))
    assert [(error["field"], error["code"]) for error in caught.value.details["errors"]] == [
        ("name", "name_malformed"),
        ("country", "country_unknown"),
        ("time_zone", "time_zone_unknown"),
    ]


# --- selections and quotes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("selection", "kind"), [(TRIAL, Kind.TRIAL), (SANDBOX, Kind.SANDBOX), (PLUS, Kind.PAID)])
def test_the_selection_decides_the_kind(selection: Selection, kind: Kind) -> None:
    """R0.29, R0.30, R0.84."""
    assert domain.kind_of(selection) is kind


@pytest.mark.parametrize(
    ("selection", "refusal", "allowed"),
    [
        (plan(pricing_version="V2"), errors.PricingVersionUnknown, ["V1", "V3"]),
        (plan(pricing_version="V1"), errors.PlanUnknown, ["Trial", "Sandbox"]),
        (plan(plan="Trial"), errors.PlanUnknown, ["Starter", "Plus", "Pro", "Enterprise"]),
    ],
)
def test_a_plan_belongs_to_its_pricing_version(selection: Selection, refusal: type[errors.Refusal], allowed: list[str]) -> None:
    """R0.29, R0.30, R0.32."""
    with pytest.raises(refusal) as caught:
        domain.kind_of(selection)
    assert caught.value.details["allowed"] == allowed


def quote(**changes: Any) -> domain.Quote:
    opening = domain.Quote(
        id="quo_1",
        purpose="account_opening",
        account_id=None,
        selection=PLUS,
        state="open",
        expires_at=NOW + timedelta(seconds=1),
    )
    return dataclasses.replace(opening, **changes)


def test_an_open_quote_for_this_is_accepted() -> None:
    domain.check_quote(quote(), purpose=Purpose.ACCOUNT_OPENING, account_id=None, now=NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"purpose": "plan_change"}, errors.QuoteForAnother),
        ({"account_id": ACCOUNT_ID}, errors.QuoteForAnother),
        ({"state": "used"}, errors.QuoteUsed),
        ({"state": "expired"}, errors.QuoteExpired),
        ({"expires_at": NOW}, errors.QuoteExpired),
    ],
)
def test_any_other_quote_is_refused(changes: dict[str, Any], refusal: type[errors.Refusal]) -> None:
    with pytest.raises(refusal):
        domain.check_quote(quote(**changes), purpose=Purpose.ACCOUNT_OPENING, account_id=None, now=NOW)


def test_a_quote_for_another_account_is_refused_with_what_is_wanted() -> None:
    with pytest.raises(errors.QuoteForAnother) as caught:
        domain.check_quote(quote(purpose="plan_change"), purpose=Purpose.PLAN_CHANGE, account_id=ACCOUNT_ID, now=NOW)
    assert caught.value.details["wanted"] == f"a plan change of {ACCOUNT_ID}"


# --- provisioning -----------------------------------------------------------------------------------------------------------------------

DECLINED = Failure(code="card_declined", reason="The card was declined.")


def begun(kind: Kind) -> Provisioning:
    return Provisioning(status=Status.CREATING, missing=AWAITED[kind])


def test_a_paid_account_waits_for_its_payment_and_the_others_do_not() -> None:
    assert AWAITED[Kind.PAID] == {Part.ADMIN_USER, Part.PAYMENT, Part.WORKSPACE}
    assert AWAITED[Kind.TRIAL] == AWAITED[Kind.SANDBOX] == {Part.ADMIN_USER, Part.WORKSPACE}


def test_the_last_part_activates_the_account() -> None:
    nearly = domain.with_part(domain.with_part(begun(Kind.PAID), Part.PAYMENT), Part.WORKSPACE)
    assert nearly == Provisioning(status=Status.CREATING, missing=frozenset({Part.ADMIN_USER}))
    assert domain.with_part(nearly, Part.ADMIN_USER) == Provisioning(status=Status.ACTIVE, missing=frozenset())


def test_a_refused_part_fails_the_account_with_its_reason() -> None:
    failed = domain.without_part(begun(Kind.PAID), Part.PAYMENT, DECLINED)
    assert (failed.status, failed.failure) == (Status.FAILED, DECLINED)


def test_a_refused_part_that_nobody_waits_for_changes_nothing() -> None:
    assert domain.without_part(begun(Kind.TRIAL), Part.PAYMENT, DECLINED) == begun(Kind.TRIAL)


def test_a_deadline_names_what_was_missing() -> None:
    failed = domain.given_up(domain.with_part(begun(Kind.PAID), Part.PAYMENT))
    assert failed.failure == Failure(
        code="provisioning_timed_out", reason="The account was not ready in time; still missing: admin user, workspace."
    )


OUTCOMES = st.sampled_from(["there", "refused", "never"])


@given(
    kind=st.sampled_from(Kind),
    outcomes=st.fixed_dictionaries(dict.fromkeys(Part, OUTCOMES)),
    order=st.lists(st.sampled_from(Part), max_size=12),
    data=st.data(),
)
def test_facts_in_any_order_and_repetition_end_the_same(
    kind: Kind, outcomes: dict[Part, str], order: list[Part], data: st.DataObject
) -> None:
    every_fact_at_least_once = data.draw(st.permutations([*order, *Part]))
    provisioning = begun(kind)
    for part in every_fact_at_least_once:
        if outcomes[part] == "there":
            provisioning = domain.with_part(provisioning, part)
        elif outcomes[part] == "refused":
            provisioning = domain.without_part(provisioning, part, Failure(code=f"no_{part}", reason="Refused."))
    ended = domain.given_up(provisioning)
    for part in every_fact_at_least_once:  # whatever comes after the end changes nothing
        assert domain.with_part(ended, part) == domain.without_part(ended, part, DECLINED) == domain.given_up(ended) == ended

    refused = {f"no_{part}" for part in AWAITED[kind] if outcomes[part] == "refused"}
    if all(outcomes[part] == "there" for part in AWAITED[kind]):
        assert (ended.status, ended.failure) == (Status.ACTIVE, None)
    else:
        assert ended.status == Status.FAILED
        assert ended.failure is not None
        assert ended.failure.code in (refused or {"provisioning_timed_out"})
