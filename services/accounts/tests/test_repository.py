"""The questions on a real database: pages, filters, search, and the indexes that answer them."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from accounts import errors, models, repository, usecases
from accounts.domain import NEWEST_FIRST, SORTS, Kind
from chassis.ids import new_id
from chassis.paging import Page, encode_cursor
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import activated, failed, opened, plus, quote


def listed(units: Units, agency_id: str, **changes: Any) -> Page[models.Account]:
    question = {"limit": 50, "cursor": None, "status": None, "plan": None, "kind": None, "q": None, "sort": NEWEST_FIRST}
    with units.reading() as session:
        return usecases.accounts(session, agency_id=agency_id, **{**question, **changes})


def names(page: Page[models.Account]) -> list[str]:
    return [account.name for account in page.data]


@pytest.fixture
def accounts(units: Units, clock: MovingClock, agency_id: str) -> list[models.Account]:
    """Eleven accounts of the agency, with many ties, and one of somebody else."""
    made = []
    with units.begin() as uow:
        activated(uow, new_id("agy"), name="not-ours", client_name="Acme 0")
        for number in range(11):
            uow.now = clock.advance(seconds=number % 2)
            bought = plus(plan=("Plus", "Pro")[number % 2], contacts=1000 * (1 + number % 3))
            open_one = (opened, activated, failed)[number % 3]
            made.append(open_one(uow, agency_id, name=f"name-{number * 7 % 11:02}", client_name=f"Acme {number % 4}", quote=quote(bought)))
    return made


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", SORTS)
def test_pages_of_any_sort_give_every_account_once_in_order(
    units: Units, agency_id: str, accounts: list[models.Account], column: str, descending: bool
) -> None:
    found: list[models.Account] = []
    cursor = None
    for _ in range(5):
        page = listed(units, agency_id, limit=3, cursor=cursor, sort=f"{'-' if descending else ''}{column}")
        assert page.total == 11
        found += page.data
        cursor = page.next_cursor
        if cursor is None:
            break
    keys = [tuple(getattr(account, key.key) for key in repository.ORDERS[column]) for account in found]
    assert keys == sorted(keys, reverse=descending)
    assert {account.id for account in found} == {account.id for account in accounts}
    assert len(found) == 11


def test_every_sort_the_domain_names_has_its_columns() -> None:
    assert set(repository.ORDERS) == set(SORTS)


def test_a_page_goes_on_where_the_last_one_ended_though_accounts_came_meanwhile(
    units: Units, clock: MovingClock, agency_id: str, accounts: list[models.Account]
) -> None:
    first = listed(units, agency_id, limit=6)
    clock.advance(hours=1)
    with units.begin() as uow:
        opened(uow, agency_id)
    second = listed(units, agency_id, limit=6, cursor=first.next_cursor)
    assert {account.id for account in (*first.data, *second.data)} == {account.id for account in accounts}
    assert second.total == 12


def test_the_newest_come_first(units: Units, clock: MovingClock, agency_id: str) -> None:
    with units.begin() as uow:
        for name in ("first", "second", "third"):
            uow.now = clock.advance(seconds=1)
            opened(uow, agency_id, name=name)
    assert names(listed(units, agency_id)) == ["third", "second", "first"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["paid-active", "paid-creating", "paid-failed", "sandbox", "trial"]),
        ({"status": "active"}, ["paid-active", "sandbox", "trial"]),
        ({"status": "cancelled"}, []),
        ({"plan": "Trial"}, ["trial"]),
        ({"kind": "paid"}, ["paid-active", "paid-creating", "paid-failed"]),
        ({"kind": "paid", "status": "active", "plan": "Plus", "q": "Paid-A"}, ["paid-active"]),
    ],
)
def test_filters_show_what_they_say(units: Units, agency_id: str, filters: dict[str, str], expected: list[str]) -> None:
    with units.begin() as uow:
        activated(uow, agency_id, name="paid-active")
        opened(uow, agency_id, name="paid-creating")
        failed(uow, agency_id, name="paid-failed")
        activated(uow, agency_id, name="sandbox-0", kind=Kind.SANDBOX)
        activated(uow, agency_id, name="trial-0", kind=Kind.TRIAL)
    page = listed(units, agency_id, sort="name", **filters)
    assert [name.removesuffix("-0") for name in names(page)] == expected
    assert page.total == len(expected)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("bak", ["bakery"]),
        ("BAKERY", ["bakery"]),
        ("Boulangerie", ["bakery"]),
        ("pain.ex", ["bakery"]),
        ("é", ["bakery"]),
        ("100%", ["percent"]),
        ("%", ["percent"]),
        ("_", []),
        ("\\", []),
    ],
)
def test_search_finds_a_part_of_name_client_name_or_email_literally(units: Units, agency_id: str, q: str, expected: list[str]) -> None:
    with units.begin() as uow:
        opened(uow, agency_id, name="bakery", client_name="Boulangerie Été", client_email="jean@pain.example")
        opened(uow, agency_id, name="percent", client_name="100% Acme")
        opened(uow, new_id("agy"), name="bakery-too")
    assert names(listed(units, agency_id, q=q)) == expected


@pytest.mark.parametrize("sort", ["name", "created_at", "contacts"])
@pytest.mark.parametrize(
    "values",
    [
        ["status", "active", "acc_1"],
        ["name", "acme"],
        ["name", 7, "acc_1"],
        ["created_at", "yesterday", "acc_1"],
        ["contacts", "many", "2026-01-01T00:00:00+00:00", "acc_1"],
        [],
    ],
)
def test_a_cursor_of_another_list_is_refused(units: Units, agency_id: str, sort: str, values: list[Any]) -> None:
    with pytest.raises(errors.InvalidCursor):
        listed(units, agency_id, sort=sort, cursor=encode_cursor(*values))


@pytest.mark.parametrize("cursor", ["", "?", "bm9wZQ", base64.b64encode(json.dumps({"a": 1}).encode()).decode()])
def test_what_is_no_cursor_is_refused(units: Units, agency_id: str, cursor: str) -> None:
    with pytest.raises(errors.InvalidCursor):
        listed(units, agency_id, cursor=cursor)


# --- indexes ----------------------------------------------------------------------------------------------------------------------------


def explained(units: Units, ask: Callable[[Session], object], *, without: tuple[str, ...] = ()) -> str:
    """How the database answers a question when it may not take the ways that pay only while tables are small."""
    asked: list[tuple[str, Any]] = []
    with units.begin() as uow:
        for way in without:
            uow.session.execute(text(f"SET LOCAL enable_{way} = off"))
        connection = uow.session.connection()
        event.listen(connection, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: asked.append((sql, values)))
        ask(uow.session)
        sql, values = asked[0]
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values))


def page(session: Session, sort: str = "created_at", agency_id: str = "agy_1", **filters: str) -> None:
    wanted = repository.Filter(agency_id=agency_id, **filters)
    repository.accounts_page(session, wanted, sort=sort, descending=True, after=None, limit=50)


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_reads_an_index_in_its_order(units: Units, sort: str) -> None:
    plan = explained(units, lambda session: page(session, sort), without=("seqscan", "sort", "bitmapscan"))
    assert f"ix_accounts_agency_id_{sort}" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("column", ["status", "plan", "kind"])
def test_every_filter_reads_its_index_newest_first(units: Units, column: str) -> None:
    plan = explained(units, lambda session: page(session, **{column: "x"}), without=("seqscan", "sort", "bitmapscan"))
    assert f"ix_accounts_agency_id_{column}_created_at_id" in plan


def test_search_among_many_reads_the_index_of_trigrams_of_the_agency(units: Units, database: ServiceDatabase, agency_id: str) -> None:
    with units.begin() as uow:
        opened(uow, agency_id, name="bakery")
    unlike = {"id", "name", "quote_id", "plan", "contacts", "searchable"}
    copied = [column.name for column in models.Account.__table__.columns if column.name not in unlike]
    database.execute(
        f"INSERT INTO accounts (id, name, quote_id, {', '.join(copied)})"
        f" SELECT 'acc_' || n, md5(n::text), 'quo_' || n, {', '.join(copied)} FROM accounts, generate_series(1, 3000) AS n"
    )
    database.execute("SELECT gin_clean_pending_list('ix_accounts_search')")
    database.execute("ANALYZE accounts")
    plan = explained(units, lambda session: page(session, agency_id=agency_id, q="baker"))
    assert "ix_accounts_search" in plan
    assert names(listed(units, agency_id, q="baker")) == ["bakery"]


def test_the_sweep_reads_the_index_of_openings_that_go_on(units: Units, clock: MovingClock) -> None:
    def sweep(session: Session) -> None:
        repository.overdue_openings(session, now=clock.now, limit=10)

    assert "ix_provisionings_overdue" in explained(units, sweep, without=("seqscan", "bitmapscan"))
