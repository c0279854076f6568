"""Credit that agencies hand to their accounts, what accounts spend, and what becomes of it when an account leaves."""

from datetime import timedelta

import pytest

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from credits import errors, usecases
from credits.domain import Kind, status_after

from .factories import Ledger, eur
from .test_usecases_any_order import check_the_books

KINDS = list(Kind)


@pytest.fixture
def account_id(ledger: Ledger) -> str:
    return ledger.open()


def data_of(database: ServiceDatabase, name: str) -> list[dict[str, object]]:
    return [data for emitted, data in database.emitted() if emitted == name]


@pytest.mark.parametrize("kind", KINDS)
def test_credit_of_every_kind_is_allocated_to_an_account_and_taken_back(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock, account_id: str, kind: Kind
) -> None:
    """R0.101, R0.102, R0.111."""
    ledger.buy(100, kind=kind)
    made = ledger.allocate(account_id, 60, kind=kind)
    assert (made["units"], made["agency_units"], made["account_units"]) == (60, 40, 60)
    assert (ledger.held(kind=kind), ledger.held(account_id, kind=kind)) == ((40, 0), (60, 0))
    taken = ledger.allocate(account_id, -25, kind=kind)
    assert (taken["units"], taken["agency_units"], taken["account_units"]) == (-25, 65, 35)
    assert (ledger.held(kind=kind), ledger.held(account_id, kind=kind)) == ((65, 0), (35, 0))
    names = [name for name, _ in database.emitted()]
    assert names == ["credits_purchased", "credits_allocated", "credits_taken_back"]
    (told,) = data_of(database, "credits_taken_back")
    assert (told["transaction_id"], told["units"], told["account_id"]) == (taken["id"], 25, account_id)
    check_the_books(database)


def test_what_expires_first_is_allocated_first_and_taken_back_first(ledger: Ledger, clock: MovingClock, account_id: str) -> None:
    ledger.buy(10, kind=Kind.SMS)
    ledger.buy(20, kind=Kind.SMS, expires_at=clock.now + timedelta(days=30))
    ledger.allocate(account_id, 25, kind=Kind.SMS)
    assert ledger.lots(account_id, kind=Kind.SMS) == [20, 5]
    ledger.allocate(account_id, -22, kind=Kind.SMS)
    assert (ledger.lots(kind=Kind.SMS), ledger.lots(account_id, kind=Kind.SMS)) == ([20, 7], [3])


def test_only_what_is_unspent_is_taken_back(ledger: Ledger, account_id: str) -> None:
    ledger.buy(100, kind=Kind.SMS)
    ledger.allocate(account_id, 60, kind=Kind.SMS)
    ledger.spend(account_id, 45)
    with pytest.raises(errors.NotEnoughCredits, match="There are 15 unspent units, not 16") as refused:
        ledger.allocate(account_id, -16, kind=Kind.SMS)
    assert refused.value.details == {"wanted": 16, "available": 15}
    ledger.allocate(account_id, -15, kind=Kind.SMS)
    assert ledger.held(kind=Kind.SMS) == (55, 0)


def test_what_is_reserved_for_a_payment_is_not_taken_back(ledger: Ledger, account_id: str) -> None:
    ledger.buy(100)
    ledger.allocate(account_id, 60)
    ledger.reserve(new_id("pay"), new_id("inv"), eur(50), account_id=account_id)
    with pytest.raises(errors.NotEnoughCredits):
        ledger.allocate(account_id, -11)
    ledger.allocate(account_id, -10)
    assert (ledger.held(), ledger.held(account_id)) == ((50, 0), (0, 50))


def test_no_more_is_allocated_than_the_agency_has(ledger: Ledger, account_id: str) -> None:
    with pytest.raises(errors.CurrencyNeeded, match="Prepaid is held in no currency yet"):
        ledger.allocate(account_id, 1)
    with pytest.raises(errors.NotEnoughCredits):
        ledger.allocate(account_id, 1, currency="EUR")
    with pytest.raises(errors.NotEnoughCredits):
        ledger.allocate(account_id, 1, kind=Kind.SMS)
    ledger.buy(10)
    with pytest.raises(errors.NotEnoughCredits):
        ledger.allocate(account_id, 11)


