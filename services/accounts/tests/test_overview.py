"""The list as it is asked for: pages that stay right while rows change, filters on any attribute, totals that are kept; saved views."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from accounts import errors, repository, schemas, usecases
from accounts.domain import COLUMNS, NEWEST_FIRST, NULLABLE, SORTS
from chassis.ids import new_id
from chassis.paging import Page
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import activated, opened


def listed(units: Units, agency_id: str, **changes: Any) -> Page[Any]:
    question = {"limit": 50, "cursor": None, "status": None, "plan": None, "kind": None, "q": None, "sort": NEWEST_FIRST}
    with units.reading() as session:
        return usecases.accounts(session, agency_id=agency_id, **{**question, **changes})


def names(page: Page[Any]) -> list[str]:
    return [account.name for account in page.data]


def test_pages_lose_nothing_and_show_nothing_twice_while_accounts_come_go_and_change(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    """R0.3, R0.10: in every order, with values and without."""
    with units.begin() as uow:
        for number in range(6):
            uow.platform_now = clock.advance(seconds=1)
            activated(uow, agency_id, name=f"stays-{number}", custom_domain=f"stays{number}.example" if number % 3 else None)
    database.execute("UPDATE accounts SET expires_at = created_at + interval '1 day' WHERE right(name, 1)::integer %% 2 = 0")
    numbers = itertools.count()
    for column, sign in itertools.product(SORTS, ("", "-")):
        seen: list[str] = []
        cursor, more = None, True
        while more:
            page = listed(units, agency_id, limit=3, cursor=cursor, sort=sign + column)
            seen += names(page)
            with units.begin() as uow:  # one that comes, anywhere in the order, and one that changes everything it is sorted by
                uow.platform_now = clock.advance(seconds=1)
                new = activated(uow, agency_id, name=f"{'az'[next(numbers) % 2]}-new-{next(numbers)}")
                new.client_name, new.expires_at = ("Zz", uow.now - timedelta(days=9)) if next(numbers) % 3 else ("Aa", None)
            cursor, more = page.next_cursor, page.next_cursor is not None
        stayed = [name for name in seen if name.startswith("stays")]
        assert sorted(stayed) == [f"stays-{number}" for number in range(6)], sign + column
        assert len(seen) == len(set(seen)), sign + column
        database.execute("TRUNCATE account_events")
        database.execute("DELETE FROM provisionings WHERE account_id IN (SELECT id FROM accounts WHERE name LIKE '%%new%%')")
        database.execute("DELETE FROM accounts WHERE name LIKE '%%new%%'")


def test_a_page_begins_behind_so_many_accounts_in_every_order_that_all_have_a_place_in(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    with units.begin() as uow:
        for number in range(5):
            uow.platform_now = clock.advance(seconds=1)
            activated(uow, agency_id, name=f"bakery-{number}")
    for sort, narrowed in itertools.product((NEWEST_FIRST, "created_at", "name", "-plan"), ({}, {"q": "bakery"}, {"status": "active"})):
        everything = names(listed(units, agency_id, sort=sort, **narrowed))
        assert len(everything) == 5
        for skip in range(7):
            page = listed(units, agency_id, sort=sort, limit=2, skip=skip, **narrowed)
            assert (names(page), page.total) == (everything[skip : skip + 2], 5)
            if page.next_cursor is not None:
                behind = listed(units, agency_id, sort=sort, limit=2, cursor=page.next_cursor, **narrowed)
                assert names(behind) == everything[skip + 2 : skip + 4]


@pytest.mark.parametrize("beside", [{"cursor": "WyJ4Il0"}, {"sort": "expires_at"}, {"sort": "-custom_domain"}])
def test_accounts_are_skipped_only_where_all_have_a_place(agency_id: str, beside: dict[str, str]) -> None:
    asked = {"agency_id": agency_id, "skip": 1}
    assert schemas.ListAccounts().load(asked)["skip"] == 1
    assert schemas.ListAccounts().validate({**asked, **beside}).keys() == {"skip"}
    assert schemas.ListAccounts().validate({**asked, **beside, "skip": 0}) == {}


def test_lists_are_sorted_by_name_plan_size_creation_and_expiry_and_those_without_come_last(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    """R0.12."""
    assert {"name", "contacts", "created_at", "expires_at"} <= set(SORTS)
    assert {"expires_at", "custom_domain"} <= NULLABLE
    with units.begin() as uow:
        for name in ("a-one", "b-two", "c-three"):
            uow.platform_now = clock.advance(seconds=1)
            activated(uow, agency_id, name=name)
    database.execute("UPDATE accounts SET expires_at = created_at + interval '1 day' WHERE name <> 'b-two'")
    for limit in (1, 2, 3):
        for sort, expected in (("expires_at", ["a-one", "c-three", "b-two"]), ("-expires_at", ["c-three", "a-one", "b-two"])):
            found, cursor, more = [], None, True
            while more:
                page = listed(units, agency_id, sort=sort, limit=limit, cursor=cursor)
                found += names(page)
                cursor, more = page.next_cursor, page.next_cursor is not None
            assert found == expected


def test_a_filter_on_any_attribute_shows_what_it_says(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
    """R0.4."""
    with units.begin() as uow:
        activated(uow, agency_id, name="french", custom_domain="mail.french.example")
        uow.platform_now = clock.advance(days=2)
        activated(uow, agency_id, name="american", country="US", language="en")
    since = clock.now.date().isoformat()
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"country": "US"}, ["american"]),
        ({"custom_domain": ""}, ["american"]),
        ({"custom_domain": "mail.french.example", "language": "fr"}, ["french"]),
        ({"created_at": {"from": since}}, ["american"]),
        ({"created_at": {"to": since}}, ["french"]),
        ({"expires_at": ""}, ["american", "french"]),
        ({"expires_at": {"from": since}}, []),
        ({"contacts": 1000, "plan": "plus", "status": "active"}, ["american", "french"]),
        ({"contacts": {"from": 1001}}, []),
    ]
    for filters, expected in cases:
        page = listed(units, agency_id, filters=filters, sort="name")
        assert (names(page), page.total) == (expected, len(expected)), filters


def test_search_looks_through_name_client_email_and_domain_without_accents_and_case(units: Units, agency_id: str) -> None:
    """R0.7."""
    with units.begin() as uow:
        opened(uow, agency_id, name="cafe-1", client_name="Crème Brûlée", client_email="zoe@cœur.example", custom_domain="news.ana.example")
        opened(uow, new_id("agy"), name="cafe-2", client_name="Crème Brûlée")
    for q in ("creme", "BRÛLEE", "rulé", "e bru", "cafe-1", "coeur", "CŒUR", "zoe@", "ana.ex", "cr", "b", "an", "1", "zo"):
        assert names(listed(units, agency_id, q=q)) == ["cafe-1"], q
    for q in ("brulees", "re", "fe", "oe"):  # the last three begin no word
        assert names(listed(units, agency_id, q=q)) == [], q


def test_totals_follow_every_change_of_status_plan_and_kind_and_survive_folding(
    units: Units, database: ServiceDatabase, agency_id: str
) -> None:
    def totals() -> list[int]:
        filters: list[dict[str, str]] = [{}, {"status": "active"}, {"status": "archived", "plan": "plus"}, {"kind": "paid"}]
        with units.reading() as session:
            return [repository.count_accounts(session, repository.Filter(agency_id=agency_id, equal=_real(each))) for each in filters]

    def fold() -> int:
        with units.begin() as uow:
            return usecases.fold_tallies(uow, limit=10)

    assert totals() == [0, 0, 0, 0]
    with units.begin() as uow:
        made = [activated(uow, agency_id).id for _ in range(4)]
        activated(uow, new_id("agy"))
    assert totals() == [4, 4, 0, 4]
    assert fold() == 2
    assert totals() == [4, 4, 0, 4]
    database.execute("UPDATE accounts SET status = 'archived' WHERE id = ANY(%s)", made[:3])
    database.execute("UPDATE accounts SET client_name = 'Renamed'")
    assert totals() == [4, 1, 3, 4]
    database.execute("TRUNCATE account_events")
    database.execute("DELETE FROM provisionings")
    database.execute("DELETE FROM accounts WHERE id = %s", made[0])
    assert totals() == [3, 1, 2, 3]
    assert (fold(), fold()) == (1, 0)
    assert totals() == [3, 1, 2, 3]
    assert len(database.query("SELECT id FROM account_tallies WHERE agency_id = %s", agency_id)) == 2


def _real(filters: dict[str, str]) -> dict[str, str]:
    return {name: {"plus": "Plus"}.get(value, value) for name, value in filters.items()}


def test_other_totals_are_counted_up_to_a_bound(units: Units, agency_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.repository.overview.MOST_COUNTED", 3)
    with units.begin() as uow:
        for _ in range(5):
            opened(uow, agency_id)
    assert listed(units, agency_id, limit=1, filters={"country": "FR"}).total == 4
    assert listed(units, agency_id, limit=5, filters={"country": "FR"}).total == 5
    assert listed(units, agency_id, limit=1).total == 5


def test_a_row_says_its_button(units: Units, database: ServiceDatabase, agency_id: str) -> None:
    """R0.13."""
    with units.begin() as uow:
        archived = activated(uow, agency_id, name="archived").id
        activated(uow, agency_id, name="usable")
    database.execute("UPDATE accounts SET status = 'archived' WHERE id = %s", archived)
    page = schemas.AccountPage().dump(listed(units, agency_id))
    assert {account["name"]: account["button"] for account in page["data"]} == {"archived": "renew", "usable": "login"}
    public = {"plan" if name == "selection" else name for name in page["data"][0]}
    assert public - {"agency_id", "version"} == set(COLUMNS) - {"menu"}, "the menu is the gateway's, which writes its addresses"


# --- saved views ------------------------------------------------------------------------------------------------------------------------

CONTENT: dict[str, Any] = {"filters": {"status": "archived"}, "sort": "-expires_at", "columns": ["name", "button"]}


@pytest.fixture
def save(units: Units, agency_id: str) -> Callable[..., str]:
    def make(name: str, *, owner: str = "key_1", **changes: Any) -> str:
        with units.begin() as uow:
            return usecases.create_view(uow, agency_id=agency_id, owner=owner, name=name, **{**CONTENT, **changes}).id

    return make


def test_a_view_is_its_owners_alone(units: Units, agency_id: str, save: Callable[..., str]) -> None:
    """R0.9."""
    view_id = save("To renew")
    save("To renew", owner="key_2")
    strangers: list[dict[str, Any]] = [{"agency_id": agency_id, "owner": "key_2"}, {"agency_id": new_id("agy"), "owner": "key_1"}]
    with units.reading() as session:
        found = usecases.view(session, agency_id=agency_id, owner="key_1", view_id=view_id)
        assert {"filters": found.filters, "sort": found.sort, "columns": found.columns} == CONTENT
        for stranger in strangers:
            with pytest.raises(errors.ViewNotFound):
                usecases.view(session, **stranger, view_id=view_id)
    for stranger in strangers:
        with pytest.raises(errors.ViewNotFound), units.begin() as uow:
            usecases.change_view(uow, **stranger, view_id=view_id, sort="name")
        with pytest.raises(errors.ViewNotFound), units.begin() as uow:
            usecases.remove_view(uow, **stranger, view_id=view_id)


def test_views_are_listed_by_name_changed_in_part_and_removed(
    units: Units, agency_id: str, clock: MovingClock, save: Callable[..., str]
) -> None:
    """R0.9, R0.11."""
    ids = {name: save(name) for name in ("c", "a", "b")}
    mine: dict[str, Any] = {"agency_id": agency_id, "owner": "key_1"}
    with units.reading() as session:
        first = usecases.views(session, **mine, limit=2, cursor=None)
        rest = usecases.views(session, **mine, limit=2, cursor=first.next_cursor)
    assert ([view.name for view in (*first.data, *rest.data)], first.total, rest.next_cursor) == (["a", "b", "c"], 3, None)
    with units.begin() as uow:
        uow.platform_now = clock.advance(hours=1)
        usecases.change_view(uow, **mine, view_id=ids["a"], name="d", filters=None, sort="name", columns=None)
    with pytest.raises(errors.ViewNameTaken), units.begin() as uow:
        usecases.change_view(uow, **mine, view_id=ids["a"], name="b")
    with pytest.raises(errors.SortUnknown), units.begin() as uow:
        usecases.change_view(uow, **mine, view_id=ids["a"], sort="colour")
    with units.reading() as session:
        changed = usecases.view(session, **mine, view_id=ids["a"])
    assert (changed.name, changed.sort, changed.filters, changed.version) == ("d", "name", CONTENT["filters"], 2)
    assert changed.updated_at - changed.created_at == timedelta(hours=1)
    with units.begin() as uow:
        usecases.remove_view(uow, **mine, view_id=ids["b"])
    with units.reading() as session:
        assert [view.name for view in usecases.views(session, **mine, limit=50, cursor=None).data] == ["c", "d"]


def test_of_many_at_once_an_owner_saves_a_hundred_and_one_of_each_name(
    units: Units, database: ServiceDatabase, save: Callable[..., str]
) -> None:
    for number in range(97):
        save(f"view {number}")

    def outcome(number: int) -> str:
        try:
            save(f"one of {number % 5}")
        except errors.Refusal as refusal:
            return refusal.code
        return "saved"

    with ThreadPoolExecutor(5) as threads:
        outcomes = list(threads.map(outcome, range(10)))
    assert outcomes.count("saved") == 3
    assert set(outcomes) <= {"saved", "too_many_views", "view_name_taken"}
    assert len(database.query("SELECT id FROM views")) == 100
