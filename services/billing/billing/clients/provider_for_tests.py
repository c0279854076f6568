"""The payment provider of tests and demonstrations."""

from typing import Any

from billing import errors
from billing.clients.provider import (
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
from chassis.database import Database, translated
from chassis.ids import new_id
from chassis.money import Money


def _card(brand: str, last_four: str, *, expiry_year: int = 2040) -> dict[str, Any]:
    return {"brand": brand, "last_four": last_four, "expiry_month": 12, "expiry_year": expiry_year}


CARDS: dict[str, dict[str, Any]] = {
    "pm_card_visa": _card("visa", "4242"),
    "pm_card_mastercard": _card("mastercard", "4444"),
    "pm_card_declined": _card("visa", "0002"),
    "pm_card_insufficient_funds": _card("visa", "9995"),
    "pm_card_expired": _card("visa", "0069", expiry_year=2020),
    "pm_card_lost": _card("visa", "9987"),
    "pm_card_authentication_required": _card("visa", "3184"),
    "pm_card_pending": _card("visa", "0077"),
    "pm_card_timeout": _card("visa", "0259"),
    "pm_card_processing_error": _card("visa", "0119"),
}


DECLINES = {
    "pm_card_declined": Declined.by("card_declined", "The card was declined."),
    "pm_card_insufficient_funds": Declined.by("insufficient_funds", "The card has insufficient funds."),
    "pm_card_expired": Declined.by("expired_card", "The card has expired."),
    "pm_card_lost": Declined.by("lost_card", "The card was reported lost."),
    "pm_card_authentication_required": Declined.by("authentication_required", "The card asks its owner to confirm the payment."),
}


COUNT_REQUEST = (
    "INSERT INTO test_provider_requests AS r (idempotency_key, asked) VALUES (%(key)s, 1)"
    " ON CONFLICT (idempotency_key) DO UPDATE SET asked = r.asked + 1 RETURNING asked"
)


INSERT_CHARGE = (
    "INSERT INTO test_provider_charges (id, idempotency_key, payment_method, currency, amount_minor, is_pending, created_at)"
    " VALUES (%(id)s, %(key)s, %(payment_method)s, %(currency)s, %(amount_minor)s, %(is_pending)s, now())"
    " ON CONFLICT (idempotency_key) DO NOTHING"
)


SELECT_CHARGE = "SELECT id, currency, amount_minor, is_pending FROM test_provider_charges WHERE idempotency_key = %(key)s"


SETTLE_CHARGE = "UPDATE test_provider_charges SET is_pending = false WHERE idempotency_key = %(key)s RETURNING id, currency, amount_minor"


INSERT_REFUND = (
    "INSERT INTO test_provider_refunds (id, idempotency_key, charge_id, currency, amount_minor, created_at)"
    " VALUES (%(id)s, %(key)s, %(charge_id)s, %(currency)s, %(amount_minor)s, now()) ON CONFLICT (idempotency_key) DO NOTHING"
)


INSERT_SETUP = (
    "INSERT INTO test_provider_setup_intents (id, idempotency_key, agency_id, client_secret, created_at)"
    " VALUES (%(id)s, %(key)s, %(agency_id)s, %(client_secret)s, now()) ON CONFLICT (idempotency_key) DO NOTHING"
)


SELECT_SETUP_BY_KEY = "SELECT id, client_secret FROM test_provider_setup_intents WHERE idempotency_key = %(key)s"


SELECT_SETUP = "SELECT id FROM test_provider_setup_intents WHERE id = %(id)s AND agency_id = %(agency_id)s"


SELECT_REFUND = "SELECT id, currency, amount_minor, false AS is_pending FROM test_provider_refunds WHERE idempotency_key = %(key)s"


class TestProvider:
    """A payment provider for tests and demonstrations: no money moves, but everything else is as with a real one.

    It keeps what it did in its own tables through its own connections, so its effects stay when a unit of work around it does not
    commit. Cards that misbehave: `pm_card_timeout` is charged and the first answer lost; `pm_card_processing_error` fails the first
    time before it is charged; the money of `pm_card_pending` is under way until somebody asks about it.
    """

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url, pool_size=5, statement_timeout_seconds=TIMEOUT_SECONDS, application_name="test-provider")

    def describe(self, *, payment_method: str, agency_id: str) -> PaymentMethod:
        """Say which card a token stands for, whoever has it; raises `PaymentMethodUnknown`."""
        del agency_id
        if payment_method not in CARDS:
            raise errors.PaymentMethodUnknown
        return PaymentMethod(token=payment_method, **CARDS[payment_method])

    def begin_setup(self, *, idempotency_key: str, agency_id: str) -> SetupIntent:
        """Prepare to take a card; there is no browser here, so it is handed over in the same breath, and is a Visa."""
        setup = {"id": new_id("seti"), "key": idempotency_key, "agency_id": agency_id, "client_secret": new_id("secret")}
        with translated(), self._database.engine.begin() as connection:
            connection.exec_driver_sql(INSERT_SETUP, setup)
            kept = connection.exec_driver_sql(SELECT_SETUP_BY_KEY, {"key": idempotency_key}).one()
        return SetupIntent(id=kept.id, client_secret=kept.client_secret, status="succeeded")

    def describe_setup(self, *, setup_intent: str, agency_id: str) -> PaymentMethod:
        """Say which card was handed over: it is a Visa."""
        with translated(), self._database.engine.begin() as connection:
            kept = connection.exec_driver_sql(SELECT_SETUP, {"id": setup_intent, "agency_id": agency_id}).one_or_none()
        if kept is None:
            raise errors.SetupIntentUnknown
        return self.describe(payment_method="pm_card_visa", agency_id=agency_id)

    def forget(self, *, payment_method: str) -> None:
        """Forget nothing: these cards are everybody's."""

    def told(self, *, body: str, signature: str) -> ProviderTold:
        """Believe nobody: this provider tells nothing of its own accord."""
        del body, signature
        raise errors.WebhookForged

    def charge(self, *, idempotency_key: str, payment_method: str, amount: Money) -> Charged:
        """Charge the card as its token says."""
        with translated(), self._database.engine.begin() as connection:
            is_first = connection.exec_driver_sql(COUNT_REQUEST, {"key": idempotency_key}).scalar_one() == 1
        if is_first and payment_method == "pm_card_processing_error":
            raise errors.ProviderUnavailable(reason="an error while processing the card")
        if payment_method in DECLINES:
            return DECLINES[payment_method]
        asked: dict[str, str | bool] = {"payment_method": payment_method, "is_pending": payment_method == "pm_card_pending"}
        made, is_pending = self._keep(INSERT_CHARGE, SELECT_CHARGE, id=new_id("ch"), key=idempotency_key, amount=amount, **asked)
        if is_first and payment_method == "pm_card_timeout":
            raise errors.ProviderUnavailable(reason="no answer came in time")
        return Pending(id=made) if is_pending else Charge(id=made, amount=amount)

    def refund(self, *, idempotency_key: str, charge_id: str, amount: Money) -> CardRefund:
        """Give back what was charged."""
        made, _ = self._keep(INSERT_REFUND, SELECT_REFUND, id=new_id("re"), key=idempotency_key, amount=amount, charge_id=charge_id)
        return CardRefund(id=made, amount=amount)

    def find(self, *, idempotency_key: str, payment_method: str) -> Charged | None:
        """Look up the charge made under a key; one whose money was under way has come meanwhile."""
        del payment_method
        with translated(), self._database.engine.begin() as connection:
            found = connection.exec_driver_sql(SETTLE_CHARGE, {"key": idempotency_key}).one_or_none()
        return None if found is None else Charge(id=found.id, amount=Money(amount_minor=found.amount_minor, currency=found.currency))

    def _keep(self, insert: str, select: str, *, key: str, amount: Money, **values: str | bool) -> tuple[str, bool]:
        """Insert unless the key is there, commit, and give what is kept under the key; like real providers, for one amount only.

        Gives the id, and whether its money is still under way.
        """
        asked = (amount.amount_minor, amount.currency)
        with translated(), self._database.engine.begin() as connection:
            connection.exec_driver_sql(insert, {"key": key, "amount_minor": asked[0], "currency": asked[1], **values})
            kept = connection.exec_driver_sql(select, {"key": key}).one()
        if (kept.amount_minor, kept.currency) != asked:
            raise ValueError("The idempotency key was used for another amount.")
        return str(kept.id), bool(kept.is_pending)
