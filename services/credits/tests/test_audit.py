"""The auditor finds what is wrong, whoever made it so; and nobody who is not above the database can."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest

from chassis import audit, migrations
from chassis.ids import new_id
from chassis.runner import folder_of
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.databases import Templates
from credits.domain import Kind

from .factories import Ledger, eur

OWNER = "ledger_owner"


def live(ledger: Ledger, clock: MovingClock) -> Ledger:
    """Something of everything: every kind, every movement, an account that left."""
    account_id, leaving = ledger.open(), ledger.open()
    ledger.watch(5, kind=Kind.SMS)
    ledger.buy(1000)
    ledger.buy(200, kind=Kind.SMS, expires_at=clock.now + timedelta(days=1))
    ledger.buy(50, kind=Kind.INBOX_PREVIEW)
    ledger.grant(new_id("cn"), account_id, 70)
    for kind, units in ((Kind.PREPAID, 300), (Kind.SMS, 100), (Kind.INBOX_PREVIEW, 20)):
        ledger.allocate(account_id, units, kind=kind)
    ledger.allocate(leaving, 40)
    ledger.transfer(leaving, new_id("agy"))
    ledger.spend(account_id, 30)
    ledger.allocate(account_id, -20, kind=Kind.SMS)
    paid, failed, waiting, invoice_id = new_id("pay"), new_id("pay"), new_id("pay"), new_id("inv")
    ledger.reserve(paid, invoice_id, eur(450), account_id=account_id)
    ledger.reserve(failed, new_id("inv"), eur(100))
    ledger.reserve(waiting, new_id("inv"), eur(10))
    ledger.paid(paid, invoice_id, 450, account_id=account_id)
    ledger.failed(failed, new_id("inv"))
    ledger.credited(new_id("cn"), invoice_id, 50)
    ledger.credited(new_id("cn"), new_id("inv"), 5)
    clock.advance(days=2)
    ledger.expire()
    return ledger


def found(database: ServiceDatabase) -> set[str]:
    """The rules that the auditor says are broken."""
    return {finding.partition(":")[0] for finding in audit.audit("credits", database.url).findings}


def test_a_ledger_that_has_lived_is_found_right(ledger: Ledger, database: ServiceDatabase, clock: MovingClock) -> None:
    live(ledger, clock)
    assert audit.audit("credits", database.url).findings == []
    assert sorted(audit.audit("credits", database.url).figures.values()) == [70, 450]


NOT_ZERO = "every transaction has postings, and they sum to zero in every unit"
HELD = "what is held is what the postings sum to"
BELOW = "nothing held is below zero"
LOTS = "what was spent, is held and expired of a lot is what came"
SIDES = "every posting is on a side of its movement, in the agency, kind and unit of its transaction"
RESERVED = "what is reserved waits for a payment, and what a settled payment reserved went where it was settled"
NOTES = "every credit note gave back what it says, or waits"
EXPIRING = "what can expire and is available waits to be taken off the books"
LOW = "an agency was told that its pot is low where it is, and only there"

OF = "(SELECT id FROM transactions WHERE purpose = '{}' LIMIT 1)"


@pytest.mark.unsound("it is broken on purpose")
@pytest.mark.parametrize(
    ("harm", "rules"),
    [
        (f"DELETE FROM postings WHERE transaction_id = {OF.format('take_back')} AND line = 1", {NOT_ZERO, HELD, LOTS}),
        (f"DELETE FROM postings WHERE transaction_id = {OF.format('return')}", {NOT_ZERO, HELD, NOTES}),
        ("UPDATE holdings SET units = units + 1 WHERE units = 10", {HELD}),
        ("UPDATE holdings SET units = -1 WHERE units = 10", {HELD, BELOW}),
        ("DELETE FROM holdings WHERE units > 0", {HELD}),
        ("UPDATE lots SET units = units + 1 WHERE unit = 'sms'", {LOTS}),
        (f"UPDATE transactions SET purpose = 'purchase' WHERE id = {OF.format('expiry')}", {LOTS, SIDES}),
        (f"UPDATE transactions SET agency_id = 'agy_other' WHERE id = {OF.format('reservation')}", {SIDES}),
        (f"UPDATE transactions SET kind = 'sms' WHERE id = {OF.format('allocation')}", {SIDES}),
        ("UPDATE reservations SET state = 'pending' WHERE state = 'posted'", {RESERVED}),
        ("UPDATE reservations SET state = 'released' WHERE state = 'pending'", {RESERVED}),
        ("UPDATE credit_notes SET units = units - 1 WHERE state = 'returned'", {NOTES}),
        ("UPDATE credit_notes SET state = 'returned' WHERE state = 'waiting'", {NOTES}),
        ("UPDATE lots SET expires_at = now() WHERE unit = 'inbox_preview'", {EXPIRING}),
        ("UPDATE settings SET is_low = NOT is_low", {LOW}),
    ],
)
def test_each_rule_that_is_broken_on_purpose_is_named(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock, harm: str, rules: set[str]
) -> None:
    live(ledger, clock)
    constraints = "ALTER TABLE holdings DROP CONSTRAINT ck_holdings_never_below_zero"
    database.execute(f"{constraints}; SET session_replication_role = replica; {harm}")
    assert found(database) == rules


@pytest.fixture
def owned(templates: Templates) -> Iterator[ServiceDatabase]:
    """A database whose tables belong to a role that is nobody special, and work is done as that role."""
    database = templates.empty()
    above = database.url
    database.execute(f"CREATE ROLE {OWNER}")
    database.execute(f"GRANT ALL ON SCHEMA public TO {OWNER}")
    database.url = f"{above}{'&' if '?' in above else '?'}options=-c%20role%3D{OWNER}"
    migrations.upgrade(folder_of("credits"), database.url)
    yield database
    database.url = above
    database.execute(f"DROP OWNED BY {OWNER}; DROP ROLE {OWNER}")
    database.drop()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        *(
            (change.format(table), psycopg2.errors.InsufficientPrivilege)
            for table in ("postings", "transactions", "lots")
            for change in ("DELETE FROM {}", "TRUNCATE {} CASCADE")
        ),
        ("UPDATE postings SET units = units + 1", psycopg2.errors.InsufficientPrivilege),
        ("UPDATE transactions SET unit = 'USD'", psycopg2.errors.RestrictViolation),
        ("UPDATE lots SET units = units + 1", psycopg2.errors.RestrictViolation),
        ("SET session_replication_role = replica", psycopg2.errors.InsufficientPrivilege),
    ],
)
def test_not_even_the_owner_of_the_ledger_may_rewrite_it(
    owned: ServiceDatabase, clock: MovingClock, change: str, refusal: type[psycopg2.Error]
) -> None:
    live(Ledger(owned.units(clock)), clock)
    with closing(psycopg2.connect(owned.url)) as connection, connection.cursor() as cursor, pytest.raises(refusal):
        cursor.execute(change)
    assert audit.audit("credits", owned.url).findings == []


@pytest.mark.unsound("it is broken on purpose")
def test_the_audit_is_a_command_that_fails_where_something_is_wrong(ledger: Ledger, database: ServiceDatabase) -> None:
    ledger.buy(100)
    command = [sys.executable, "-W", "ignore", "-m", "credits", "audit"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "DATABASE_URL": database.url, "AMQP_URI": "amqp://nobody"}
    right = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (right.returncode, right.stdout) == (0, "credits: the books are right\n")
    database.execute("SET session_replication_role = replica; UPDATE holdings SET units = 99")
    (holding,) = database.query("SELECT lot_id, ledger_account_id FROM holdings")
    found = audit.audit_all({"credits": database.url}, patience_seconds=0)
    assert found == [f"credits: {HELD}: {holding['lot_id']} of {holding['ledger_account_id']}"]
