"""How credit came and went: running balances, what was handed out, statements."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.errors import InvalidCursor
from chassis.ids import new_id
from chassis.testing import MovingClock
from chassis.unit_of_work import Units
from credits import errors, usecases
from credits.domain import Kind

from .factories import Ledger, eur


def transactions(ledger: Ledger, *, kind: Kind = Kind.PREPAID, account_id: str | None = None, limit: int = 50) -> list[Any]:
    """The whole history, page by page."""
    seen: list[Any] = []
    cursor = None
    with ledger.units.reading() as session:
        while True:
            page = usecases.transactions(session, agency_id=ledger.agency_id, kind=kind, account_id=account_id, limit=limit, cursor=cursor)
            seen += page.data
            cursor = page.next_cursor
            if cursor is None:
                assert len(seen) == page.total
                return seen


def allocations(ledger: Ledger, *, account_id: str | None = None, limit: int = 50, cursor: str | None = None) -> Any:
    with ledger.units.reading() as session:
        return usecases.allocations(session, agency_id=ledger.agency_id, kind=Kind.SMS, account_id=account_id, limit=limit, cursor=cursor)


def statement(ledger: Ledger, start: datetime, end: datetime, *, currency: str | None = "EUR", kind: Kind = Kind.PREPAID) -> dict[str, Any]:
    with ledger.units.reading() as session:
        return usecases.statement(session, agency_id=ledger.agency_id, kind=kind, currency=currency, start=start, end=end)


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_every_movement_says_what_the_pot_had_after_it(ledger: Ledger, limit: int) -> None:
    """R0.110."""
    account_id = ledger.open()
    ledger.buy(100, kind=Kind.INBOX_PREVIEW)
    ledger.allocate(account_id, 60, kind=Kind.INBOX_PREVIEW)
    ledger.spend(account_id, 10, kind=Kind.INBOX_PREVIEW, reference="campaign 7")
    ledger.allocate(account_id, -20, kind=Kind.INBOX_PREVIEW)
    ledger.buy(5, kind=Kind.INBOX_PREVIEW, account_id=account_id)
    whole = transactions(ledger, kind=Kind.INBOX_PREVIEW, limit=limit)
    assert [(each["purpose"], each["units"], each["balance_units"]) for each in whole] == [
        ("purchase", 5, 60),
        ("take_back", 20, 60),
        ("spending", 10, 40),
        ("allocation", 60, 40),
        ("purchase", 100, 100),
    ]
    assert [each["reference"] for each in whole] == [None, None, "campaign 7", None, None]
    own = transactions(ledger, kind=Kind.INBOX_PREVIEW, account_id=account_id, limit=limit)
    assert [each["balance_units"] for each in own] == [35, 30, 50, 60]


def test_balances_of_two_currencies_run_side_by_side(ledger: Ledger) -> None:
    ledger.buy(100)
    ledger.buy(70, currency="USD")
    ledger.buy(1)
    assert [(each["currency"], each["balance_units"]) for each in transactions(ledger)] == [("EUR", 101), ("USD", 70), ("EUR", 100)]


def test_what_is_reserved_is_not_in_the_balance_and_spending_it_changes_nothing(ledger: Ledger) -> None:
    ledger.buy(100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    ledger.reserve(payment_id, invoice_id, eur(70))
    ledger.paid(payment_id, invoice_id, 70)
    assert [each["balance_units"] for each in transactions(ledger)] == [30, 30, 100]


def test_what_was_handed_out_and_taken_back_is_listed_page_by_page(ledger: Ledger, units: Units) -> None:
    first, second = ledger.open(), ledger.open()
    ledger.buy(100, kind=Kind.SMS)
    for account_id, number in ((first, 30), (second, 20), (first, -10)):
        ledger.allocate(account_id, number, kind=Kind.SMS)
    ledger.spend(first, 5)
    page = allocations(ledger, limit=2)
    assert ([(each["account_id"], each["units"]) for each in page.data], page.total) == ([(first, -10), (second, 20)], 3)
    assert [each["units"] for each in allocations(ledger, limit=2, cursor=page.next_cursor).data] == [30]
    assert [each["units"] for each in allocations(ledger, account_id=second).data] == [20]
    assert allocations(Ledger(units)).data == []
    with pytest.raises(InvalidCursor):
        allocations(ledger, cursor="nonsense")


def test_a_statement_leads_from_what_there_was_to_what_there_is(ledger: Ledger, clock: MovingClock) -> None:
    account_id, before = ledger.open(), clock.now
    ledger.buy(1000, expires_at=clock.now + timedelta(days=40))
    ledger.buy(500)
    clock.advance(days=31)
    start = clock.now
    ledger.allocate(account_id, 100)
    ledger.buy(300)
    ledger.grant(new_id("cn"), account_id, 50)
    paid, failed, pending, invoice_id = new_id("pay"), new_id("pay"), new_id("pay"), new_id("inv")
    ledger.reserve(paid, invoice_id, eur(700), account_id=account_id)
    ledger.paid(paid, invoice_id, 700, account_id=account_id)
    ledger.reserve(failed, new_id("inv"), eur(10))
    ledger.failed(failed, new_id("inv"))
    ledger.credited(new_id("cn"), invoice_id, 200)
    clock.advance(days=20)
    ledger.expire()
    ledger.reserve(pending, new_id("inv"), eur(20))
    end = clock.now + timedelta(seconds=1)
    told = statement(ledger, start, end)
    moved = {name: told[name] for name in ("purchased", "granted", "returned", "spent", "expired")}
    assert moved == {"purchased": 300, "granted": 50, "returned": 200, "spent": 700, "expired": told["expired"]}
    assert told["opening"] == statement(ledger, before, start)["closing"] == 1500
    assert told["closing"] == told["opening"] + 300 + 50 + 200 - 700 - told["expired"]
    held = [ledger.held(pot) for pot in (None, account_id)]
    assert told["closing"] == sum(available + reserved for available, reserved in held)
    assert told["expired"] > 0
    assert statement(ledger, end, end)["opening"] == told["closing"]


def test_a_statement_of_several_currencies_is_by_currency_and_of_nothing_is_zero(ledger: Ledger, clock: MovingClock) -> None:
    ledger.buy(10)
    ledger.buy(20, currency="USD")
    later = clock.now + timedelta(seconds=1)
    with pytest.raises(errors.CurrencyNeeded):
        statement(ledger, clock.now, later, currency=None)
    assert statement(ledger, clock.now, later, currency="USD")["closing"] == 20
    assert statement(ledger, clock.now, later, currency=None, kind=Kind.SMS)["closing"] == 0
