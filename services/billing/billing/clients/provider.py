"""The outside world that takes money from cards."""

from dataclasses import dataclass
from typing import Protocol

from chassis.money import Money

TIMEOUT_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """What may be known and shown of a card."""

    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Money taken from a card."""

    id: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The provider's «no»: a result, not a fault. The same key gets it again."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CardRefund:
    """Money given back to a card."""

    id: str
    amount: Money


class PaymentProvider(Protocol):
    """The outside world that takes money from cards. Every method raises `ProviderUnavailable` where its outcome is unknown."""

    def describe(self, *, payment_method: str) -> PaymentMethod:
        """Say which card a token stands for; raises `PaymentMethodUnknown`."""

    def charge(self, *, idempotency_key: str, payment_method: str, amount: Money) -> Charge | Declined:
        """Take `amount` from the card, once per key."""

    def refund(self, *, idempotency_key: str, charge_id: str, amount: Money) -> CardRefund:
        """Give `amount` of a charge back, once per key."""

    def find(self, *, idempotency_key: str) -> Charge | None:
        """Look up the charge made under a key, however long ago: providers keep charges for ever, keys for a day."""
