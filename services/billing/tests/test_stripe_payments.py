"""Invoices paid through Stripe, and what Stripe tells of them."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from billing import clients, errors
from billing.clients import payment_provider
from billing.clients.stripe_provider import StripeProvider
from billing.config import Config
from billing.usecases import billing_profiles, cards, payments
from chassis.config import ConfigurationError
from chassis.ids import new_id
from chassis.testing import Bus, FakeCall, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of
from chassis.wiring import Wiring

from .stage import Stage
from .stripe_peer import SECRET_KEY, VISA, WEBHOOK_SECRET, StripePeer, stripe_at
from .test_usecases_payments import an_open_invoice, payments_of


@pytest.fixture
def provider(stripe_peer: StripePeer) -> StripeProvider:
    """Billing's agencies have their cards kept by Stripe."""
    return stripe_at(stripe_peer)


def telling(kind: str, about: dict[str, Any], *, event_id: str | None = None) -> str:
    event_id = event_id or f"evt_{new_id('x')[2:]}"
    return json.dumps({"id": event_id, "object": "event", "type": kind, "data": {"object": about}})


def signed(body: str, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> dict[str, str]:
    """A webhook as Stripe sends it."""
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(at or time.time()))
    return {"body": body, "signature": header}


def hear(stage: Stage, kind: str, about: dict[str, Any], *, event_id: str | None = None) -> bool:
    """Whether Stripe's telling this had an effect."""
    told = stage.provider.told(**signed(telling(kind, about, event_id=event_id)))
    with stage.units.begin() as uow:
        return cards.hear(uow, told=told)["effect"]


def intent_of(stripe_peer: StripePeer, payment_id: str) -> dict[str, Any]:
    """The payment intent that Stripe has for our payment."""
    intents = stripe_peer.ask("GET", "/v1/payment_intents?limit=1000")["data"]
    [intent] = [each for each in intents if each["metadata"].get("payment_id") == payment_id]
    return dict(intent)


def intent(payment_id: str, *, amount: int = 3920, **more: Any) -> dict[str, Any]:
    """A payment intent as Stripe tells of it."""
    return {"id": "pi_told", "amount": amount, "currency": "eur", "metadata": {"payment_id": payment_id}, **more}


@pytest.mark.parametrize("lost", ["request", "answer", None])
def test_an_invoice_is_paid_by_one_charge_whatever_is_lost_on_the_way(stage: Stage, stripe_peer: StripePeer, lost: str | None) -> None:
    issued = an_open_invoice(stage)
    if lost is not None:
        stripe_peer.lose(lost)
        with pytest.raises(errors.ProviderUnavailable):
            stage.deliver(issued)
        stripe_peer.forget_keys()
    stage.deliver(issued)
    assert [payment["status"] for payment in payments_of(stage)] == ["succeeded"]
    assert (stripe_peer.charged(), stage.names()) == ([3920], ["invoice_issued", "invoice_paid"])


def test_a_card_that_is_replaced_while_its_charge_is_unknown_is_the_one_that_is_asked_about(stage: Stage, stripe_peer: StripePeer) -> None:
    issued = an_open_invoice(stage)
    stripe_peer.lose("answer")
    with pytest.raises(errors.ProviderUnavailable):
        stage.deliver(issued)
    replaced(stage, "pm_card_visa")
    stripe_peer.forget_keys()
    stage.deliver(issued)
    assert (stripe_peer.charged(), stage.names()) == ([3920], ["invoice_issued", "invoice_paid"])


def replaced(stage: Stage, payment_method: str) -> None:
    """The agency's profile has another card."""
    described = stage.provider.describe(payment_method=payment_method, agency_id=stage.agency_id)
    with stage.units.begin() as uow:
        billing_profiles.update_billing_profile(
            uow, agency_id=stage.agency_id, billing_profile_id=stage.profile_id, expected_version=None, described=described, wanted={}
        )


def removed(stage: Stage, profile_id: str) -> None:
    with stage.units.begin() as uow:
        billing_profiles.remove_billing_profile(uow, agency_id=stage.agency_id, billing_profile_id=profile_id)


