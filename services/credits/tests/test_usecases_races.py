"""Many at once, on a real database: nothing is overdrawn, nothing happens twice, nobody waits for ever."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Any, TypeVar

import pytest

from chassis.ids import new_id
from chassis.testing import ServiceDatabase, eventually
from chassis.unit_of_work import Units
from credits import errors
from credits.domain import Kind

from .factories import Ledger, eur
from .test_usecases_any_order import check_the_books

CALLERS = 8

T = TypeVar("T")


@pytest.fixture
def units(database: ServiceDatabase) -> Units:
    return database.units(pool_size=CALLERS)


def at_once(actions: Sequence[Callable[[], T]]) -> list[T]:
    """Begin all of them at the same moment; give what they answer, or raise what one raised."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], T]) -> T:
        barrier.wait(timeout=10)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_however_many_reserve_at_once_no_pot_is_overdrawn(ledger: Ledger, database: ServiceDatabase) -> None:
    accounts = [new_id("acc"), new_id("acc")]
    ledger.buy(900)
    for account_id in accounts:
        ledger.buy(200, account_id=account_id)

    def reserve_many(number: int) -> int:
        random = Random(number)
        wanted = [(random.choice([None, *accounts]), random.randint(1, 30)) for _ in range(25)]
        return sum(ledger.reserve(new_id("pay"), new_id("inv"), eur(amount), account_id=pot) for pot, amount in wanted)

    answers = at_once([partial(reserve_many, number) for number in range(CALLERS)])
    pots = [ledger.held(pot) for pot in (None, *accounts)]
    assert sum(answers) == sum(reserved for _, reserved in pots)
    assert [available + reserved for available, reserved in pots] == [900, 200, 200]
    assert pots[0] == (0, 900)
    check_the_books(database)


def test_reserving_spending_releasing_and_giving_back_at_once_loses_nothing(ledger: Ledger, database: ServiceDatabase) -> None:
    account_id = new_id("acc")
    ledger.buy(500)
    ledger.buy(100, account_id=account_id)

    def pay_many(number: int) -> int:
        random = Random(number)
        spent = 0
        for _ in range(12):
            payment_id, invoice_id, pot = new_id("pay"), new_id("inv"), random.choice([None, account_id])
            reserved = ledger.reserve(payment_id, invoice_id, eur(random.randint(1, 40)), account_id=pot)
            if random.random() < 0.4:
                ledger.failed(payment_id, invoice_id)
                continue
            ledger.paid(payment_id, invoice_id, reserved, account_id=pot)
            returned = random.randint(0, reserved)
            ledger.credited(new_id("cn"), invoice_id, returned)
            spent += reserved - returned
        return spent

    spent = at_once([partial(pay_many, number) for number in range(CALLERS)])
    pots = [ledger.held(), ledger.held(account_id)]
    assert [reserved for _, reserved in pots] == [0, 0]
    assert sum(available for available, _ in pots) == 600 - sum(spent)
    check_the_books(database)


