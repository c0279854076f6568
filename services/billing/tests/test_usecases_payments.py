"""Collecting invoices: prepaid first, then the card, once, whatever breaks in between."""

import itertools
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import errors
from billing.clients import CardRefund, Charge, Charged, Declined, Pending
from billing.usecases import payments
from chassis.errors import Refused, Unavailable
from chassis.ids import new_id
from chassis.money import Money

from .factories import euros
from .stage import Envelope, Stage


class Crash(BaseException):
    """The process is gone."""


def an_open_invoice(stage: Stage) -> Envelope:
    """An invoice of 39.20 EUR about to be collected: its own fact."""
    stage.deliver(stage.requested(new_id("acc"), stage.a_quote()["id"]))
    [issued] = stage.pending()
    return issued


def payments_of(stage: Stage) -> list[dict[str, Any]]:
    return stage.database.query("SELECT * FROM payments ORDER BY id")


@pytest.mark.parametrize(("available", "prepaid", "card"), [(0, 0, 3920), (1000, 1000, 2920), (3920, 3920, 0), (100_000, 3920, 0)])
def test_prepaid_pays_first_and_the_card_the_rest(stage: Stage, available: int, prepaid: int, card: int) -> None:
    """R0.103, R0.104."""
    stage.credits.available_minor = available
    stage.deliver(an_open_invoice(stage))
    [paid] = stage.emitted("invoice_paid")
    assert (paid["total_minor"], paid["prepaid_minor"], paid["card_minor"], paid["credit"]) == (3920, prepaid, card, None)
    assert [(charge["idempotency_key"], charge["amount_minor"]) for charge in stage.charges()] == [(paid["payment_id"], card)] * (card > 0)


def test_the_payments_id_is_the_key_everywhere(stage: Stage) -> None:
    stage.deliver(an_open_invoice(stage))
    [payment] = payments_of(stage)
    [(method, request)] = stage.call.calls
    assert (method, request["payment_id"], stage.call.keys) == ("credits.reserve_prepaid", payment["id"], [payment["id"]])
    assert request["up_to"] == {"amount": 3920, "currency": "EUR"}
    assert [charge["idempotency_key"] for charge in stage.charges()] == [payment["id"]]


def test_an_invoice_of_nothing_is_paid_without_asking_anybody(stage: Stage) -> None:
    stage.deliver(stage.agency_told("agency_updated", stage.agency_id, discount_basis_points=10_000) | {"time": "2026-03-31T09:31:00Z"})
    stage.deliver(an_open_invoice(stage))
    assert [paid["total_minor"] for paid in stage.emitted("invoice_paid")] == [0]
    assert (stage.call.calls, stage.charges()) == ([], [])


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_declined", "card_declined"),
        ("pm_card_insufficient_funds", "insufficient_funds"),
        ("pm_card_expired", "expired_card"),
    ],
)
def test_a_declined_card_is_an_answer(stage: Stage, token: str, code: str) -> None:
    stage.a_profile(token)
    stage.credits.available_minor = 1000
    stage.deliver(an_open_invoice(stage))
    [failure] = stage.emitted("payment_failed")
    [payment] = payments_of(stage)
    assert (failure["code"], failure["amount_minor"], failure["payment_id"]) == (code, 3920, payment["id"])
    assert failure["reason"].startswith("The card ")
    assert (payment["status"], payment["prepaid_minor"], payment["card_minor"]) == ("failed", 0, 0)
    assert stage.charges() == []


@pytest.mark.parametrize(
    ("token", "is_hard"),
    [
        ("pm_card_declined", False),
        ("pm_card_insufficient_funds", False),
        ("pm_card_expired", True),
        ("pm_card_lost", True),
        ("pm_card_authentication_required", True),
    ],
)
def test_a_hard_decline_is_told_from_one_that_may_pass(stage: Stage, token: str, is_hard: bool) -> None:
    declined = stage.provider.charge(idempotency_key=new_id("pay"), payment_method=token, amount=euros(100))
    assert isinstance(declined, Declined)
    assert declined.is_hard is is_hard