@pytest.mark.parametrize("lost", [None, "request", "answer"])
def test_a_card_is_forgotten_by_stripe_once_its_profile_is_removed_whatever_is_lost_on_the_way(
    stage: Stage, stripe_peer: StripePeer, lost: str | None
) -> None:
    """R0.64."""
    [kept] = stripe_peer.customers()
    other = stage.a_profile("pm_card_visa", is_default=False)
    [gone] = {*stripe_peer.customers()} - {kept}
    removed(stage, other)
    assert {*stripe_peer.customers()} == {kept, gone}
    if lost is not None:
        stripe_peer.lose(lost)
        stage.service.forget_cards()
        assert stage.database.query("SELECT count(*) AS n FROM cards_to_forget") == [{"n": 1}]
    for _ in range(2):
        stage.service.forget_cards()
    assert stripe_peer.customers() == [kept]
    assert [each for each in stripe_peer.requests if each[0] == "DELETE"] == [("DELETE", f"/v1/customers/{gone}")] * (
        1 if lost is None else 2
    )
    assert stage.database.query("SELECT * FROM cards_to_forget") == []


def test_a_card_that_was_replaced_is_forgotten_but_not_while_a_charge_by_it_is_unknown(stage: Stage, stripe_peer: StripePeer) -> None:
    [first] = stripe_peer.customers()
    issued = an_open_invoice(stage)
    stripe_peer.lose("answer")
    with pytest.raises(errors.ProviderUnavailable):
        stage.deliver(issued)
    replaced(stage, "pm_card_visa")
    stage.service.forget_cards()
    assert first in stripe_peer.customers()
    stage.deliver(issued)
    stage.service.forget_cards()
    assert (first in stripe_peer.customers(), len(stripe_peer.customers()), stripe_peer.charged()) == (False, 1, [3920])


def test_a_card_that_another_profile_has_too_is_kept(stage: Stage, stripe_peer: StripePeer) -> None:
    card = stripe_peer.a_card(VISA)
    profiles = [stage.a_profile(card, is_default=False) for _ in range(2)]
    for profile_id, customers in zip(profiles, (2, 1), strict=True):
        removed(stage, profile_id)
        stage.service.forget_cards()
        assert len(stripe_peer.customers()) == customers


def test_what_stripe_told_long_ago_is_forgotten(stage: Stage) -> None:
    hear(stage, "something.new", {})
    stage.clock.advance(days=29)
    stage.service.forget_old_provider_events()
    assert len(stage.database.query("SELECT id FROM provider_events")) == 1
    stage.clock.advance(days=2)
    stage.service.forget_old_provider_events()
    assert stage.database.query("SELECT id FROM provider_events") == []


def test_a_charge_of_more_than_was_asked_for_is_for_a_human_to_see(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    for wrong in (intent(attempt.payment_id, amount=3921), {**intent(attempt.payment_id), "currency": "usd"}):
        with pytest.raises(errors.ChargeImpossible):
            hear(stage, "payment_intent.succeeded", wrong)


def test_an_account_that_fails_gets_its_money_back_from_stripe(stage: Stage, stripe_peer: StripePeer) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.failed(account_id))
    stage.settle()
    assert (stripe_peer.charged(), stripe_peer.refunded()) == ([3920], [3920])


def test_what_stripe_tells_before_our_own_answer_was_recorded_pays_once(stage: Stage, stripe_peer: StripePeer) -> None:
    """One charge, one invoice_paid, however often and in whatever order it is told."""
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    outcome = payments.pay(attempt, credits_=stage.service.credits, provider=stage.provider)
    charged = intent_of(stripe_peer, attempt.payment_id)
    assert [hear(stage, "payment_intent.succeeded", charged, event_id=event_id) for event_id in ("evt_1", "evt_1", "evt_2")] == [
        True,
        False,
        False,
    ]
    with stage.units.begin() as uow:
        payments.record_payment(uow, attempt=attempt, outcome=outcome)
    stage.deliver(issued)
    assert hear(stage, "payment_intent.processing", charged) is False
    assert (stripe_peer.charged(), stage.names()) == ([3920], ["invoice_issued", "invoice_paid"])
    assert [payment["provider_charge_id"] for payment in payments_of(stage)] == [charged["id"]]


