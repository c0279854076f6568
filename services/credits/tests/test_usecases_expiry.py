"""Credit that nobody used in time, and pots that run low."""

from datetime import timedelta

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from credits import usecases
from credits.domain import Kind

from .factories import Ledger, eur
from .test_usecases_any_order import check_the_books


def data_of(database: ServiceDatabase, name: str) -> list[dict[str, object]]:
    return [data for emitted, data in database.emitted() if emitted == name]


def test_what_is_left_of_an_expired_lot_goes_off_the_books_in_every_pot(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock
) -> None:
    account_id, expires_at = ledger.open(), clock.now + timedelta(days=365)
    ledger.buy(100, kind=Kind.SMS, expires_at=expires_at)
    ledger.buy(5, kind=Kind.SMS)
    ledger.allocate(account_id, 60, kind=Kind.SMS)
    ledger.spend(account_id, 20)
    clock.advance(days=365, seconds=-1)
    assert ledger.expire() == 0
    clock.advance(seconds=1)
    assert (ledger.expire(), ledger.expire()) == (1, 0)
    assert (ledger.held(kind=Kind.SMS), ledger.held(account_id, kind=Kind.SMS)) == ((5, 0), (0, 0))
    told = data_of(database, "credits_expired")
    assert sorted((data["units"], data["account_id"] is None) for data in told) == [(40, False), (40, True)]
    assert {data["expired_at"] for data in told} == {expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    check_the_books(database)


def test_what_is_reserved_expires_only_when_its_payment_fails(ledger: Ledger, database: ServiceDatabase, clock: MovingClock) -> None:
    ledger.buy(100, expires_at=clock.now + timedelta(days=1))
    failing, paying, invoice_id = new_id("pay"), new_id("pay"), new_id("inv")
    ledger.reserve(failing, new_id("inv"), eur(30))
    ledger.reserve(paying, invoice_id, eur(40))
    clock.advance(days=1)
    assert (ledger.expire(), ledger.held()) == (1, (0, 70))
    ledger.paid(paying, invoice_id, 40)
    assert ledger.expire() == 0
    ledger.failed(failing, new_id("inv"))
    assert (ledger.expire(), ledger.held()) == (1, (0, 0))
    ledger.credited(new_id("cn"), invoice_id, 15)
    assert (ledger.expire(), ledger.held()) == (1, (0, 0))
    assert [data["units"] for data in data_of(database, "credits_expired")] == [30, 30, 15]
    check_the_books(database)


def test_expired_lots_are_taken_in_batches(ledger: Ledger, clock: MovingClock) -> None:
    for _ in range(5):
        ledger.buy(10, expires_at=clock.now + timedelta(days=1))
    clock.advance(days=2)
    assert [ledger.expire(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert ledger.held() == (0, 0)


def test_credit_expires_in_the_time_of_its_agency(ledger: Ledger, units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    other = Ledger(units)
    for each in (ledger, other):
        each.buy(10, expires_at=clock.now + timedelta(days=30))
    database.execute("INSERT INTO agency_clocks (agency_id, now) VALUES (%s, %s)", other.agency_id, clock.now + timedelta(days=31))
    assert ledger.expire() == 1
    assert (ledger.held(), other.held()) == ((10, 0), (0, 0))


# --- pots that run low ------------------------------------------------------------------------------------------------------------------


def test_an_agency_hears_once_that_its_pot_is_low_until_it_was_filled_up_again(ledger: Ledger, database: ServiceDatabase) -> None:
    account_id = ledger.open()
    ledger.buy(100, kind=Kind.SMS)
    ledger.watch(50, kind=Kind.SMS, top_up_units=200)
    ledger.allocate(account_id, 49, kind=Kind.SMS)
    assert data_of(database, "balance_low") == []
    ledger.allocate(account_id, 1, kind=Kind.SMS)
    ledger.allocate(account_id, 10, kind=Kind.SMS)
    low = {"kind": "sms", "threshold": 50, "currency": None, "top_up": {"units": 200}}
    assert data_of(database, "balance_low") == [{**low, "units": 50}]
    ledger.buy(200, kind=Kind.SMS)
    ledger.allocate(account_id, 200, kind=Kind.SMS)
    assert data_of(database, "balance_low") == [{**low, "units": 50}, {**low, "units": 40}]


def test_a_reservation_and_an_expiry_make_a_pot_low_too(ledger: Ledger, database: ServiceDatabase, clock: MovingClock) -> None:
    ledger.buy(100, expires_at=clock.now + timedelta(days=1))
    ledger.watch(50)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    ledger.reserve(payment_id, invoice_id, eur(60))
    ledger.failed(payment_id, invoice_id)
    clock.advance(days=1)
    ledger.expire()
    assert [data["units"] for data in data_of(database, "balance_low")] == [40, 0]
    assert data_of(database, "balance_low")[0]["top_up"] is None


def test_a_pot_is_not_filled_up_by_what_the_next_attempt_takes_over(ledger: Ledger, database: ServiceDatabase, clock: MovingClock) -> None:
    ledger.buy(100, expires_at=clock.now + timedelta(days=1))
    ledger.watch(50)
    first, second, third, invoice_id = new_id("pay"), new_id("pay"), new_id("pay"), new_id("inv")
    ledger.reserve(first, invoice_id, eur(60))
    ledger.reserve(second, invoice_id, eur(60), previous_payment_id=first)
    assert [data["units"] for data in data_of(database, "balance_low")] == [40]
    ledger.watch(30)
    clock.advance(days=1)
    assert ledger.reserve(third, invoice_id, eur(60), previous_payment_id=second) == 0
    assert [data["units"] for data in data_of(database, "balance_low")] == [40]
    ledger.expire()
    assert [data["units"] for data in data_of(database, "balance_low")] == [40, 0]
    check_the_books(database)


def test_what_an_account_has_does_not_make_the_agencys_pot_low(ledger: Ledger, database: ServiceDatabase) -> None:
    account_id = ledger.open()
    ledger.buy(100)
    ledger.buy(100, account_id=account_id)
    ledger.watch(50)
    ledger.reserve(new_id("pay"), new_id("inv"), eur(100), account_id=account_id)
    assert data_of(database, "balance_low") == []


def test_a_threshold_above_what_is_there_is_told_of_at_once_and_once(ledger: Ledger, database: ServiceDatabase) -> None:
    assert ledger.watch(50) == {"kind": Kind.PREPAID, "currency": "EUR", "threshold": 50, "top_up": None, "is_low": True}
    assert ledger.watch(80)["is_low"]
    assert len(data_of(database, "balance_low")) == 1
    assert ledger.watch(None) == {"kind": Kind.PREPAID, "currency": "EUR", "threshold": None, "top_up": None, "is_low": False}
    ledger.buy(100)
    assert not ledger.watch(80)["is_low"]


def test_nothing_is_set_until_it_is(ledger: Ledger, units: Units) -> None:

    with units.reading() as session:
        shown = usecases.settings(session, agency_id=ledger.agency_id, kind=Kind.SMS)
    assert shown == {"kind": Kind.SMS, "currency": None, "threshold": None, "top_up": None, "is_low": False}
    ledger.watch(5, kind=Kind.SMS, top_up_units=100)
    with units.reading() as session:
        shown = usecases.settings(session, agency_id=ledger.agency_id, kind=Kind.SMS)
    assert (shown["threshold"], shown["top_up"]) == (5, {"units": 100})


def test_another_currency_is_another_pot_to_watch(ledger: Ledger, units: Units, database: ServiceDatabase) -> None:

    ledger.watch(50)
    ledger.buy(100, currency="USD")
    with units.begin() as uow:
        usecases.change_settings(uow, agency_id=ledger.agency_id, kind=Kind.PREPAID, currency="USD", threshold=100, top_up=None)
    assert [(data["currency"], data["units"]) for data in data_of(database, "balance_low")] == [("EUR", 0), ("USD", 100)]