def test_one_payment_asking_many_times_at_once_gets_one_answer(ledger: Ledger) -> None:
    ledger.buy(100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    assert at_once([partial(ledger.reserve, payment_id, invoice_id, eur(70))] * CALLERS) == [70] * CALLERS
    assert ledger.held() == (30, 70)


def test_a_payment_and_its_credit_note_arriving_at_once_both_have_their_effect(ledger: Ledger) -> None:
    ledger.buy(100)
    for _ in range(10):
        payment_id, invoice_id, credit_note_id = new_id("pay"), new_id("inv"), new_id("cn")
        ledger.reserve(payment_id, invoice_id, eur(70))
        paid = partial(ledger.paid, payment_id, invoice_id, 70)
        credited = partial(ledger.credited, credit_note_id, invoice_id, 70)
        at_once([paid, credited] * (CALLERS // 2))
        assert ledger.held() == (100, 0)


def test_one_purchase_told_many_times_at_once_is_one_lot(ledger: Ledger) -> None:
    invoice_id = new_id("inv")
    at_once([partial(ledger.buy, 100, invoice_id=invoice_id)] * CALLERS)
    assert ledger.lots() == [100]


def test_two_purchases_for_a_new_agency_at_once_share_its_ledger_accounts(ledger: Ledger, database: ServiceDatabase) -> None:
    at_once([partial(ledger.buy, 100)] * CALLERS)
    assert ledger.held() == (100 * CALLERS, 0)
    assert database.query("SELECT count(*) AS n FROM ledger_accounts") == [{"n": 4}]


def test_allocating_taking_back_spending_and_expiring_at_once_overdraws_nothing_and_loses_nothing(
    ledger: Ledger, database: ServiceDatabase, units: Units
) -> None:
    accounts = [ledger.open(), ledger.open()]
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    for expires_at in (None, soon, None):
        ledger.buy(200, kind=Kind.SMS, expires_at=expires_at)
    ledger.watch(100, kind=Kind.SMS)

    def try_to(action: Callable[[], object]) -> bool:
        try:
            action()
        except errors.NotEnoughCredits:
            return False
        return True

    def live(number: int) -> int:
        random = Random(number)
        spent = 0
        for _ in range(20):
            account_id, amount = random.choice(accounts), random.randint(1, 25)
            what = random.random()
            if what < 0.4:
                try_to(partial(ledger.allocate, account_id, amount, kind=Kind.SMS))
            elif what < 0.6:
                try_to(partial(ledger.allocate, account_id, -amount, kind=Kind.SMS))
            elif what < 0.9:
                spent += amount if try_to(partial(ledger.spend, account_id, amount)) else 0
            else:
                ledger.expire()
        return spent

    spent = sum(at_once([partial(live, number) for number in range(CALLERS)]))
    eventually(lambda: datetime.now(UTC) > soon)
    while ledger.expire():
        pass
    left = sum(ledger.held(pot, kind=Kind.SMS)[0] for pot in (None, *accounts))
    expired = sum(data["units"] for name, data in database.emitted() if name == "credits_expired")
    assert left + spent + expired == 600
    check_the_books(database)


def test_one_reference_told_many_times_at_once_is_one_spend(ledger: Ledger) -> None:
    account_id = ledger.open()
    ledger.buy(100, kind=Kind.SMS)
    ledger.allocate(account_id, 100, kind=Kind.SMS)
    answers = at_once([partial(ledger.spend, account_id, 30, reference="campaign 7")] * CALLERS)
    assert [answer == answers[0] for answer in answers] == [True] * CALLERS
    assert ledger.held(account_id, kind=Kind.SMS) == (70, 0)


def test_spends_of_one_pot_that_come_at_once_are_posted_together_each_under_its_own_reference(
    ledger: Ledger, database: ServiceDatabase
) -> None:
    account_id, spends = ledger.open(), 20
    soon = datetime.now(UTC) + timedelta(days=1)
    for expires_at in (None, soon):
        ledger.buy(30, kind=Kind.SMS, account_id=account_id, expires_at=expires_at)

    def spend_many(number: int) -> list[int]:
        left = []
        for each in range(spends):
            with suppress(errors.NotEnoughCredits):
                answer = ledger.spend_with_others(account_id, 1, reference=f"{number} {each}")
                left.append(answer["account_units"])
                assert ledger.spend_with_others(account_id, 1, reference=f"{number} {each}")["id"] == answer["id"]
        return left

    left = [units for each in at_once([partial(spend_many, number) for number in range(CALLERS)]) for units in each]
    assert sorted(left) == list(range(60))  # each answer says what its own spend left
    spent = [data for name, data in database.emitted() if name == "credits_spent"]
    assert len({data["reference"] for data in spent}) == len(spent) == 60
    first, last = (lot["lot_id"] for data in (spent[0], spent[-1]) for lot in data["lots"])
    assert [lot["lot_id"] for data in spent for lot in data["lots"]] == [first] * 30 + [last] * 30
    [row] = database.query("SELECT count(DISTINCT xmin::text) AS commits FROM transactions WHERE purpose = 'spending'")
    assert row["commits"] < 60
    check_the_books(database)


def test_one_reference_told_many_times_in_one_lot_is_one_spend(ledger: Ledger, database: ServiceDatabase) -> None:
    account_id = ledger.open()
    ledger.buy(100, kind=Kind.SMS, account_id=account_id)
    for number in range(10):
        units = [1] * (CALLERS - 1) + [2]
        spends = [partial(ledger.spend_with_others, account_id, each, reference=f"campaign {number}") for each in units]

        def try_to(spend: Callable[[], dict[str, Any]]) -> str | None:
            with suppress(errors.ReferenceReused):
                return str(spend()["id"])
            return None

        answers = at_once([partial(try_to, spend) for spend in spends])
        ids = {answer for answer in answers if answer is not None}
        assert len(ids) == 1
        assert answers.count(None) in {1, CALLERS - 1}  # it stands for whichever came first
    assert len([name for name, _ in database.emitted() if name == "credits_spent"]) == 10
    check_the_books(database)


def test_an_account_that_leaves_while_it_gets_credit_keeps_none(ledger: Ledger, database: ServiceDatabase, units: Units) -> None:
    ledger.buy(1000)
    for _ in range(10):
        account_id, other = ledger.open(), new_id("agy")
        ledger.allocate(account_id, 10)
        payment_id, invoice_id = new_id("pay"), new_id("inv")
        reserved = ledger.reserve(payment_id, invoice_id, eur(5), account_id=account_id)

        def allocate(account_id: str = account_id) -> None:
            with suppress(errors.AccountNotFound):
                ledger.allocate(account_id, 5)

        actions: list[Callable[[], object]] = [
            allocate,
            partial(ledger.transfer, account_id, other),
            partial(ledger.failed, payment_id, invoice_id),
            partial(ledger.buy, 7, account_id=account_id),
            partial(ledger.grant, new_id("cn"), account_id, 3),
            allocate,
        ]
        at_once(actions)
        assert (reserved, ledger.held(account_id)) == (5, (0, 0))
    assert ledger.held() == (1000 + 10 * 10, 0)
    check_the_books(database)


def test_a_pot_that_many_make_low_at_once_is_told_of_once(ledger: Ledger, database: ServiceDatabase) -> None:
    ledger.buy(100)
    ledger.watch(50, top_up_units=100)
    at_once([partial(ledger.reserve, new_id("pay"), new_id("inv"), eur(12)) for _ in range(CALLERS)])
    assert [name for name, _ in database.emitted()].count("balance_low") == 1


def test_an_attempt_that_follows_at_once_has_all_that_the_one_before_had(ledger: Ledger, database: ServiceDatabase) -> None:
    account_id = ledger.open()
    ledger.buy(100)
    ledger.buy(50, account_id=account_id)
    invoice_id, before = new_id("inv"), new_id("pay")
    ledger.reserve(before, invoice_id, eur(150), account_id=account_id)
    for _ in range(10):
        after = new_id("pay")
        retry = partial(ledger.reserve, after, invoice_id, eur(150), account_id=account_id, previous_payment_id=before)
        actions: list[Callable[[], object]] = [partial(ledger.failed, before, invoice_id), retry]
        at_once(actions)
        assert retry() == 150
        before = after
    check_the_books(database)