def test_what_was_under_way_is_settled_by_what_stripe_tells_in_any_order(stage: Stage) -> None:
    issued = an_open_invoice(stage)
    with stage.units.begin() as uow:
        attempt = payments.begin_payment(uow, invoice_id=issued["data"]["invoice_id"])
    assert attempt is not None
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "No funds."}
    told = [
        hear(stage, "payment_intent.processing", intent(attempt.payment_id)),
        hear(stage, "payment_intent.payment_failed", intent(attempt.payment_id, last_payment_error=error)),
        hear(stage, "payment_intent.succeeded", intent(attempt.payment_id)),
    ]
    assert told == [False, True, False]
    [failed] = stage.emitted("payment_failed")
    assert (failed["code"], failed["reason"]) == ("insufficient_funds", "No funds.")


def test_a_card_whose_bank_sent_a_new_one_is_updated(stage: Stage) -> None:
    [row] = stage.database.query("SELECT token FROM billing_profiles")
    customer, _, card_id = row["token"].partition("/")
    card = {"brand": "visa", "last4": "1881", "exp_month": 3, "exp_year": 2044}
    told = {"id": card_id, "customer": customer, "card": card}
    assert [hear(stage, "payment_method.automatically_updated", told) for _ in range(2)] == [True, False]
    [updated] = stage.emitted("billing_profile_updated")
    assert (updated["last_four"], updated["expiry_year"], updated["changes"]) == ("1881", 2044, ["card"])


def test_what_is_not_ours_or_not_known_is_taken_and_changes_nothing(stage: Stage) -> None:
    for kind, about in (
        ("payment_intent.succeeded", intent(new_id("pay"))),
        ("payment_intent.succeeded", {"id": "pi_1", "metadata": None}),
        ("charge.refunded", {"id": "ch_1", "metadata": {}}),
        ("payment_method.automatically_updated", {"id": "pm_1", "customer": None}),
        ("something.new", {}),
    ):
        assert hear(stage, kind, about) is False
    assert stage.names() == []
    assert len(stage.database.query("SELECT id FROM provider_events")) == 5


def test_what_stripe_did_not_sign_is_refused(provider: StripeProvider) -> None:
    body = telling("payment_intent.succeeded", intent(new_id("pay")))
    right = signed(body)
    for forged in (
        signed(body, secret="whsec_other"),
        {**right, "body": body.replace("3920", "3921")},
        {**right, "signature": ""},
        {**right, "signature": "t=x,v1=y"},
        signed(body, at=time.time() - 301),
        signed("[]"),
        signed('{"id": "evt_1"}'),
        signed("no JSON"),
    ):
        with pytest.raises(errors.WebhookForged):
            provider.told(**forged)


def test_the_test_provider_believes_nobody(database: ServiceDatabase) -> None:
    body = telling("payment_intent.succeeded", intent(new_id("pay")))
    with pytest.raises(errors.WebhookForged):
        clients.TestProvider(database.url).told(**signed(body))


@pytest.mark.parametrize(("key", "secret"), [("", WEBHOOK_SECRET), (SECRET_KEY, "")])
def test_stripe_without_its_keys_is_refused_at_the_start(key: str, secret: str) -> None:
    config = Config(database_url="", payment_provider="stripe", stripe_api_key=key, stripe_webhook_secret=secret)
    with pytest.raises(ConfigurationError, match="STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET"):
        payment_provider(Wiring(call=FakeCall(), config=config))


def test_stripe_is_chosen_by_the_configuration(stripe_peer: StripePeer) -> None:
    config = Config(
        database_url="",
        payment_provider="stripe",
        stripe_api_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_api_base=stripe_peer.url,
    )
    chosen = payment_provider(Wiring(call=FakeCall(), config=config))
    assert chosen.describe(payment_method="pm_card_visa", agency_id=new_id("agy")).last_four == "4242"


