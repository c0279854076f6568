"""Stripe, with its own library, against localstripe as a real peer over HTTP."""

import logging
from collections.abc import Callable

import pytest

from billing import errors
from billing.clients import Charge, Declined
from billing.clients.stripe_provider import StripeProvider
from chassis.ids import new_id

from .factories import euros
from .stripe_peer import SECRET_KEY, VISA, WEBHOOK_SECRET, StripePeer, stripe_at

AGENCY_ID = new_id("agy")
DECLINED_WHEN_CHARGED = "4000000000000341"
ASKS_ITS_OWNER = "4000002760003184"


@pytest.fixture
def provider(stripe_peer: StripePeer) -> StripeProvider:
    return stripe_at(stripe_peer)


def token_of(provider: StripeProvider, stripe_peer: StripePeer, number: str) -> str:
    return provider.describe(payment_method=stripe_peer.a_card(number), agency_id=AGENCY_ID).token


# --- cards ------------------------------------------------------------------------------------------------------------------------------


def test_a_card_is_described_kept_and_charged(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    card = provider.describe(payment_method="pm_card_visa", agency_id=AGENCY_ID)
    assert (card.brand, card.last_four, card.expiry_month, card.expiry_year) == ("visa", "4242", 12, 2030)
    assert card.token not in repr(card)
    charged = provider.charge(idempotency_key="pay_1", payment_method=card.token, amount=euros(3920))
    assert isinstance(charged, Charge)
    assert (charged.amount, stripe_peer.charged()) == (euros(3920), [3920])


@pytest.mark.parametrize("token", ["pm_nobody", "4242424242424242"])
def test_a_token_that_stripe_does_not_know_is_refused(provider: StripeProvider, token: str) -> None:
    with pytest.raises(errors.PaymentMethodUnknown):
        provider.describe(payment_method=token, agency_id=AGENCY_ID)


def test_a_card_that_is_kept_for_another_agency_is_unknown(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    """R0.62."""
    handed_over = stripe_peer.a_card(VISA)
    kept = provider.describe(payment_method=handed_over, agency_id=AGENCY_ID)
    stripe_peer.forget_keys()
    assert provider.describe(payment_method=handed_over, agency_id=AGENCY_ID) == kept
    with pytest.raises(errors.PaymentMethodUnknown):
        provider.describe(payment_method=handed_over, agency_id=new_id("agy"))


def test_a_card_that_stripe_does_not_keep_is_refused(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    with pytest.raises(errors.PaymentMethodDeclined, match="Your card was declined"):
        provider.describe(payment_method=stripe_peer.a_card("4000000000000002"), agency_id=AGENCY_ID)


def test_what_is_no_card_is_refused(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    debit = stripe_peer.ask("POST", "/v1/payment_methods", {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}})
    with pytest.raises(errors.PaymentMethodUnknown):
        provider.describe(payment_method=debit["id"], agency_id=AGENCY_ID)


def test_a_card_is_handed_over_by_a_setup_intent_of_its_agency(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    """R0.62, R0.64."""
    agency_id = new_id("agy")
    begun = provider.begin_setup(idempotency_key="k", agency_id=agency_id)
    assert begun.client_secret not in repr(begun)
    assert provider.begin_setup(idempotency_key="k", agency_id=agency_id) == begun
    with pytest.raises(errors.SetupIntentUnfinished, match="requires_payment_method"):
        provider.describe_setup(setup_intent=begun.id, agency_id=agency_id)
    card = {"number": VISA, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    confirmation = {"client_secret": begun.client_secret, "payment_method_data": {"type": "card", "card": card}}
    stripe_peer.ask("POST", f"/v1/setup_intents/{begun.id}/confirm", confirmation)
    described = provider.describe_setup(setup_intent=begun.id, agency_id=agency_id)
    assert (described.last_four, described.expiry_year) == ("4242", 2040)
    assert isinstance(provider.charge(idempotency_key="pay_1", payment_method=described.token, amount=euros(100)), Charge)
    for setup_intent, whose in ((begun.id, new_id("agy")), ("seti_nobody", agency_id)):
        with pytest.raises(errors.SetupIntentUnknown):
            provider.describe_setup(setup_intent=setup_intent, agency_id=whose)


# --- charges ----------------------------------------------------------------------------------------------------------------------------


def test_the_same_key_charges_once(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    token = token_of(provider, stripe_peer, VISA)
    charged = [provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100)) for _ in range(3)]
    assert charged[0] == charged[1] == charged[2] == provider.find(idempotency_key="pay_1", payment_method=token)
    assert stripe_peer.charged() == [100]
    assert provider.find(idempotency_key="pay_2", payment_method=token) is None


def test_a_charge_is_found_when_its_key_is_forgotten_and_so_is_what_was_declined(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    token, refused = token_of(provider, stripe_peer, VISA), token_of(provider, stripe_peer, DECLINED_WHEN_CHARGED)
    charged = provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    declined = provider.charge(idempotency_key="pay_2", payment_method=refused, amount=euros(100))
    stripe_peer.forget_keys()
    stripe_peer.requests.clear()
    assert provider.find(idempotency_key="pay_1", payment_method=token) == charged
    assert provider.find(idempotency_key="pay_2", payment_method=refused) == declined
    assert {method for method, _ in stripe_peer.requests} == {"GET"}


def test_a_declined_card_is_an_answer(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    token = token_of(provider, stripe_peer, DECLINED_WHEN_CHARGED)
    declined = provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    assert declined == Declined(code="card_declined", reason="Your card was declined.", is_hard=False)
    assert stripe_peer.charged() == []


def test_a_card_that_asks_its_owner_is_declined_for_good_for_nobody_is_there(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    token = token_of(provider, stripe_peer, ASKS_ITS_OWNER)
    declined = provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    assert isinstance(declined, Declined)
    assert (declined.code, declined.is_hard) == ("authentication_required", True)
    assert provider.find(idempotency_key="pay_1", payment_method=token) == declined


def test_a_card_that_is_not_there_any_more_is_declined_for_good(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    kept = token_of(provider, stripe_peer, VISA)
    declined = provider.charge(idempotency_key="pay_1", payment_method=f"{kept.partition('/')[0]}/pm_gone", amount=euros(100))
    assert isinstance(declined, Declined)
    assert (declined.code, declined.is_hard) == ("card_declined", True)


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_lost_request_and_a_lost_answer_are_unknown_and_charge_once(provider: StripeProvider, stripe_peer: StripePeer, lost: str) -> None:
    token = token_of(provider, stripe_peer, VISA)
    stripe_peer.lose(lost)
    with pytest.raises(errors.ProviderUnavailable) as unknown:
        provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    assert SECRET_KEY not in unknown.value.text
    found = provider.find(idempotency_key="pay_1", payment_method=token)
    assert (found is None) == (lost == "request")
    charged = found or provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    assert isinstance(charged, Charge)
    assert stripe_peer.charged() == [100]


def test_a_refund_is_made_once_also_when_its_key_is_forgotten(provider: StripeProvider, stripe_peer: StripePeer) -> None:
    charged = provider.charge(idempotency_key="pay_1", payment_method=token_of(provider, stripe_peer, VISA), amount=euros(100))
    assert isinstance(charged, Charge)
    first = provider.refund(idempotency_key="cn_1", charge_id=charged.id, amount=euros(100))
    stripe_peer.forget_keys()
    assert provider.refund(idempotency_key="cn_1", charge_id=charged.id, amount=euros(100)) == first
    assert (first.amount, stripe_peer.refunded()) == (euros(100), [100])


def test_stripe_being_away_is_unknown(stripe_peer: StripePeer) -> None:
    del stripe_peer
    nowhere = StripeProvider(api_key=SECRET_KEY, webhook_secret=WEBHOOK_SECRET, api_base="http://127.0.0.1:1")
    asked: list[Callable[[], object]] = [
        lambda: nowhere.describe(payment_method="pm_card_visa", agency_id=AGENCY_ID),
        lambda: nowhere.begin_setup(idempotency_key="k", agency_id=new_id("agy")),
        lambda: nowhere.describe_setup(setup_intent="seti_1", agency_id=new_id("agy")),
        lambda: nowhere.charge(idempotency_key="k", payment_method="cus_1/pm_1", amount=euros(1)),
        lambda: nowhere.refund(idempotency_key="k", charge_id="pi_1", amount=euros(1)),
        lambda: nowhere.find(idempotency_key="k", payment_method="cus_1/pm_1"),
    ]
    for ask in asked:
        with pytest.raises(errors.ProviderUnavailable, match="APIConnectionError"):
            ask()


def test_tokens_and_keys_are_never_logged(provider: StripeProvider, stripe_peer: StripePeer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    logging.getLogger("stripe").setLevel(logging.WARNING)  # as the provider sets it: caplog's level is for the root logger
    token = token_of(provider, stripe_peer, VISA)
    provider.charge(idempotency_key="pay_1", payment_method=token, amount=euros(100))
    secrets = (SECRET_KEY, *token.split("/"))
    assert [
        record for record in caplog.records if any(secret in record.getMessage() for secret in secrets) and record.name == "stripe"
    ] == []
