"""The ledger's stories: buying, reserving, spending, releasing, giving back, in any order and more than once."""

from datetime import timedelta

import pytest

from chassis.errors import InvalidCursor
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from credits import errors, usecases
from credits.domain import Kind

from .factories import Ledger, eur


@pytest.fixture
def account_id() -> str:
    return new_id("acc")


@pytest.fixture
def payment_id() -> str:
    return new_id("pay")


@pytest.fixture
def invoice_id() -> str:
    return new_id("inv")


# --- buying ---------------------------------------------------------------------------------------------------------------------------


def test_credit_that_was_bought_is_a_lot_of_the_agency_and_told(ledger: Ledger, database: ServiceDatabase, clock: MovingClock) -> None:
    invoice_id = ledger.buy(5000)
    (lot,) = ledger.balance()["lots"]
    assert (lot.units_left, lot.account_id, lot.purchased_at, lot.expires_at) == (5000, None, clock.now, None)
    transaction_id = database.query("SELECT id FROM transactions")[0]["id"]
    assert database.emitted() == [
        (
            "credits_purchased",
            {
                "transaction_id": transaction_id,
                "invoice_id": invoice_id,
                "kind": "prepaid",
                "units": 5000,
                "currency": "EUR",
                "account_id": None,
            },
        )
    ]


def test_credit_bought_for_one_account_is_that_accounts_alone(ledger: Ledger, account_id: str) -> None:
    """R0.105."""
    ledger.buy(5000, account_id=account_id)
    assert ledger.held(account_id) == (5000, 0)
    assert ledger.held() == (0, 0)
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(100), account_id=new_id("acc")) == 0


def test_one_paid_invoice_is_one_lot_however_often_it_is_told(ledger: Ledger, database: ServiceDatabase, invoice_id: str) -> None:
    ledger.buy(5000, invoice_id=invoice_id)
    ledger.buy(5000, invoice_id=invoice_id)
    assert ledger.held() == (5000, 0)
    assert len(database.emitted()) == 1


def test_sms_credit_is_counted_in_pieces_and_is_no_money(ledger: Ledger) -> None:
    ledger.buy(200, kind=Kind.SMS)
    answer = ledger.balance(kind=Kind.SMS)
    assert (answer["units"], answer["balance"]) == (200, None)
    assert ledger.held() == (0, 0)


# --- reserving ------------------------------------------------------------------------------------------------------------------------


def test_the_accounts_own_prepaid_is_reserved_before_the_agencys(ledger: Ledger, account_id: str) -> None:
    """R0.105."""
    ledger.buy(100)
    ledger.buy(30, account_id=account_id)
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(50), account_id=account_id) == 50
    assert ledger.held(account_id) == (0, 30)
    assert ledger.held() == (80, 20)


def test_no_more_is_reserved_than_there_is(ledger: Ledger) -> None:
    ledger.buy(100)
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(130)) == 100
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(1)) == 0


def test_prepaid_in_another_currency_is_not_reserved(ledger: Ledger) -> None:
    ledger.buy(100, currency="USD")
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(50)) == 0