def test_money_under_way_leaves_the_payment_pending_and_is_found_later_without_another_charge(stage: Stage) -> None:
    stage.a_profile("pm_card_pending")
    stage.credits.available_minor = 1000
    issued = an_open_invoice(stage)
    stage.deliver(issued)
    assert [payment["status"] for payment in payments_of(stage)] == ["pending"]
    assert (len(stage.charges()), stage.names()) == (1, ["invoice_issued"])
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    again = stage.provider.charge(idempotency_key=attempt.payment_id, payment_method="pm_card_pending", amount=euros(2920))
    assert isinstance(again, Pending)
    outcome = payments.pay(attempt, credits_=stage.service.credits, provider=stage.provider)
    with stage.units.begin() as uow:
        payments.record_payment(uow, attempt=attempt, outcome=outcome)
    [paid] = stage.emitted("invoice_paid")
    assert (paid["prepaid_minor"], paid["card_minor"], len(stage.charges())) == (1000, 2920, 1)


def told(stage: Stage, payment_id: str, charged: Charged) -> bool:
    with stage.units.begin() as uow:
        return payments.settle_told(uow, payment_id=payment_id, charged=charged)


@pytest.mark.unsound("it tells of a charge that the provider never made")
def test_what_the_provider_tells_settles_a_pending_payment_once(stage: Stage) -> None:
    stage.a_profile("pm_card_pending")
    stage.credits.available_minor = 1000
    stage.deliver(an_open_invoice(stage))
    [payment] = payments_of(stage)
    charge = Charge(id="ch_1", amount=euros(2920))
    assert [told(stage, payment["id"], each) for each in (Pending(id="ch_1"), charge, charge, Declined.by("lost_card", "Lost."))] == [
        False,
        True,
        False,
        False,
    ]
    assert stage.names() == ["invoice_issued", "invoice_paid"]
    [paid] = stage.emitted("invoice_paid")
    assert (paid["prepaid_minor"], paid["card_minor"]) == (1000, 2920)


@pytest.mark.unsound("it tells of a decline while the provider has the charge")
def test_a_decline_told_later_fails_the_payment(stage: Stage) -> None:
    stage.a_profile("pm_card_pending")
    stage.deliver(an_open_invoice(stage))
    [payment] = payments_of(stage)
    assert told(stage, payment["id"], Declined.by("insufficient_funds", "The card has insufficient funds."))
    [failed] = stage.emitted("payment_failed")
    assert (failed["payment_id"], failed["code"]) == (payment["id"], "insufficient_funds")


def test_what_is_told_of_a_payment_that_is_not_ours_is_refused(stage: Stage) -> None:
    with pytest.raises(errors.PaymentNotFound):
        told(stage, new_id("pay"), Pending(id="ch_1"))


@pytest.mark.parametrize("token", ["pm_card_timeout", "pm_card_processing_error"])
def test_an_unknown_outcome_is_asked_for_again_under_the_same_key(stage: Stage, token: str) -> None:
    stage.a_profile(token)
    issued = an_open_invoice(stage)
    with pytest.raises(errors.ProviderUnavailable):
        stage.deliver(issued)
    assert [payment["status"] for payment in payments_of(stage)] == ["pending"]
    stage.deliver(issued)
    assert [payment["status"] for payment in payments_of(stage)] == ["succeeded"]
    assert len(stage.charges()) == 1
    assert len(stage.emitted("invoice_paid")) == 1


def test_credits_being_away_charges_nothing_yet(stage: Stage) -> None:
    issued = an_open_invoice(stage)

    def away(_request: object) -> object:
        raise Unavailable(service="Credits", reason="it is away")

    answers, stage.call._methods = stage.call._methods, {"credits.reserve_prepaid": away}
    with pytest.raises(Refused):
        stage.deliver(issued)
    assert stage.charges() == []
    stage.call._methods = answers
    stage.deliver(issued)
    assert stage.charged_minor() == 3920


