"""Stripe: cards are kept as a customer of Stripe's for each billing profile, and charged while their owner is away.

A kept card is named `customer/payment method`. What is charged carries our payment's id, as idempotency key and as metadata: the key is
good for a day, the metadata for ever. `STRIPE_API_BASE` is where Stripe is, for whoever stands in for it.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from billing import errors
from billing.clients.provider import (
    HARD_DECLINES,
    TIMEOUT_SECONDS,
    CardRefund,
    Charge,
    Charged,
    Declined,
    PaymentMethod,
    Pending,
    ProviderTold,
    SetupIntent,
)
from chassis.config import ConfigurationError
from chassis.money import Money
from chassis.wiring import Wiring

SIGNED_WITHIN_SECONDS = 300
PAGE = 100
NOT_FOUND = 404
TOLD_DECLINES = HARD_DECLINES | {"insufficient_funds"}
"""Why a card was declined, as far as that is told on; every other reason of its bank is `card_declined`."""
DECLINED = "The card was declined."


class StripeProvider:
    """Cards by Stripe, with its own library over `requests`, which eventlet makes yield."""

    def __init__(self, *, api_key: str, webhook_secret: str, api_base: str) -> None:
        logging.getLogger("stripe").setLevel(logging.WARNING)  # below that, it logs addresses, which hold ids of cards
        self._webhook_secret = webhook_secret
        self._stripe = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=0,
        ).v1

    def describe(self, *, payment_method: str, agency_id: str) -> PaymentMethod:
        """Say which card a token stands for, and keep it as a customer of the agency's; one that is kept for another agency is unknown.

        Raises `PaymentMethodUnknown`, `PaymentMethodDeclined`.
        """
        try:
            found = _asked(lambda: self._stripe.payment_methods.retrieve(payment_method))
            if found["type"] != "card":
                raise errors.PaymentMethodUnknown
            customer = self._customer_of(found, agency_id)
        except stripe.CardError as error:
            raise errors.PaymentMethodDeclined(reason=_reason(error.user_message)) from None
        except stripe.InvalidRequestError as error:
            if error.http_status == NOT_FOUND:
                raise errors.PaymentMethodUnknown from None
            raise
        return _card(found, customer=customer["id"])

    def _customer_of(self, card: dict[str, Any], agency_id: str) -> dict[str, Any]:
        if card["customer"] is not None:
            customer = _asked(lambda: self._stripe.customers.retrieve(card["customer"]))
            if _metadata(customer).get("agency_id") != agency_id:
                raise errors.PaymentMethodUnknown
            return customer
        return _asked(
            lambda: self._stripe.customers.create(
                {"payment_method": card["id"], "metadata": {"agency_id": agency_id}},
                {"idempotency_key": f"customer-{agency_id}-{card['id']}"},
            )
        )

    def begin_setup(self, *, idempotency_key: str, agency_id: str) -> SetupIntent:
        """Begin a setup intent for charges while the card's owner is away."""
        begun = _asked(
            lambda: self._stripe.setup_intents.create(
                {"usage": "off_session", "metadata": {"agency_id": agency_id}},
                {"idempotency_key": f"setup-{agency_id}-{idempotency_key}"},
            )
        )
        return SetupIntent(id=begun["id"], client_secret=begun["client_secret"], status=begun["status"])

    def describe_setup(self, *, setup_intent: str, agency_id: str) -> PaymentMethod:
        """Say which card was handed over by a setup intent of the agency; raises `SetupIntentUnknown`, `SetupIntentUnfinished`."""
        try:
            begun = _asked(lambda: self._stripe.setup_intents.retrieve(setup_intent))
        except stripe.InvalidRequestError as error:
            if error.http_status == NOT_FOUND:
                raise errors.SetupIntentUnknown from None
            raise
        if begun["metadata"].get("agency_id") != agency_id:
            raise errors.SetupIntentUnknown
        if begun["status"] != "succeeded":
            raise errors.SetupIntentUnfinished(status=begun["status"])
        return self.describe(payment_method=begun["payment_method"], agency_id=agency_id)

    def charge(self, *, idempotency_key: str, payment_method: str, amount: Money) -> Charged:
        """Charge the card, once per key."""
        customer, _, card = payment_method.partition("/")
        try:
            intent = _asked(
                lambda: self._stripe.payment_intents.create(
                    {
                        "amount": amount.amount_minor,
                        "currency": amount.currency.lower(),
                        "customer": customer,
                        "payment_method": card,
                        "confirm": True,
                        "off_session": True,
                        "metadata": {"payment_id": idempotency_key},
                    },
                    {"idempotency_key": idempotency_key},
                )
            )
        except stripe.CardError as error:
            return _declined(error.json_body["error"] if isinstance(error.json_body, dict) else {})
        except stripe.InvalidRequestError as error:
            if error.http_status == NOT_FOUND:
                return Declined(code="card_declined", reason="The payment provider does not have this card any more.", is_hard=True)
            raise
        return _charged(intent) or Pending(id=intent["id"])

    def refund(self, *, idempotency_key: str, charge_id: str, amount: Money) -> CardRefund:
        """Give `amount` of a charge back, once per key, also when Stripe has forgotten the key."""
        made = _listed(lambda: self._stripe.refunds.list({"payment_intent": charge_id, "limit": PAGE}))
        refund = next((each for each in made if _metadata(each).get("credit_note_id") == idempotency_key), None) or _asked(
            lambda: self._stripe.refunds.create(
                {"payment_intent": charge_id, "amount": amount.amount_minor, "metadata": {"credit_note_id": idempotency_key}},
                {"idempotency_key": idempotency_key},
            )
        )
        return CardRefund(id=refund["id"], amount=amount)

    def find(self, *, idempotency_key: str, payment_method: str) -> Charged | None:
        """Look through the charges of the card for that of the payment: what came of it, or None where it was never asked for."""
        customer = payment_method.partition("/")[0]
        made = _listed(lambda: self._stripe.payment_intents.list({"customer": customer, "limit": PAGE}))
        outcomes = [_charged(each) for each in made if _metadata(each).get("payment_id") == idempotency_key]
        known = [each for each in outcomes if each is not None]
        return next((each for each in known if not isinstance(each, Declined)), next(iter(known), None))

    def forget(self, *, payment_method: str) -> None:
        """Delete the customer as which the card is kept, and the card with it; charges stay, and can be refunded."""
        customer, _, _ = payment_method.partition("/")
        try:
            _asked(lambda: self._stripe.customers.delete(customer))
        except stripe.InvalidRequestError as error:
            if error.http_status != NOT_FOUND:
                raise

    def told(self, *, body: str, signature: str) -> ProviderTold:
        """Read what Stripe tells; raises `WebhookForged`."""
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, SIGNED_WITHIN_SECONDS)
            event = json.loads(body)
            kind, about = event["type"], event["data"]["object"]
            told = ProviderTold(event_id=event["id"], type=kind)
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError):
            raise errors.WebhookForged from None
        if kind == "payment_method.automatically_updated" and about.get("customer") and about.get("card"):
            return ProviderTold(event_id=told.event_id, type=kind, card=_card(about, customer=about["customer"]))
        payment_id = (about.get("metadata") or {}).get("payment_id")
        if kind not in PAYMENTS_TOLD or payment_id is None:
            return told
        return ProviderTold(event_id=told.event_id, type=kind, payment_id=payment_id, charged=PAYMENTS_TOLD[kind](about))