def test_prepaid_of_several_currencies_is_allocated_by_currency(ledger: Ledger, account_id: str) -> None:
    ledger.buy(10)
    ledger.buy(20, currency="USD")
    with pytest.raises(errors.CurrencyNeeded):
        ledger.allocate(account_id, 5)
    assert ledger.allocate(account_id, 5, currency="USD")["agency_units"] == 15


def test_sms_needs_the_add_on_and_never_goes_to_starter(ledger: Ledger, units: Units, clock: MovingClock) -> None:
    """R0.108."""
    ledger.buy(100, kind=Kind.SMS)
    ledger.buy(100, kind=Kind.INBOX_PREVIEW)
    without, starter = ledger.open(add_ons=()), ledger.open(plan="Starter", add_ons=["sms"])
    for account_id, plan in ((without, "Plus"), (starter, "Starter")):
        with pytest.raises(errors.SmsNotOnPlan, match=f"The account is on {plan} without the SMS add-on"):
            ledger.allocate(account_id, 1, kind=Kind.SMS)
        ledger.allocate(account_id, 1, kind=Kind.INBOX_PREVIEW)
    with units.begin() as uow:
        usecases.note_plan(uow, agency_id=ledger.agency_id, account_id=without, plan="Plus", add_ons=["sms"], as_of=uow.now)
    ledger.allocate(without, 1, kind=Kind.SMS)


def test_an_account_that_lost_the_add_on_spends_no_sms_and_gives_back_what_it_has(ledger: Ledger, units: Units, account_id: str) -> None:
    ledger.buy(100, kind=Kind.SMS)
    ledger.allocate(account_id, 60, kind=Kind.SMS)
    with units.begin() as uow:
        usecases.note_plan(uow, agency_id=ledger.agency_id, account_id=account_id, plan="Plus", add_ons=[], as_of=uow.now)
    with pytest.raises(errors.SmsNotOnPlan):
        ledger.spend(account_id, 1)
    ledger.allocate(account_id, -60, kind=Kind.SMS)
    assert ledger.held(kind=Kind.SMS) == (100, 0)


@pytest.mark.parametrize("status", ["failed", "expired", "archived"])
def test_an_account_that_ended_gets_nothing_and_gives_back_what_it_has(ledger: Ledger, account_id: str, status: str) -> None:
    ledger.buy(100)
    ledger.allocate(account_id, 60)
    ledger.told(account_id, f"account_{status}")
    with pytest.raises(errors.AccountNotUsable, match=f"The account is {status}"):
        ledger.allocate(account_id, 1)
    ledger.allocate(account_id, -60)
    assert ledger.held() == (100, 0)


def test_a_disabled_account_keeps_its_credit_and_is_given_more_but_spends_none_until_it_is_enabled(
    ledger: Ledger, clock: MovingClock, account_id: str
) -> None:
    """R0.60: its fees are paid all the same."""
    for kind in (Kind.PREPAID, Kind.SMS):
        ledger.buy(100, kind=kind)
        ledger.allocate(account_id, 60, kind=kind)
    ledger.told(account_id, "account_disabled")
    ledger.allocate(account_id, 10, kind=Kind.SMS)
    with pytest.raises(errors.AccountDisabled):
        ledger.spend(account_id, 1)
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(50), account_id=account_id) == 50
    ledger.allocate(account_id, -20, kind=Kind.SMS)
    clock.advance(seconds=1)
    ledger.told(account_id, "account_enabled")
    ledger.spend(account_id, 50)
    assert ledger.held(account_id, kind=Kind.SMS) == (0, 0)


def test_a_cancelled_account_spends_until_it_expires_whatever_comes_first(ledger: Ledger, account_id: str) -> None:
    ledger.buy(100, kind=Kind.SMS)
    ledger.allocate(account_id, 60, kind=Kind.SMS)
    ledger.told(account_id, "account_cancelled")
    ledger.spend(account_id, 1)
    for fact in ("account_expired", "account_cancelled"):  # at one moment: what is cancelled in its last one expires in it
        ledger.told(account_id, fact)
    with pytest.raises(errors.AccountNotUsable, match="The account is expired"):
        ledger.spend(account_id, 1)
    ledger.told(account_id, "account_renewed")
    ledger.spend(account_id, 1)