def test_a_reservation_that_cannot_be_is_not_charged_around(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    stage.call._methods = {"credits.reserve_prepaid": lambda _request: {"reserved": {"amount": 3921, "currency": "EUR"}}}
    with pytest.raises(errors.ReservationImpossible):
        stage.deliver(issued)
    assert stage.charges() == []


class CrashingProvider:
    """The real test provider behind a process that dies before or after its `at`-th request to it."""

    def __init__(self, stage: Stage, *, at: int, after: bool) -> None:
        self._provider, self._at, self._after = stage.provider, at, after
        self._requests = itertools.count(1)

    def _request(self, ask: Callable[[], Any]) -> Any:
        dies = next(self._requests) == self._at
        if dies and not self._after:
            raise Crash
        answer = ask()
        if dies:
            raise Crash
        return answer

    def charge(self, **request: Any) -> Charged:
        answer: Charged = self._request(lambda: self._provider.charge(**request))
        return answer

    def refund(self, **request: Any) -> CardRefund:
        answer: CardRefund = self._request(lambda: self._provider.refund(**request))
        return answer

    def find(self, **request: Any) -> Charged | None:
        return self._provider.find(**request)


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_the_charge_charges_once(stage: Stage, after: bool) -> None:
    issued = an_open_invoice(stage)
    stage.service.provider = CrashingProvider(stage, at=1, after=after)  # type: ignore[assignment]  # a dependency, set by the container
    with pytest.raises(Crash):
        stage.deliver(issued)
    assert (len(stage.charges()), stage.emitted("invoice_paid")) == (int(after), [])
    stage.deliver(issued)
    assert (len(stage.charges()), stage.charged_minor(), len(payments_of(stage))) == (1, 3920, 1)
    assert len(stage.emitted("invoice_paid")) == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_around_the_refund_refunds_once(stage: Stage, after: bool) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.failed(account_id))
    [note] = stage.pending()
    stage.service.provider = CrashingProvider(stage, at=1, after=after)  # type: ignore[assignment]  # a dependency, set by the container
    with pytest.raises(Crash):
        stage.deliver(note)
    for _ in range(2):
        stage.deliver(note)
    assert stage.charged_minor() == 0
    assert len(stage.database.query("SELECT id FROM test_provider_refunds")) == 1


def test_two_deliveries_at_once_charge_once(stage: Stage) -> None:
    """A message is delivered again while the first delivery still talks to the provider."""
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    outcome = payments.pay(attempt, credits_=stage.service.credits, provider=stage.provider)
    stage.deliver(issued)
    with stage.units.begin() as uow:
        payments.record_payment(uow, attempt=attempt, outcome=outcome)
    assert (len(stage.charges()), len(stage.emitted("invoice_paid"))) == (1, 1)


def at_once(*deeds: Callable[[], object]) -> None:
    """Do all of them at the same time; raise what any of them raised."""
    with ThreadPoolExecutor(max_workers=len(deeds)) as pool:
        for done in [pool.submit(deed) for deed in deeds]:
            done.result()