@pytest.fixture
def start(run_service: Callable[..., ServiceProcess], database: ServiceDatabase, stripe_peer: StripePeer) -> Callable[[], ServiceProcess]:
    """Billing as a process that is paid by Stripe."""
    settings = {"PAYMENT_PROVIDER": "stripe", "STRIPE_API_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
    return lambda: run_service("billing", database, STRIPE_API_BASE=stripe_peer.url, LOG_LEVEL="DEBUG", **settings)


def a_purchase(bus: Bus, database: ServiceDatabase) -> tuple[str, str]:
    """An invoice of 50.00 EUR to be paid by Stripe, and its agency."""
    agency_id = new_id("agy")
    told = {"agency_id": agency_id, "name": "Atelier Démo", "currency": "EUR", "discount_basis_points": 2000, "language": "fr"}
    bus.publish("identity", "agency_registered", told, agency_id=agency_id)
    eventually(lambda: database.query("SELECT id FROM agencies"), what="the agency noted")
    bus.call("billing", "add_billing_profile", {"agency_id": agency_id, "payment_method": "pm_card_visa"})
    amount = {"amount": 5000, "currency": "EUR"}
    return str(bus.call("billing", "purchase_credits", {"agency_id": agency_id, "kind": "prepaid", "amount": amount})["id"]), agency_id


@pytest.mark.parametrize("lost", ["request", "answer", None])
def test_a_process_asks_again_and_is_charged_once(
    start: Callable[[], ServiceProcess], bus: Bus, database: ServiceDatabase, stripe_peer: StripePeer, lost: str | None
) -> None:
    billing = start()
    invoice_id, agency_id = a_purchase(bus, database)
    stripe_peer.loses = lost
    bus.publish("billing", "invoice_issued", {"invoice_id": invoice_id}, agency_id=agency_id)
    eventually(lambda: database.query("SELECT 1 FROM payments WHERE status = 'succeeded'"), within_seconds=30, what="the payment")
    assert stripe_peer.charged() == [5000]
    [row] = database.query("SELECT token FROM billing_profiles")
    assert not any(secret in billing.text() for secret in (SECRET_KEY, WEBHOOK_SECRET, *row["token"].split("/")))


def test_a_process_killed_after_stripe_charged_and_before_it_heard_so_charges_once(
    start: Callable[[], ServiceProcess], bus: Bus, database: ServiceDatabase, stripe_peer: StripePeer
) -> None:
    billing = start()
    invoice_id, agency_id = a_purchase(bus, database)
    stripe_peer.meanwhile = billing.kill
    bus.publish("billing", "invoice_issued", {"invoice_id": invoice_id}, agency_id=agency_id)
    eventually(lambda: not billing.running, within_seconds=30, what="the process gone")
    [payment] = database.query("SELECT id, status FROM payments")
    assert (payment["status"], stripe_peer.charged()) == ("pending", [5000])
    start()
    told = signed(telling("payment_intent.succeeded", intent_of(stripe_peer, payment["id"])))
    heard = [bus.call("billing", "hear_provider", told)["effect"] for _ in range(2)]
    assert heard.count(True) <= 1
    eventually(lambda: database.query("SELECT 1 FROM payments WHERE status = 'succeeded'"), within_seconds=30, what="the payment")
    eventually(lambda: database.query("SELECT 1 FROM inbox"), within_seconds=30, what="the redelivery handled")
    assert stripe_peer.charged() == [5000]
    assert [name for name, _ in database.emitted()].count("invoice_paid") == 1


def test_who_forges_a_webhook_is_refused_by_name(start: Callable[[], ServiceProcess], bus: Bus) -> None:
    start()
    refusal = refusal_of(lambda: bus.call("billing", "hear_provider", {"body": "{}", "signature": "t=1,v1=ab"}))
    assert (refusal.kind, refusal.code) == ("malformed", "webhook_signature_invalid")
