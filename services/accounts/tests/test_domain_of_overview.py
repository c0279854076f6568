"""The rules of lists and of saved views."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts import domain, errors
from accounts.domain import Between, Search, Status, Wanted

PLAN_FILTER = ["all", "trials", "sandbox", "starter", "plus", "professional", "enterprise"]
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("sort", [f"{sign}{column}" for sign in ("", "-") for column in domain.SORTS])
def test_a_list_is_sorted_by_its_columns_either_way(sort: str) -> None:
    domain.check_list(status="active", plan="Plus", kind="paid", sort=sort)
    domain.check_list(status=None, plan=None, kind=None, sort=sort)


@pytest.mark.parametrize(
    ("changes", "code", "allowed"),
    [
        ({"status": "creating"}, "status_filter_unknown", ["all", "active", "expired", "cancelled", "archived", "disabled"]),
        ({"plan": "Gold"}, "plan_filter_unknown", [*PLAN_FILTER, "Trial", "Sandbox", "Starter", "Plus", "Pro", "Enterprise"]),
        ({"kind": "free"}, "kind_filter_unknown", ["paid", "trial", "sandbox"]),
        ({"filters": {"colour": "red"}}, "filter_unknown", list(domain.ATTRIBUTES)),
        ({"sort": "--name"}, "sort_unknown", list(domain.SORTS)),
        ({"sort": "password"}, "sort_unknown", list(domain.SORTS)),
    ],
)
def test_an_unknown_filter_or_sort_is_refused_with_the_known_ones(changes: dict[str, str], code: str, allowed: list[str]) -> None:
    asked: dict[str, Any] = {"status": None, "plan": None, "kind": None, "sort": "-created_at", **changes}
    with pytest.raises(errors.OneOf) as caught:
        domain.check_list(**asked)
    assert (caught.value.code, caught.value.details["allowed"]) == (code, allowed)


def test_the_filter_of_status_has_exactly_its_six_values() -> None:
    """R0.5."""
    assert list(domain.STATUS_FILTER) == ["all", "active", "expired", "cancelled", "archived", "disabled"]
    assert domain.check_list(status="all") == Wanted()
    for status in domain.STATUS_FILTER[1:]:
        assert domain.check_list(status=status).conditions == {"status": status}


def test_the_filter_of_plan_has_exactly_its_seven_values_and_the_names_of_the_catalogue() -> None:
    """R0.6."""
    assert ["all", *domain.PLAN_FILTER] == PLAN_FILTER
    assert domain.check_list(plan="all") == Wanted()
    plans = [domain.check_list(plan=plan).conditions["plan"] for plan in domain.PLAN_FILTER]
    assert plans == ["Trial", "Sandbox", "Starter", "Plus", "Pro", "Enterprise"]
    assert [domain.check_list(plan=plan).conditions["plan"] for plan in domain.PLAN_NAMES] == list(domain.PLAN_NAMES)


def test_the_button_is_renew_when_and_only_when_the_account_is_archived() -> None:
    """R0.13."""
    assert {status for status in Status if domain.button_of(status) == "renew"} == {"archived"}
    assert {domain.button_of(status) for status in Status if status != "archived"} == {"login"}


@pytest.mark.parametrize(
    ("filters", "conditions"),
    [
        ({}, {}),
        ({"country": "FR", "region": "eu"}, {"country": "FR", "region": "eu"}),
        ({"status": "active", "plan": "professional", "kind": "paid"}, {"status": "active", "plan": "Pro", "kind": "paid"}),
        ({"status": "all", "plan": "all", "client_name": "all"}, {"client_name": "all"}),
        ({"contacts": "1000"}, {"contacts": 1000}),
        ({"contacts": 0}, {"contacts": 0}),
        ({"contacts": {"from": "10", "to": 20}}, {"contacts": Between(start=10, end=20)}),
        ({"custom_domain": "", "expires_at": ""}, {"custom_domain": None, "expires_at": None}),
        ({"created_at": {"from": "2026-01-01"}}, {"created_at": Between(start=NEW_YEAR, end=None)}),
        ({"created_at": {"to": "2026-01-01T01:00:00+01:00"}}, {"created_at": Between(start=None, end=NEW_YEAR)}),
    ],
)
def test_a_filter_on_any_attribute_is_a_value_or_a_range(filters: dict[str, Any], conditions: dict[str, Any]) -> None:
    """R0.4."""
    assert domain.check_list(filters=filters).conditions == conditions


@pytest.mark.parametrize(
    "filters",
    [
        {"name": {"from": "a"}},
        {"contacts": "many"},
        {"contacts": "²"},
        {"contacts": "-1"},
        {"contacts": str(2**31)},
        {"contacts": ""},
        {"contacts": {}},
        {"contacts": {"from": 1, "until": 2}},
        {"name": None},
        {"name": True},
        {"created_at": "2026-01-01"},
        {"created_at": {"from": "yesterday"}},
        {"created_at": {"from": "2026-01-01T10:00:00"}},
        {"created_at": {"from": "0001-01-01T00:00:00+01:00"}},
        {"created_at": {"from": "9999-12-31T23:00:00-02:00"}},
    ],
)
def test_a_value_that_an_attribute_never_has_is_refused_with_what_it_takes(filters: dict[str, Any]) -> None:
    with pytest.raises(errors.FilterValueInvalid) as caught:
        domain.check_list(filters=filters)
    assert caught.value.details["attribute"] in filters
    assert caught.value.details["wanted"]


def test_one_attribute_is_filtered_once() -> None:
    with pytest.raises(errors.FilterGivenTwice, match="status"):
        domain.check_list(status="active", filters={"status": "active"})


@pytest.mark.parametrize(
    ("q", "anywhere"),
    [("acme", True), ("100%", True), ("a", False), ("ab", False), ("a-b", False), ("-ab", True), ("@x", True), ("e\u0301te\u0301", True)],
)
def test_fewer_than_three_letters_side_by_side_are_searched_where_words_begin(q: str, anywhere: bool) -> None:
    search = domain.check_list(q=q).search
    assert search == Search(text="\xe9t\xe9" if "\u0301" in q else q, anywhere=anywhere)


@pytest.mark.parametrize("q", ["%", "_", "\\", "@.", " "])
def test_what_has_neither_letter_nor_digit_is_not_searched(q: str) -> None:
    with pytest.raises(errors.SearchWithoutWord):
        domain.check_list(q=q)


def test_a_view_is_what_the_list_can_show() -> None:
    """R0.9, R0.11."""
    filters = {"status": "archived", "q": "acme", "created_at": {"from": "2026-01-01"}}
    domain.check_view(name="Archived", filters=filters, sort="-expires_at", columns=["name", "button"])
    domain.check_view(name="All", filters={}, sort="name", columns=[])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "  "}, "view_name_missing"),
        ({"filters": {"colour": "red"}}, "filter_unknown"),
        ({"filters": {"status": "creating"}}, "status_filter_unknown"),
        ({"filters": {"q": 7}}, "filter_value_invalid"),
        ({"filters": {"q": "%"}}, "search_without_word"),
        ({"sort": "colour"}, "sort_unknown"),
        ({"columns": ["password"]}, "column_unknown"),
        ({"columns": ["name", "name"]}, "column_unknown"),
    ],
)
def test_a_view_that_the_list_could_not_show_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(errors.Refusal) as caught:
        domain.check_view(**{"name": "Mine", "filters": {}, "sort": "name", "columns": [], **changes})
    assert caught.value.code == code


def test_an_owner_has_a_hundred_views_at_most() -> None:
    domain.check_room(99)
    with pytest.raises(errors.TooManyViews):
        domain.check_room(100)