def test_a_fact_handled_by_four_workers_at_once_charges_once(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    at_once(*[lambda: stage.deliver(issued)] * 4)
    assert (len(stage.charges()), len(payments_of(stage)), len(stage.emitted("invoice_paid"))) == (1, 1, 1)


def test_of_two_accounts_that_race_for_a_quote_one_pays(stage: Stage) -> None:
    quote_id = stage.a_quote()["id"]
    rivals = [stage.requested(new_id("acc"), quote_id) for _ in range(4)]
    at_once(*[partial(stage.deliver, rival) for rival in rivals])
    stage.settle()
    assert [failure["code"] for failure in stage.emitted("payment_failed")] == ["quote_used"] * 3
    assert len(stage.emitted("invoice_paid")) == 1
    assert sorted(issued["number"] for issued in stage.emitted("invoice_issued")) == [f"INV-00000{count}" for count in (1, 2, 3, 4)]


def test_a_failure_that_races_with_its_account_leaves_nothing_charged(stage: Stage) -> None:
    for number in range(6):
        account_id = new_id("acc")
        requested, failed = stage.requested(account_id, stage.a_quote()["id"]), stage.failed(account_id)
        if number % 2:
            at_once(partial(stage.deliver, requested), partial(stage.deliver, failed))
        else:
            stage.deliver(requested)
            [issued] = stage.pending()
            at_once(partial(stage.deliver, issued), partial(stage.deliver, failed))
        stage.settle()
    assert stage.charged_minor() == 0
    assert stage.database.query("SELECT account_id FROM subscriptions") == []
    assert stage.database.query("SELECT id FROM invoices WHERE id NOT IN (SELECT invoice_id FROM credit_notes)") == []


def test_an_account_that_fails_while_it_is_being_charged_gets_its_money_back(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    stage.deliver(stage.failed(str(attempt.account_id)))
    assert stage.emitted("credit_note_issued") == []
    stage.deliver(issued)
    assert stage.names() == ["invoice_issued", "invoice_paid", "credit_note_issued"]
    stage.settle()
    assert stage.charged_minor() == 0
    assert len(stage.charges()) == 1


def test_an_account_that_fails_while_its_card_is_being_declined_owes_nothing(stage: Stage) -> None:
    stage.a_profile("pm_card_declined")
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    stage.deliver(stage.failed(str(attempt.account_id)))
    stage.deliver(issued)
    assert stage.names() == ["invoice_issued", "payment_failed", "credit_note_issued"]
    [note] = stage.emitted("credit_note_issued")
    assert (note["payment_id"], note["prepaid_minor"], note["card_minor"], note["total_minor"]) == (None, 0, 0, 3920)


def test_an_account_that_failed_before_its_invoice_was_collected_is_not_charged(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    stage.deliver(stage.failed(issued["data"]["account_id"]))
    stage.deliver(issued)
    assert stage.names() == ["invoice_issued", "credit_note_issued"]
    assert (payments_of(stage), stage.charges()) == ([], [])


TOKENS = st.sampled_from(["pm_card_visa", "pm_card_declined", "pm_card_timeout", "pm_card_processing_error"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), token=TOKENS, prepaid=st.sampled_from([0, 1000, 5000]), fails=st.booleans())
def test_any_order_of_any_number_of_deliveries_ends_the_same(stage: Stage, seed: int, token: str, prepaid: int, fails: bool) -> None:
    """Every fact 1 to 5 times in random order, among crashes around the provider: charged once, or nothing where the account failed."""
    dice, before = random.Random(seed), stage.charged_minor()
    profile_id, account_id = stage.a_profile(token), new_id("acc")
    stage.credits.available_minor = prepaid
    facts = [stage.requested(account_id, stage.a_quote()["id"], billing_profile_id=profile_id)]
    facts += [stage.failed(account_id)] * fails
    deliveries = [fact for fact in facts for _ in range(dice.randint(1, 5))]
    stage.pending()
    while deliveries:
        envelope = deliveries.pop(dice.randrange(len(deliveries)))
        stage.service.provider = CrashingProvider(stage, at=dice.randint(1, 3), after=dice.random() < 0.5)  # type: ignore[assignment]
        try:
            stage.deliver(envelope)
        except (Crash, errors.ProviderUnavailable):
            deliveries.append(envelope)  # neither acknowledged: it comes again
        deliveries += [fact for fact in stage.pending() for _ in range(dice.randint(1, 5))]
    lives = not fails
    charges = stage.database.query(
        "SELECT c.id FROM test_provider_charges AS c JOIN payments AS p ON p.id = c.idempotency_key"
        " JOIN invoices AS i ON i.id = p.invoice_id WHERE i.account_id = %s",
        account_id,
    )
    assert len(charges) <= 1
    pays = lives and (token != "pm_card_declined" or prepaid >= 3920)
    assert stage.charged_minor() - before == (max(3920 - prepaid, 0) if pays else 0)
    assert len(stage.database.query("SELECT 1 FROM subscriptions WHERE account_id = %s", account_id)) == int(lives)
    owed = stage.database.query(
        "SELECT 1 FROM invoices AS i LEFT JOIN credit_notes AS n ON n.invoice_id = i.id WHERE i.account_id = %s AND n.id IS NULL",
        account_id,
    )
    assert len(owed) == int(lives)
    assert stage.database.query("SELECT 1 FROM payments WHERE status = 'pending'") == []


@pytest.mark.unsound("it charges for no payment")
def test_the_test_provider_holds_callers_to_one_request_per_key(stage: Stage) -> None:
    request = {"idempotency_key": "one", "payment_method": "pm_card_visa"}
    first = stage.provider.charge(**request, amount=euros(100))
    assert isinstance(first, Charge)
    assert stage.provider.charge(**request, amount=euros(100)) == first == stage.provider.find(**request)
    assert stage.provider.find(idempotency_key="two", payment_method="pm_card_visa") is None
    with pytest.raises(ValueError, match="another amount"):
        stage.provider.charge(**request, amount=Money(amount_minor=100, currency="USD"))