def stripe_provider(wiring: Wiring) -> StripeProvider:
    """Connect to Stripe; raises `ConfigurationError` where its keys are missing."""
    config = wiring.config
    if not (config.stripe_api_key and config.stripe_webhook_secret):
        raise ConfigurationError("PAYMENT_PROVIDER='stripe' needs STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET.")
    return StripeProvider(api_key=config.stripe_api_key, webhook_secret=config.stripe_webhook_secret, api_base=config.stripe_api_base)


@contextmanager
def _faults_named() -> Iterator[None]:
    """Ask Stripe in the block: what it refuses is raised as its library does, every other fault as `ProviderUnavailable`.

    Nobody knows what was done then.
    """
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError):
        raise
    except stripe.StripeError as error:
        raise errors.ProviderUnavailable(reason=type(error).__name__) from None  # its sentence may name a card or a key


def _asked(ask: Callable[[], stripe.StripeObject]) -> dict[str, Any]:
    with _faults_named():
        return ask().to_dict()


def _listed(ask: Callable[[], stripe.ListObject[Any]]) -> list[dict[str, Any]]:
    with _faults_named():
        return [each.to_dict() for each in ask().auto_paging_iter()]


def _charged(intent: Mapping[str, Any]) -> Charged | None:
    """Say what came of a payment intent; None where the card was not asked yet."""
    match intent["status"]:
        case "succeeded":
            return _charge(intent)
        case "processing":
            return Pending(id=intent["id"])
        case "requires_action":
            return Declined.by("authentication_required", "The card asks its owner to confirm the payment.")
        case "requires_payment_method" | "canceled":
            return _declined(intent["last_payment_error"] or {})
        case _:
            return None


def _charge(intent: Mapping[str, Any]) -> Charge:
    return Charge(id=intent["id"], amount=Money(amount_minor=intent["amount"], currency=intent["currency"].upper()))


def _declined(error: Mapping[str, Any]) -> Declined:
    """Say why a card was declined, in the codes of ours; the sentence is the one that Stripe writes for cards' owners."""
    told = error.get("decline_code") or error.get("code")
    code = {"payment_intent_authentication_failure": "authentication_required"}.get(str(told), str(told))
    return Declined.by(code if code in TOLD_DECLINES else "card_declined", _reason(error.get("message")))


def _reason(message: str | None) -> str:
    return message or DECLINED


def _metadata(of: Mapping[str, Any]) -> Mapping[str, Any]:
    return of["metadata"] or {}


def _card(method: Mapping[str, Any], *, customer: str) -> PaymentMethod:
    card = method["card"]
    return PaymentMethod(
        token=f"{customer}/{method['id']}",
        brand=card["brand"],
        last_four=card["last4"],
        expiry_month=card["exp_month"],
        expiry_year=card["exp_year"],
    )


PAYMENTS_TOLD: Mapping[str, Callable[[Mapping[str, Any]], Charged]] = {
    "payment_intent.succeeded": _charge,
    "payment_intent.payment_failed": lambda intent: _declined(intent.get("last_payment_error") or {}),
    "payment_intent.processing": lambda intent: Pending(id=intent["id"]),
}
"""What Stripe tells of payments, by the type of its event; it tells more, which changes nothing here."""