def test_a_payment_gets_the_same_answer_however_often_it_asks(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    ledger.buy(40)
    assert [ledger.reserve(payment_id, invoice_id, eur(70)) for _ in range(2)] == [40, 40]
    ledger.buy(100)
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 40
    assert ledger.held() == (100, 40)


def test_a_payment_that_found_nothing_finds_nothing_later(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0
    ledger.buy(100)
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0


@pytest.mark.unsound("it makes lots expire that did not when they came")
def test_the_lot_that_expires_first_is_spent_first_and_an_expired_one_not_at_all(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock, payment_id: str, invoice_id: str
) -> None:
    expiries = {ledger.buy(units): units for units in (10, 20, 30)}
    database.execute("ALTER TABLE lots DISABLE TRIGGER append_only")
    for bought, units in expiries.items():
        expires_at = clock.now + timedelta(days=30 - units) if units > 10 else None
        database.execute("UPDATE lots SET expires_at = %s WHERE invoice_id = %s", expires_at, bought)
    assert ledger.reserve(payment_id, invoice_id, eur(60)) == 30
    rows = database.query(
        "SELECT lots.units FROM transactions JOIN postings ON transaction_id = transactions.id JOIN lots ON lots.id = lot_id"
        " WHERE purpose = 'reservation' ORDER BY line"
    )
    assert [row["units"] for row in rows] == [20, 20, 10, 10]


# --- the outcome of a payment ---------------------------------------------------------------------------------------------------------


def test_what_was_reserved_is_spent_when_the_invoice_is_paid_and_the_lots_are_named(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock, account_id: str, payment_id: str, invoice_id: str
) -> None:
    bought = [ledger.buy(30, account_id=account_id), ledger.buy(15)]
    clock.advance(days=1)
    bought.append(ledger.buy(100))
    ledger.reserve(payment_id, invoice_id, eur(50), account_id=account_id)
    ledger.paid(payment_id, invoice_id, 50, account_id=account_id)
    ledger.paid(payment_id, invoice_id, 50, account_id=account_id)
    assert ledger.held(account_id) == (0, 0)
    assert ledger.held() == (95, 0)
    lots = {row["invoice_id"]: row["id"] for row in database.query("SELECT invoice_id, id FROM lots")}
    transaction_id = database.query("SELECT id FROM transactions WHERE purpose = 'spending'")[0]["id"]
    assert [fact for fact in database.emitted() if fact[0] == "credits_spent"] == [
        (
            "credits_spent",
            {
                "transaction_id": transaction_id,
                "payment_id": payment_id,
                "invoice_id": invoice_id,
                "kind": "prepaid",
                "units": 50,
                "currency": "EUR",
                "account_id": account_id,
                "lots": [
                    {"lot_id": lots[bought[0]], "units": 30},
                    {"lot_id": lots[bought[1]], "units": 15},
                    {"lot_id": lots[bought[2]], "units": 5},
                ],
            },
        )
    ]


def test_an_invoice_paid_by_card_alone_moves_no_credit(ledger: Ledger, database: ServiceDatabase, payment_id: str, invoice_id: str) -> None:
    ledger.reserve(payment_id, invoice_id, eur(50))
    ledger.paid(payment_id, invoice_id, 0)
    assert database.query("SELECT * FROM transactions") == []
    assert database.emitted() == []


def test_what_was_reserved_is_available_again_when_the_payment_failed(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(70))
    ledger.failed(payment_id, invoice_id)
    ledger.failed(payment_id, invoice_id)
    assert ledger.held() == (100, 0)
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0


def test_a_payment_that_failed_before_it_asked_gets_nothing(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    ledger.buy(100)
    ledger.failed(payment_id, invoice_id)
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0
    assert ledger.held() == (100, 0)


def test_a_payment_that_succeeded_before_it_asked_gets_nothing(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    ledger.buy(100)
    ledger.paid(payment_id, invoice_id, 0)
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0


@pytest.mark.parametrize("hears_first", [True, False])
def test_a_further_attempt_has_what_the_one_before_had_whether_its_failure_was_heard_of_yet_or_not(
    ledger: Ledger, account_id: str, payment_id: str, invoice_id: str, hears_first: bool
) -> None:
    """R0.104."""
    ledger.buy(30, account_id=account_id)
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(120), account_id=account_id)
    if hears_first:
        ledger.failed(payment_id, invoice_id)
    again = new_id("pay")
    for _ in range(2):
        assert ledger.reserve(again, invoice_id, eur(120), account_id=account_id, previous_payment_id=payment_id) == 120
    ledger.failed(payment_id, invoice_id)
    assert ledger.reserve(payment_id, invoice_id, eur(120), account_id=account_id) == 0
    assert (ledger.held(account_id), ledger.held()) == ((0, 30), (10, 90))
    ledger.paid(again, invoice_id, 120, account_id=account_id)
    assert (ledger.held(account_id), ledger.held()) == ((0, 0), (10, 0))


def test_a_further_attempt_takes_nothing_over_from_one_that_never_asked_and_none_from_one_that_paid(
    ledger: Ledger, payment_id: str, invoice_id: str
) -> None:
    ledger.buy(100)
    assert ledger.reserve(new_id("pay"), invoice_id, eur(70), previous_payment_id=payment_id) == 70
    assert ledger.reserve(payment_id, invoice_id, eur(70)) == 0
    ledger.paid(paid_by := new_id("pay"), new_id("inv"), 0)
    with pytest.raises(errors.ReservationSettledOtherwise):
        ledger.reserve(new_id("pay"), invoice_id, eur(70), previous_payment_id=paid_by)
    assert ledger.held() == (30, 70)


def test_a_payment_cannot_both_fail_and_succeed(ledger: Ledger, payment_id: str, invoice_id: str) -> None:
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(70))
    ledger.paid(payment_id, invoice_id, 70)
    with pytest.raises(errors.ReservationSettledOtherwise):
        ledger.failed(payment_id, invoice_id)
    assert ledger.held() == (30, 0)


@pytest.mark.parametrize("paid_minor", [69, 71, 0])
def test_a_payment_that_used_another_amount_than_was_reserved_changes_nothing(
    ledger: Ledger, payment_id: str, invoice_id: str, paid_minor: int
) -> None:
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(70))
    with pytest.raises(errors.PrepaidDiffers):
        ledger.paid(payment_id, invoice_id, paid_minor)
    assert ledger.held() == (30, 70)


# --- giving back ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def spent(ledger: Ledger, account_id: str, payment_id: str, invoice_id: str) -> Ledger:
    """30 of the account's own and 20 of the agency's 100 are spent."""
    ledger.buy(30, account_id=account_id)
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(50), account_id=account_id)
    ledger.paid(payment_id, invoice_id, 50, account_id=account_id)
    return ledger


