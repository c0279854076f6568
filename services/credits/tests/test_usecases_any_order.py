"""The ledger against a model of it in fifty lines of arithmetic, whatever happens in whatever order, however often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from chassis import audit
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from credits import errors, usecases
from credits.domain import Kind

from .factories import Ledger, eur

ACCOUNT = new_id("acc")
POTS = [None, ACCOUNT]
NEVER = datetime.max.replace(tzinfo=UTC)

Taken = tuple[int, str | None, int]
"""Of which lot, out of which pot, how much."""

amounts = st.integers(min_value=1, max_value=20)
pots = st.sampled_from(POTS)
kinds = st.sampled_from(Kind)
repetitions = st.integers(min_value=1, max_value=5)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)


@dataclass
class Payment:
    """What the model knows of a payment: what was reserved, and what of it was not given back, as (lot, pot, units) in the order taken."""

    account_id: str | None
    up_to: int
    reserved: int
    parts: list[Taken]
    payment_id: str = field(default_factory=lambda: new_id("pay"))
    invoice_id: str = field(default_factory=lambda: new_id("inv"))
    outcome: str | None = None
    credited: int = 0
    notes: list[int] = field(default_factory=list)


@dataclass
class ModelLot:
    """Credit as it came, and what is left of it in each pot."""

    kind: Kind
    expires_at: datetime | None
    left: dict[str | None, int]


class Model:
    """Lots in the order they came."""

    def __init__(self) -> None:
        self.lots: list[ModelLot] = []

    def come(self, kind: Kind, pot: str | None, units: int, expires_at: datetime | None = None) -> None:
        self.lots.append(ModelLot(kind=kind, expires_at=expires_at, left=dict.fromkeys(POTS, 0) | {pot: units}))

    def in_order(self, kind: Kind) -> list[int]:
        """The numbers of the lots of a kind, as they are spent."""
        numbers = [number for number, lot in enumerate(self.lots) if lot.kind is kind]
        return sorted(numbers, key=lambda number: (self.lots[number].expires_at or NEVER, number))

    def left(self, kind: Kind, pot: str | None) -> list[int]:
        return [self.lots[number].left[pot] for number in self.in_order(kind) if self.lots[number].left[pot]]

    def usable(self, kind: Kind, pot: str | None, now: datetime) -> int:
        return sum(lot.left[pot] for lot in self.lots if lot.kind is kind and (lot.expires_at or NEVER) > now)

    def take(self, kind: Kind, pots: list[str | None], up_to: int, now: datetime) -> list[Taken]:
        parts = []
        for pot in pots:
            for number in self.in_order(kind):
                lot = self.lots[number]
                units = min(lot.left[pot], up_to)
                if units and (lot.expires_at or NEVER) > now:
                    lot.left[pot] -= units
                    parts.append((number, pot, units))
                    up_to -= units
        return parts

    def put_back(self, parts: list[Taken]) -> None:
        for number, pot, units in parts:
            self.lots[number].left[pot] += units

    def expire(self, now: datetime) -> None:
        for lot in self.lots:
            if (lot.expires_at or NEVER) <= now:
                lot.left = dict.fromkeys(POTS, 0)


class LedgerMachine(RuleBasedStateMachine):
    """Everything that may be done to a ledger, each as often as it likes, while time goes by."""

    def __init__(self, units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
        super().__init__()
        self.ledger, self.database, self.clock = Ledger(units), database, clock
        self.ledger.open(ACCOUNT)
        self.began_at = clock.now
        self.model = Model()
        self.payments: list[Payment] = []
        self.spends: list[tuple[str, Kind, int]] = []

    @initialize(units=st.tuples(amounts, amounts, amounts))
    def begin_with_a_few_lots(self, units: tuple[int, int, int]) -> None:
        for pot, amount in zip((None, ACCOUNT, None), units, strict=True):
            self.buy(Kind.PREPAID, pot, amount, None, 1)
            self.buy(Kind.SMS, pot, amount, 2, 1)

    @rule(kind=kinds, pot=pots, units=amounts, days=st.none() | st.integers(1, 4), times=repetitions)
    def buy(self, kind: Kind, pot: str | None, units: int, days: int | None, times: int) -> None:
        self.clock.advance(seconds=1)
        invoice_id = new_id("inv")
        expires_at = None if days is None else self.clock.now + timedelta(days=days)
        for _ in range(times):
            self.ledger.buy(units, kind=kind, account_id=pot, invoice_id=invoice_id, expires_at=expires_at)
        self.model.come(kind, pot, units, expires_at)

    @rule(units=amounts, times=repetitions)
    def grant(self, units: int, times: int) -> None:
        self.clock.advance(seconds=1)
        note_id = new_id("cn")
        for _ in range(times):
            self.ledger.grant(note_id, ACCOUNT, units)
        self.model.come(Kind.PREPAID, ACCOUNT, units)

    @rule(kind=kinds, units=st.integers(-30, 30).filter(bool))
    def allocate(self, kind: Kind, units: int) -> None:
        source, target = (None, ACCOUNT) if units > 0 else (ACCOUNT, None)
        if self.model.usable(kind, source, self.clock.now) < abs(units):
            with pytest.raises(errors.NotEnoughCredits):
                self.ledger.allocate(ACCOUNT, units, kind=kind, currency="EUR")
            return
        self.model.put_back([(number, target, taken) for number, _, taken in self.model.take(kind, [source], abs(units), self.clock.now)])
        self.ledger.allocate(ACCOUNT, units, kind=kind, currency="EUR")

    @rule(kind=st.sampled_from([Kind.SMS, Kind.INBOX_PREVIEW]), units=amounts, times=repetitions)
    def spend(self, kind: Kind, units: int, times: int) -> None:
        reference = new_id("ref")
        if self.model.usable(kind, ACCOUNT, self.clock.now) < units:
            with pytest.raises(errors.NotEnoughCredits):
                self.ledger.spend(ACCOUNT, units, kind=kind)
            return
        parts = self.model.take(kind, [ACCOUNT], units, self.clock.now)
        for _ in range(times):
            answer = self.ledger.spend(ACCOUNT, units, kind=kind, reference=reference)
            assert [part.units for part in answer["lots"]] == [taken for _, _, taken in parts]
        self.spends.append((reference, kind, units))

    @precondition(lambda self: self.spends)
    @rule(data=st.data())
    def spend_again(self, data: st.DataObject) -> None:
        reference, kind, units = data.draw(st.sampled_from(self.spends))
        self.ledger.spend(ACCOUNT, units, kind=kind, reference=reference)
        with pytest.raises(errors.ReferenceReused):
            self.ledger.spend(ACCOUNT, units + 1, kind=kind, reference=reference)

    @rule(days=st.integers(1, 3))
    def time_goes_by(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule(limit=st.integers(1, 3))
    def expire(self, limit: int) -> None:
        while self.ledger.expire(limit=limit):
            pass
        self.model.expire(self.clock.now)

    @rule(pot=pots, up_to=st.integers(min_value=0, max_value=60), times=repetitions)
    def reserve(self, pot: str | None, up_to: int, times: int) -> None:
        parts = self.model.take(Kind.PREPAID, list(dict.fromkeys([pot, None])), up_to, self.clock.now)
        payment = Payment(account_id=pot, up_to=up_to, reserved=sum(units for _, _, units in parts), parts=parts)
        self.payments.append(payment)
        for _ in range(times):
            assert self.ask(payment) == payment.reserved

    @precondition(lambda self: any(payment.outcome is None and not payment.notes for payment in self.payments))
    @rule(data=st.data(), hears=st.booleans(), times=repetitions)
    def try_again(self, data: st.DataObject, hears: bool, times: int) -> None:
        before = data.draw(st.sampled_from([payment for payment in self.payments if payment.outcome is None and not payment.notes]))
        self.model.put_back(before.parts)
        before.outcome, before.credited = "failed", before.reserved  # the notes of their invoice are the next one's
        parts = self.model.take(Kind.PREPAID, list(dict.fromkeys([before.account_id, None])), before.up_to, self.clock.now)
        payment = Payment(before.account_id, before.up_to, sum(units for *_, units in parts), parts, invoice_id=before.invoice_id)
        self.payments.append(payment)
        for _ in range(times):
            if hears:
                self.ledger.failed(before.payment_id, before.invoice_id)
            assert self.ask(payment, previous_payment_id=before.payment_id) == payment.reserved

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        assert self.ask(payment) == (0 if payment.outcome == "failed" else payment.reserved)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), times=repetitions)
    def pay(self, data: st.DataObject, times: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        if payment.outcome == "failed":
            return
        for _ in range(times):
            self.ledger.paid(payment.payment_id, payment.invoice_id, payment.reserved, account_id=payment.account_id)
        if payment.outcome is None:
            payment.outcome = "paid"
            for units in payment.notes:
                self.give_back(payment, units)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), times=repetitions)
    def fail(self, data: st.DataObject, times: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        if payment.outcome == "paid":
            return
        for _ in range(times):
            self.ledger.failed(payment.payment_id, payment.invoice_id)
        if payment.outcome is None:
            payment.outcome = "failed"
            self.model.put_back(payment.parts)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), times=repetitions)
    def credit(self, data: st.DataObject, times: int) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        if payment.credited == payment.reserved:
            return
        units = data.draw(st.integers(min_value=1, max_value=payment.reserved - payment.credited))
        note_id = new_id("cn")
        for _ in range(times):
            self.ledger.credited(note_id, payment.invoice_id, units)
        payment.credited += units
        payment.notes.append(units)
        if payment.outcome == "paid":
            self.give_back(payment, units)

    @invariant()
    def what_is_left_is_what_the_model_says(self) -> None:
        for kind in Kind:
            for pot in POTS:
                assert self.ledger.lots(pot, kind=kind) == self.model.left(kind, pot)

    @invariant()
    def what_is_reserved_is_what_waits_for_its_outcome(self) -> None:
        reserved = sum(self.ledger.held(pot)[1] for pot in POTS)
        assert reserved == sum(payment.reserved for payment in self.payments if payment.outcome is None)

    def teardown(self) -> None:
        check_the_books(self.database)
        with self.ledger.units.reading() as session:
            told = usecases.statement(
                session, agency_id=self.ledger.agency_id, kind=Kind.PREPAID, currency="EUR", start=self.began_at, end=NEVER
            )
        came = told["opening"] + told["purchased"] + told["granted"] + told["returned"]
        assert told["closing"] == came - told["spent"] - told["expired"] == sum(sum(self.ledger.held(pot)) for pot in POTS)

    def ask(self, payment: Payment, *, previous_payment_id: str | None = None) -> int:
        asked = {"account_id": payment.account_id, "previous_payment_id": previous_payment_id}
        return self.ledger.reserve(payment.payment_id, payment.invoice_id, eur(payment.up_to), **asked)

    def give_back(self, payment: Payment, units: int) -> None:
        while units:
            number, pot, taken = payment.parts.pop()
            self.model.put_back([(number, pot, min(taken, units))])
            if taken > units:
                payment.parts.append((number, pot, taken - units))
            units -= min(taken, units)


def check_the_books(database: ServiceDatabase) -> None:
    """The auditor has nothing to say."""
    assert audit.audit("credits", database.url).findings == []


def test_the_ledger_does_what_its_model_does(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    class Machine(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(units, database, clock)

    run_state_machine_as_test(Machine, settings=settings(patient, stateful_step_count=20))


State = tuple[object, ...]


def state_of(ledger: Ledger, database: ServiceDatabase) -> State:
    """All that a person could tell two ledgers apart by, but ids, times, and which of two credit notes gave which lot back."""
    moved = database.query(
        """
        SELECT transactions.purpose, ledger_accounts.account_id, ledger_accounts.purpose AS side, lots.units AS lot,
            sum(postings.units) AS units, count(DISTINCT transactions.id) FILTER (WHERE transactions.purpose <> 'return') AS transactions
        FROM transactions JOIN postings ON transaction_id = transactions.id
        JOIN ledger_accounts ON ledger_accounts.id = ledger_account_id JOIN lots ON lots.id = lot_id
        WHERE transactions.agency_id = %s GROUP BY 1, 2, 3, 4
        """,
        ledger.agency_id,
    )
    facts = database.query(
        "SELECT routing_key, count(*) AS n FROM outbox WHERE body::jsonb ->> 'agency_id' = %s GROUP BY 1", ledger.agency_id
    )
    rows = sorted(str(sorted(row.items())) for row in [*moved, *facts])
    return (*rows, *(ledger.lots(pot) for pot in POTS), *(ledger.held(pot) for pot in POTS))


@settings(patient)
@given(
    bought=st.lists(st.tuples(pots, amounts), min_size=1, max_size=3),
    later=st.lists(st.tuples(pots, amounts), max_size=2),
    payments=st.lists(st.tuples(pots, amounts, st.booleans(), st.lists(st.integers(1, 4), max_size=2)), max_size=4),
    seed=st.integers(min_value=0),
)
def test_events_once_to_five_times_in_any_order_lead_to_the_same_state(
    units: Units,
    database: ServiceDatabase,
    clock: MovingClock,
    bought: list[tuple[str | None, int]],
    later: list[tuple[str | None, int]],
    payments: list[tuple[str | None, int, bool, list[int]]],
    seed: int,
) -> None:
    def begin() -> tuple[Ledger, list[Callable[[], object]]]:
        """A ledger whose payments have asked, and the events that follow."""
        ledger = Ledger(units)
        for pot, amount in bought:
            clock.advance(seconds=1)
            ledger.buy(amount, account_id=pot)
        events: list[Callable[[], object]] = []
        for number, (pot, amount) in enumerate(later):
            invoice_id, paid_at = new_id("inv"), clock.now + timedelta(hours=number + 1)
            events.append(partial(ledger.buy, amount, account_id=pot, invoice_id=invoice_id, paid_at=paid_at))
        for pot, amount, succeeds, shares in payments:
            payment_id, invoice_id = new_id("pay"), new_id("inv")
            reserved = ledger.reserve(payment_id, invoice_id, eur(amount), account_id=pot)
            if not succeeds:
                events.append(partial(ledger.failed, payment_id, invoice_id))
                continue
            events.append(partial(ledger.paid, payment_id, invoice_id, reserved))
            for share in shares:
                back = reserved // (share * len(shares))
                events.append(partial(ledger.credited, new_id("cn"), invoice_id, back))
        return ledger, events

    straight, events = begin()
    for event in events:
        event()
    shuffled, events = begin()
    random = Random(seed)
    deliveries = [event for event in events for _ in range(random.randint(1, 5))]
    random.shuffle(deliveries)
    for event in deliveries:
        event()
    assert state_of(shuffled, database) == state_of(straight, database)