@pytest.mark.parametrize(
    ("fact", "told", "status"),
    [
        ("account_renewed", None, "open"),
        ("account_renewed", "disabled", "disabled"),
        ("cancellation_undone", "active", "open"),
        ("account_disabled", None, "disabled"),
        ("account_disabled", "cancelled", "cancelled"),
        ("account_archived", None, "archived"),
    ],
)
def test_where_an_account_is_follows_from_the_fact_or_is_said_by_it(fact: str, told: str | None, status: str) -> None:
    assert status_after(fact, told) == status


def test_accounts_of_others_and_unheard_ones_are_not_found(ledger: Ledger, units: Units, account_id: str) -> None:
    ledger.buy(10)
    other, unheard, not_yet_open = Ledger(units).open(), new_id("acc"), new_id("acc")
    with units.begin() as uow:
        usecases.note_plan(uow, agency_id=ledger.agency_id, account_id=not_yet_open, plan="Plus", add_ons=[], as_of=uow.now)
    for wanted in (other, unheard, not_yet_open):
        with pytest.raises(errors.AccountNotFound):
            ledger.allocate(wanted, 1)
    for wanted in (other, unheard):
        with pytest.raises(errors.AccountNotFound):
            ledger.allocate(wanted, -1)
        with pytest.raises(errors.AccountNotFound):
            ledger.spend(wanted, 1, kind=Kind.INBOX_PREVIEW)


# --- spending ---------------------------------------------------------------------------------------------------------------------------


