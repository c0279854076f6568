"""What the database itself promises of the ledger, and what the questions answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import count_statements
from chassis.ids import new_id
from chassis.testing import ServiceDatabase, eventually
from chassis.unit_of_work import Units
from credits import repository, usecases
from credits.domain import Kind

from .factories import Ledger, eur

WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
"""Whether anybody waits for a lock."""

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def pot_of(database: ServiceDatabase, ledger: Ledger, account_id: str | None = None) -> dict[str, str]:
    """The pot's ledger accounts, by purpose."""
    rows = database.query(
        "SELECT purpose, id FROM ledger_accounts WHERE agency_id = %s AND account_id IS NOT DISTINCT FROM %s",
        ledger.agency_id,
        account_id,
    )
    return {row["purpose"]: row["id"] for row in rows}


def post(units: Units, ledger: Ledger, lines: list[tuple[str, str, int]], *, key: str | None = None, unit: str = "EUR") -> None:
    """Write a transaction with these lines (ledger account, lot, units), whatever the rules say."""
    with units.begin() as uow:
        repository.insert_transaction(
            uow.connection,
            ledger_account_ids=[line[0] for line in lines],
            lot_ids=[line[1] for line in lines],
            units=[line[2] for line in lines],
            id=new_id("txn"),
            idempotency_key=key or new_id("key"),
            agency_id=ledger.agency_id,
            kind="prepaid",
            unit=unit,
            purpose="purchase",
            invoice_id=new_id("inv"),
            payment_id=None,
            credit_note_id=None,
            created_at=NOW,
        )


@pytest.fixture
def lot_id(database: ServiceDatabase, ledger: Ledger) -> str:
    """A lot of 100 in the agency's own pot."""
    ledger.buy(100)
    return str(database.query("SELECT id FROM lots")[0]["id"])


def test_a_transaction_whose_postings_do_not_sum_to_zero_does_not_commit(
    units: Units, database: ServiceDatabase, ledger: Ledger, lot_id: str
) -> None:
    pot = pot_of(database, ledger)
    with pytest.raises(IntegrityError, match="do not sum to zero"):
        post(units, ledger, [(pot["issued"], lot_id, -10), (pot["available"], lot_id, 9)])
    assert database.query("SELECT count(*) AS n FROM transactions") == [{"n": 1}]
    assert ledger.held() == (100, 0)


def test_units_of_two_kinds_cannot_make_up_for_each_other(units: Units, database: ServiceDatabase, ledger: Ledger, lot_id: str) -> None:
    ledger.buy(50, currency="USD")
    dollars = database.query("SELECT id FROM ledger_accounts WHERE unit = 'USD' AND purpose = 'available'")[0]["id"]
    with pytest.raises(IntegrityError, match="fk_postings_ledger_account_id_unit_ledger_accounts"):
        post(units, ledger, [(pot_of(database, ledger)["issued"], lot_id, -10), (dollars, lot_id, 10)])


def test_a_balance_below_zero_does_not_commit_whoever_writes_it(
    units: Units, database: ServiceDatabase, ledger: Ledger, lot_id: str
) -> None:
    pot = pot_of(database, ledger)
    with pytest.raises(IntegrityError, match="never_below_zero"):
        post(units, ledger, [(pot["available"], lot_id, -101), (pot["reserved"], lot_id, 101)])
    with pytest.raises(IntegrityError, match="never_below_zero"):
        post(units, ledger, [(pot["spent"], lot_id, -1), (pot["available"], lot_id, 1)])


@pytest.mark.unsound("it reserves for nobody")
def test_an_idempotency_key_moves_credit_once(units: Units, database: ServiceDatabase, ledger: Ledger, lot_id: str) -> None:
    pot = pot_of(database, ledger)
    lines = [(pot["available"], lot_id, -1), (pot["reserved"], lot_id, 1)]
    post(units, ledger, lines, key="once")
    with pytest.raises(IntegrityError, match="uq_transactions_idempotency_key"):
        post(units, ledger, lines, key="once")


@pytest.mark.parametrize("table", ["postings", "transactions", "lots"])
@pytest.mark.parametrize("change", ["UPDATE {} SET unit = 'USD'", "DELETE FROM {}"])
def test_what_is_in_the_ledger_is_neither_changed_nor_deleted(database: ServiceDatabase, lot_id: str, table: str, change: str) -> None:
    with pytest.raises(psycopg2.errors.RestrictViolation, match=f"{table} is append-only"):
        database.execute(change.format(table))


@pytest.mark.parametrize(
    ("kind", "unit", "allowed"),
    [("prepaid", "EUR", True), ("prepaid", "sms", False), ("prepaid", "eur", False), ("sms", "sms", True), ("sms", "EUR", False)],
)
def test_a_ledger_account_is_kept_in_the_unit_of_its_kind(database: ServiceDatabase, kind: str, unit: str, allowed: bool) -> None:
    def insert() -> None:
        database.execute("INSERT INTO ledger_accounts VALUES ('lac', 'agy', NULL, %s, %s, 'available')", kind, unit)

    if allowed:
        insert()
    else:
        with pytest.raises(psycopg2.errors.CheckViolation, match="unit_of_kind"):
            insert()