def test_a_credit_note_gives_prepaid_back_where_it_came_from(spent: Ledger, account_id: str, invoice_id: str) -> None:
    credit_note_id = new_id("cn")
    spent.credited(credit_note_id, invoice_id, 50)
    spent.credited(credit_note_id, invoice_id, 50)
    assert spent.held(account_id) == (30, 0)
    assert spent.held() == (100, 0)
    assert spent.lots() == [100]


def test_a_credit_note_for_a_part_gives_back_what_was_taken_last(spent: Ledger, account_id: str, invoice_id: str) -> None:
    spent.credited(new_id("cn"), invoice_id, 25)
    assert (spent.held(account_id), spent.held()) == ((5, 0), (100, 0))
    spent.credited(new_id("cn"), invoice_id, 25)
    assert (spent.held(account_id), spent.held()) == ((30, 0), (100, 0))


def test_a_credit_note_that_came_too_early_gives_back_when_the_invoice_is_paid(
    ledger: Ledger, database: ServiceDatabase, payment_id: str, invoice_id: str
) -> None:
    ledger.credited(new_id("cn"), invoice_id, 40)
    ledger.buy(100)
    ledger.reserve(payment_id, invoice_id, eur(70))
    ledger.credited(new_id("cn"), invoice_id, 30)
    assert ledger.held() == (30, 70)
    ledger.paid(payment_id, invoice_id, 70)
    assert ledger.held() == (100, 0)
    assert [name for name, _ in database.emitted()] == ["credits_purchased", "credits_spent"]


def test_credit_notes_never_give_back_more_than_was_spent(spent: Ledger, database: ServiceDatabase, invoice_id: str) -> None:
    spent.credited(new_id("cn"), invoice_id, 30)
    spent.credited(new_id("cn"), invoice_id, 30)
    assert [row["state"] for row in database.query("SELECT state FROM credit_notes ORDER BY id")] == ["returned", "waiting"]


def test_a_credit_note_without_prepaid_leaves_no_trace(spent: Ledger, database: ServiceDatabase, invoice_id: str) -> None:
    spent.credited(new_id("cn"), invoice_id, 0)
    assert database.query("SELECT * FROM credit_notes") == []


# --- balance and history --------------------------------------------------------------------------------------------------------------


def test_a_balance_is_money_in_its_currency_also_when_all_is_spent(ledger: Ledger) -> None:
    ledger.buy(100)
    ledger.reserve(new_id("pay"), new_id("inv"), eur(100))
    answer = ledger.balance()
    assert (answer["balance"], answer["units"], answer["reserved"], answer["lots"]) == (eur(0), 0, 100, [])


def test_who_never_bought_anything_has_nothing(ledger: Ledger) -> None:
    assert ledger.balance() == {"kind": Kind.PREPAID, "balance": None, "units": 0, "reserved": 0, "lots": []}
    assert ledger.balance(currency="EUR")["balance"] == eur(0)


def test_with_prepaid_in_two_currencies_one_must_be_named(ledger: Ledger) -> None:
    ledger.buy(100)
    ledger.buy(200, currency="USD")
    with pytest.raises(errors.CurrencyNeeded, match="EUR, USD"):
        ledger.balance()
    assert ledger.balance(currency="USD")["units"] == 200


def test_the_history_is_listed_newest_first_page_by_page(spent: Ledger, units: Units) -> None:
    seen, cursor = [], None
    with units.reading() as session:
        for total in (4, 4, 4):
            page = usecases.transactions(session, agency_id=spent.agency_id, kind=Kind.PREPAID, limit=2, cursor=cursor)
            assert page.total == total
            seen += [(row["purpose"], row["units"], row["currency"]) for row in page.data]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == [("spending", 50, "EUR"), ("reservation", 50, "EUR"), ("purchase", 100, "EUR"), ("purchase", 30, "EUR")]


def test_the_history_shows_both_sides_of_every_movement(spent: Ledger, units: Units, account_id: str) -> None:
    with units.reading() as session:
        page = usecases.transactions(session, agency_id=spent.agency_id, kind=Kind.PREPAID, limit=1, cursor=None)
    sides = [(posting.account_id, posting.purpose, posting.units) for posting in page.data[0]["postings"]]
    assert sides == [(account_id, "reserved", -30), (account_id, "spent", 30), (None, "reserved", -20), (None, "spent", 20)]


def test_nobody_sees_the_history_or_the_balance_of_another_agency(spent: Ledger, units: Units, account_id: str) -> None:
    stranger = Ledger(units)
    assert stranger.balance()["units"] == 0
    assert stranger.balance(account_id)["units"] == 0
    assert stranger.reserve(new_id("pay"), new_id("inv"), eur(10), account_id=account_id) == 0
    with units.reading() as session:
        page = usecases.transactions(session, agency_id=stranger.agency_id, kind=Kind.PREPAID, limit=50, cursor=None)
    assert (page.data, page.total) == ([], 0)


def test_a_cursor_that_no_list_gave_out_is_refused(ledger: Ledger, units: Units) -> None:
    with units.reading() as session, pytest.raises(InvalidCursor):
        usecases.transactions(session, agency_id=ledger.agency_id, kind=Kind.PREPAID, limit=50, cursor="?")
