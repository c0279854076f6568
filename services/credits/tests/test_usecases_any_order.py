"""The ledger against a model of it in ten lines of arithmetic, whatever happens in whatever order, however often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import Ledger, eur

ACCOUNT = new_id("acc")
POTS = [None, ACCOUNT]

amounts = st.integers(min_value=1, max_value=20)
pots = st.sampled_from(POTS)
repetitions = st.integers(min_value=1, max_value=5)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)


@dataclass
class Payment:
    """What the model knows of a payment: what was reserved, and what of it was not given back, as (lot, units) in the order taken."""

    account_id: str | None
    up_to: int
    reserved: int
    parts: list[tuple[int, int]]
    payment_id: str = field(default_factory=lambda: new_id("pay"))
    invoice_id: str = field(default_factory=lambda: new_id("inv"))
    outcome: str | None = None
    credited: int = 0
    notes: list[int] = field(default_factory=list)


class Model:
    """Lots in the order they were bought: [pot, units left]."""

    def __init__(self) -> None:
        self.lots: list[list[str | int | None]] = []

    def left(self, pot: str | None) -> list[int]:
        return [int(left or 0) for owner, left in self.lots if owner == pot and left]

    def take(self, account_id: str | None, up_to: int) -> list[tuple[int, int]]:
        parts = []
        for pot in dict.fromkeys([account_id, None]):
            for number, (owner, left) in enumerate(self.lots):
                units = min(int(left or 0), up_to)
                if owner == pot and units:
                    self.lots[number][1] = int(left or 0) - units
                    parts.append((number, units))
                    up_to -= units
        return parts

    def put_back(self, parts: list[tuple[int, int]]) -> None:
        for number, units in parts:
            self.lots[number][1] = int(self.lots[number][1] or 0) + units


class LedgerMachine(RuleBasedStateMachine):
    """Everything billing may do to a ledger, each as often as it likes."""

    def __init__(self, units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
        super().__init__()
        self.ledger, self.database, self.clock = Ledger(units), database, clock
        self.model = Model()
        self.bought: list[tuple[str, str | None, int]] = []
        self.payments: list[Payment] = []

    @initialize(units=st.tuples(amounts, amounts, amounts))
    def begin_with_a_few_lots(self, units: tuple[int, int, int]) -> None:
        for pot, amount in zip((None, ACCOUNT, None), units, strict=True):
            self.buy(pot, amount, 1)

    @rule(pot=pots, units=amounts, times=repetitions)
    def buy(self, pot: str | None, units: int, times: int) -> None:
        self.clock.advance(seconds=1)
        invoice_id = new_id("inv")
        for _ in range(times):
            self.ledger.buy(units, account_id=pot, invoice_id=invoice_id)
        self.model.lots.append([pot, units])

    @rule(pot=pots, up_to=st.integers(min_value=0, max_value=60), times=repetitions)
    def reserve(self, pot: str | None, up_to: int, times: int) -> None:
        parts = self.model.take(pot, up_to)
        payment = Payment(account_id=pot, up_to=up_to, reserved=sum(units for _, units in parts), parts=parts)
        self.payments.append(payment)
        for _ in range(times):
            assert self.ask(payment) == payment.reserved

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
        for pot in POTS:
            assert self.ledger.lots(pot) == self.model.left(pot)

    @invariant()
    def what_is_reserved_is_what_waits_for_its_outcome(self) -> None:
        reserved = sum(self.ledger.held(pot)[1] for pot in POTS)
        assert reserved == sum(payment.reserved for payment in self.payments if payment.outcome is None)

    def teardown(self) -> None:
        check_the_books(self.database)

    def ask(self, payment: Payment) -> int:
        return self.ledger.reserve(payment.payment_id, payment.invoice_id, eur(payment.up_to), account_id=payment.account_id)

    def give_back(self, payment: Payment, units: int) -> None:
        while units:
            number, taken = payment.parts.pop()
            self.model.put_back([(number, min(taken, units))])
            if taken > units:
                payment.parts.append((number, taken - units))
            units -= min(taken, units)


def check_the_books(database: ServiceDatabase) -> None:
    """Postings sum to zero per transaction and in all, and what is held is what they sum to."""
    assert database.query("SELECT transaction_id FROM postings GROUP BY transaction_id, unit HAVING sum(units) <> 0") == []
    assert (
        database.query(
            """
            SELECT * FROM holdings FULL JOIN (
                SELECT ledger_account_id, lot_id, sum(units) AS posted FROM postings
                JOIN ledger_accounts ON ledger_accounts.id = ledger_account_id AND purpose <> 'issued' GROUP BY 1, 2
            ) AS sums USING (ledger_account_id, lot_id)
            WHERE units IS DISTINCT FROM posted OR units < 0
            """
        )
        == []
    )


def test_the_ledger_does_what_its_model_does(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    class Machine(LedgerMachine):
        def __init__(self) -> None:
            super().__init__(units, database, clock)

    run_state_machine_as_test(Machine, settings=settings(patient, stateful_step_count=15))


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
