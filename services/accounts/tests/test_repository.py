"""The questions on a real database: pages, filters, search, and the indexes that answer them."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from accounts import errors, models, repository, usecases
from accounts.domain import NEWEST_FIRST, SORTS, Kind
from chassis.ids import new_id
from chassis.paging import Page, encode_cursor
from chassis.testing import MovingClock
from chassis.unit_of_work import Units

from .factories import activated, failed, open_quote, opened, plus


def listed(units: Units, agency_id: str, **changes: Any) -> Page[Any]:
    question = {"limit": 50, "cursor": None, "status": None, "plan": None, "kind": None, "q": None, "sort": NEWEST_FIRST}
    with units.reading() as session:
        return usecases.accounts(session, agency_id=agency_id, **{**question, **changes})


def names(page: Page[Any]) -> list[str]:
    return [account.name for account in page.data]


@pytest.fixture
def accounts(units: Units, clock: MovingClock, agency_id: str) -> list[models.Account]:
    """Eleven accounts of the agency, with many ties, and one of somebody else."""
    made = []
    with units.begin() as uow:
        activated(uow, new_id("agy"), name="not-ours", client_name="Acme 0")
        for number in range(11):
            uow.platform_now = clock.advance(seconds=number % 2)
            bought = plus(plan=("Plus", "Pro")[number % 2], contacts=1000 * (1 + number % 3))
            open_one = (opened, activated, failed)[number % 3]
            made.append(
                open_one(uow, agency_id, name=f"name-{number * 7 % 11:02}", client_name=f"Acme {number % 4}", quote=open_quote(bought))
            )
    return made


def test_pages_of_any_sort_give_every_account_once_in_order(units: Units, agency_id: str, accounts: list[models.Account]) -> None:
    """R0.3."""
    for column, descending in itertools.product(SORTS, (False, True)):
        found: list[Any] = []
        cursor, more = None, True
        while more:
            page = listed(units, agency_id, limit=3, cursor=cursor, sort=f"{'-' if descending else ''}{column}")
            assert (page.total, len(page.data)) == (11, min(3, 11 - len(found)))
            found += page.data
            cursor, more = page.next_cursor, page.next_cursor is not None
        keys = [tuple(getattr(account, key.key) for key in repository.ORDERS[column]) for account in found]
        valued = [key for key in keys if key[0] is not None]
        without = [key[1:] for key in keys if key[0] is None]
        assert valued == sorted(valued, reverse=descending)
        assert without == sorted(without, reverse=descending)
        assert keys[: len(valued)] == valued  # those without a value come last, in either direction
        assert {account.id for account in found} == {account.id for account in accounts}


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
            uow.platform_now = clock.advance(seconds=1)
            opened(uow, agency_id, name=name)
    assert names(listed(units, agency_id)) == ["third", "second", "first"]


def test_filters_show_what_they_say(units: Units, agency_id: str) -> None:
    with units.begin() as uow:
        activated(uow, agency_id, name="paid-active")
        opened(uow, agency_id, name="paid-creating")
        failed(uow, agency_id, name="paid-failed")
        activated(uow, agency_id, name="sandbox-0", kind=Kind.SANDBOX)
        activated(uow, agency_id, name="trial-0", kind=Kind.TRIAL)
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["paid-active", "paid-creating", "paid-failed", "sandbox-0", "trial-0"]),
        ({"status": "active"}, ["paid-active", "sandbox-0", "trial-0"]),
        ({"status": "cancelled"}, []),
        ({"plan": "Trial"}, ["trial-0"]),
        ({"kind": "paid"}, ["paid-active", "paid-creating", "paid-failed"]),
        ({"kind": "paid", "status": "active", "plan": "Plus", "q": "Paid-A"}, ["paid-active"]),
    ]
    for filters, expected in cases:
        page = listed(units, agency_id, sort="name", **filters)
        assert (names(page), page.total) == (expected, len(expected))


def test_search_finds_a_part_of_name_client_name_or_email_literally(units: Units, agency_id: str) -> None:
    """R0.3, R0.7."""
    with units.begin() as uow:
        opened(uow, agency_id, name="bakery", client_name="Boulangerie Été", client_email="jean@pain.example")
        opened(uow, agency_id, name="percent", client_name="100% Acme")
        opened(uow, new_id("agy"), name="bakery-too")
    for q in ("bak", "BAKERY", "Boulangerie", "pain.ex", "Éte", "ét"):
        assert names(listed(units, agency_id, q=q)) == ["bakery"], q
    for q in ("100%", "10"):
        assert names(listed(units, agency_id, q=q)) == ["percent"], q
    for q in ("a_", "a\\", "nobody"):
        assert names(listed(units, agency_id, q=q)) == [], q


def test_a_cursor_that_this_list_did_not_give_is_refused(units: Units, agency_id: str) -> None:
    of_other_lists: list[list[Any]] = [
        ["status", "active", "acc_1"],
        ["name", "acme"],
        ["name", 7, "acc_1"],
        ["created_at", "yesterday", "acc_1"],
        ["contacts", "many", "2026-01-01T00:00:00+00:00", "acc_1"],
        [],
    ]
    for cursor in ("", "?", "bm9wZQ", *(encode_cursor(*values) for values in of_other_lists)):
        for sort in ("name", "created_at", "contacts"):
            with pytest.raises(errors.InvalidCursor):
                listed(units, agency_id, sort=sort, cursor=cursor)


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


def test_the_sweep_reads_the_index_of_openings_that_go_on(units: Units, clock: MovingClock) -> None:
    def sweep(session: Session) -> None:
        repository.overdue_openings(session, now=clock.now, limit=10)

    assert "ix_provisionings_overdue" in explained(units, sweep, without=("seqscan", "bitmapscan"))