def test_a_pot_has_one_ledger_account_for_each_purpose(units: Units, database: ServiceDatabase, ledger: Ledger, lot_id: str) -> None:
    before = pot_of(database, ledger)
    ledger.buy(100)
    assert pot_of(database, ledger) == before
    assert set(before) == {"available", "reserved", "spent", "issued"}


def test_ledger_accounts_are_locked_in_the_order_of_their_ids(units: Units, database: ServiceDatabase, ledger: Ledger) -> None:
    account_id = new_id("acc")
    ledger.buy(100)
    ledger.buy(100, account_id=account_id)
    ids = [row["id"] for row in database.query("SELECT id FROM ledger_accounts ORDER BY id")]
    lock = "SELECT FROM ledger_accounts WHERE id = %s FOR NO KEY UPDATE NOWAIT"

    def reserve() -> int:
        return ledger.reserve(new_id("pay"), new_id("inv"), eur(150), account_id=account_id)

    with closing(psycopg2.connect(database.url)) as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute(lock, [ids[3]])
        reserving = pool.submit(reserve)
        eventually(lambda: database.query(WAITING))
        for before in ids[:3]:
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                database.execute(lock, before)
        for after in ids[4:]:
            database.execute(lock, after)
        other.rollback()
        assert reserving.result(timeout=10) == 150


def test_a_reservation_that_waited_sees_what_was_taken_meanwhile(database: ServiceDatabase, ledger: Ledger) -> None:
    ledger.buy(100)

    def reserve() -> int:
        return ledger.reserve(new_id("pay"), new_id("inv"), eur(70))

    with ThreadPoolExecutor(1) as pool:
        with ledger.units.begin() as uow:
            repository.locked_pots(uow.session, agency_id=ledger.agency_id, account_ids={None}, kind="prepaid", unit="EUR")
            reserving = pool.submit(reserve)
            eventually(lambda: database.query(WAITING))
            first = usecases.reserve_prepaid(
                uow, agency_id=ledger.agency_id, account_id=None, payment_id=new_id("pay"), invoice_id=new_id("inv"), up_to=eur(60)
            )
        assert first == {"reserved": eur(60)}
        assert reserving.result(timeout=10) == 40


def test_a_payment_takes_three_statements_whatever_the_history(database: ServiceDatabase, units: Units, ledger: Ledger) -> None:
    ledger.buy(10_000)
    for _ in range(20):
        ledger.reserve(new_id("pay"), new_id("inv"), eur(1))
    statements = count_statements(units._database.engine)
    ledger.reserve(new_id("pay"), new_id("inv"), eur(1))
    assert len(statements) == 3, statements


def test_a_spend_takes_two_statements_whatever_the_history(units: Units, ledger: Ledger) -> None:
    """One locks and reads, one writes; the clock is asked for with the command's key, which is not here."""
    account_id = ledger.open()
    ledger.buy(10_000, kind=Kind.SMS, account_id=account_id)
    for _ in range(20):
        ledger.spend(account_id, 1)
    statements = count_statements(units._database.engine)
    ledger.spend(account_id, 1)
    assert len(statements) == 2, statements


@pytest.fixture
def sums(database: ServiceDatabase) -> Callable[[], list[dict[str, Any]]]:
    """What is held, beside what the postings sum to."""

    def ask() -> list[dict[str, Any]]:
        return database.query(
            """
            SELECT ledger_account_id, lot_id, holdings.units AS held, coalesce(posted.units, 0) AS posted
            FROM holdings FULL JOIN (
                SELECT ledger_account_id, lot_id, sum(units) AS units FROM postings
                JOIN ledger_accounts ON ledger_accounts.id = ledger_account_id AND purpose <> 'issued' GROUP BY 1, 2
            ) AS posted USING (ledger_account_id, lot_id)
            """
        )

    return ask


def test_what_is_held_is_the_sum_of_the_postings(ledger: Ledger, sums: Callable[[], list[dict[str, Any]]]) -> None:
    account_id, invoice_id, payment_id = new_id("acc"), new_id("inv"), new_id("pay")
    ledger.buy(100)
    ledger.buy(30, account_id=account_id)
    ledger.reserve(payment_id, invoice_id, eur(70), account_id=account_id)
    ledger.paid(payment_id, invoice_id, 70, account_id=account_id)
    ledger.credited(new_id("cn"), invoice_id, 50)
    ledger.reserve(new_id("pay"), new_id("inv"), eur(5))
    rows = sums()
    assert len(rows) == 6
    assert all(row["held"] == row["posted"] for row in rows)