def test_a_spend_names_its_lots_and_the_earliest_to_expire_goes_first(
    ledger: Ledger, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    ledger.buy(10, kind=Kind.INBOX_PREVIEW)
    ledger.buy(5, kind=Kind.INBOX_PREVIEW, expires_at=clock.now + timedelta(days=1))
    ledger.allocate(account_id, 15, kind=Kind.INBOX_PREVIEW)
    spent = ledger.spend(account_id, 7, kind=Kind.INBOX_PREVIEW, reference="campaign 7")
    assert ([part.units for part in spent["lots"]], spent["account_units"]) == ([5, 2], 8)
    (told,) = data_of(database, "credits_spent")
    assert (told["payment_id"], told["invoice_id"], told["reference"], told["units"]) == (None, None, "campaign 7", 7)
    assert told["lots"] == [{"lot_id": part.lot_id, "units": part.units} for part in spent["lots"]]
    check_the_books(database)


def test_a_reference_is_one_spend_however_often_it_is_told(ledger: Ledger, database: ServiceDatabase, account_id: str) -> None:
    ledger.buy(10, kind=Kind.SMS)
    ledger.allocate(account_id, 10, kind=Kind.SMS)
    answers = [ledger.spend(account_id, 7, reference="campaign 7") for _ in range(3)]
    assert [answer == answers[0] for answer in answers] == [True] * 3
    assert ledger.held(account_id, kind=Kind.SMS) == (3, 0)
    assert len(data_of(database, "credits_spent")) == 1
    with pytest.raises(errors.ReferenceReused):
        ledger.spend(account_id, 1, reference="campaign 7")
    with pytest.raises(errors.ReferenceReused):
        ledger.spend(ledger.open(), 7, reference="campaign 7")


def test_an_account_spends_its_own_credit_and_never_the_agencys(ledger: Ledger, account_id: str) -> None:
    ledger.buy(100, kind=Kind.SMS)
    with pytest.raises(errors.NotEnoughCredits):
        ledger.spend(account_id, 1)
    assert ledger.held(kind=Kind.SMS) == (100, 0)


# --- grants -----------------------------------------------------------------------------------------------------------------------------


def test_what_a_credit_note_grants_is_prepaid_of_the_account_once(ledger: Ledger, database: ServiceDatabase, account_id: str) -> None:
    note_id = new_id("cn")
    for _ in range(2):
        ledger.grant(note_id, account_id, 1250)
    assert (ledger.held(account_id), ledger.held()) == ((1250, 0), (0, 0))
    (told,) = data_of(database, "credits_granted")
    assert (told["credit_note_id"], told["units"], told["currency"], told["account_id"]) == (note_id, 1250, "EUR", account_id)
    assert ledger.reserve(new_id("pay"), new_id("inv"), eur(2000), account_id=account_id) == 1250


def test_a_credit_note_that_gives_back_and_grants_does_both(ledger: Ledger, account_id: str) -> None:
    ledger.buy(100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    ledger.reserve(payment_id, invoice_id, eur(70), account_id=account_id)
    ledger.paid(payment_id, invoice_id, 70, account_id=account_id)
    ledger.noted(new_id("cn"), invoice_id, prepaid_minor=30, granted_minor=20, account_id=account_id)
    assert (ledger.held(), ledger.held(account_id)) == ((60, 0), (20, 0))


# --- accounts that change hands ---------------------------------------------------------------------------------------------------------


def test_what_an_account_has_left_goes_back_to_the_agency_it_leaves(
    ledger: Ledger, database: ServiceDatabase, units: Units, account_id: str
) -> None:
    """R0.56."""
    ledger.buy(100)
    ledger.buy(50, kind=Kind.SMS)
    ledger.allocate(account_id, 60)
    ledger.allocate(account_id, 50, kind=Kind.SMS)
    ledger.spend(account_id, 20)
    new = Ledger(units)
    for _ in range(2):
        ledger.transfer(account_id, new.agency_id)
    assert (ledger.held(), ledger.held(kind=Kind.SMS)) == ((100, 0), (30, 0))
    assert (ledger.held(account_id), ledger.held(account_id, kind=Kind.SMS)) == ((0, 0), (0, 0))
    assert [data["units"] for data in data_of(database, "credits_taken_back")] == [60, 30]
    with pytest.raises(errors.AccountNotFound):
        ledger.allocate(account_id, 1)
    new.buy(5)
    new.allocate(account_id, 5)
    check_the_books(database)


def test_what_comes_back_to_an_account_that_left_goes_to_the_agency_it_was_from(ledger: Ledger, units: Units, account_id: str) -> None:
    ledger.buy(100, account_id=account_id)
    failing, paying, invoice_id = new_id("pay"), new_id("pay"), new_id("inv")
    ledger.reserve(failing, new_id("inv"), eur(30), account_id=account_id)
    ledger.reserve(paying, invoice_id, eur(40), account_id=account_id)
    ledger.transfer(account_id, new_id("agy"))
    assert (ledger.held(), ledger.held(account_id)) == ((30, 0), (0, 70))
    ledger.failed(failing, new_id("inv"))
    ledger.paid(paying, invoice_id, 40, account_id=account_id)
    ledger.credited(new_id("cn"), invoice_id, 15)
    ledger.buy(7, account_id=account_id)
    ledger.grant(new_id("cn"), account_id, 3)
    assert (ledger.held(), ledger.held(account_id)) == ((30 + 30 + 15 + 7 + 3, 0), (0, 0))


def test_what_is_known_of_an_account_is_the_newest_in_whatever_order_it_is_told(ledger: Ledger, units: Units, clock: MovingClock) -> None:
    ledger.buy(10, kind=Kind.SMS)
    account_id, at, other = new_id("acc"), clock.now, new_id("agy")
    with units.begin() as uow:
        usecases.note_transfer(uow, agency_id=ledger.agency_id, account_id=account_id, as_of=at)
        usecases.note_opened(uow, agency_id=ledger.agency_id, account_id=account_id, plan="Plus", add_ons=["sms"], as_of=at)
        hour = timedelta(hours=1)
        usecases.note_plan(uow, agency_id=other, account_id=account_id, plan="Starter", add_ons=[], as_of=at - hour)
        usecases.note_status(uow, agency_id=other, account_id=account_id, fact="account_expired", as_of=at - hour)
        usecases.note_opened(uow, agency_id=other, account_id=account_id, plan="Starter", add_ons=[], as_of=at - 2 * hour)
    ledger.allocate(account_id, 10, kind=Kind.SMS)
