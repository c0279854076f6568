"""The outside world that takes money from cards."""

from dataclasses import dataclass, field
from typing import Protocol

from chassis.money import Money

TIMEOUT_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class PaymentMethod:
    """What may be known and shown of a card; and `token`, which may not: under what its provider keeps it for later charges."""

    token: str = field(repr=False)
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int


@dataclass(frozen=True, kw_only=True)
class SetupIntent:
    """What a browser needs to hand a card to the provider, past us: its number never comes here (R0.64)."""

    id: str
    client_secret: str = field(repr=False)
    status: str


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Money taken from a card."""

    id: str
    amount: Money


HARD_DECLINES = frozenset(
    {"expired_card", "lost_card", "stolen_card", "pickup_card", "fraudulent", "account_closed", "authentication_required"}
)
"""The codes of cards that will not pay later either, not without their owner: asking them again is of no use (R0.64)."""


@dataclass(frozen=True, kw_only=True)
class Declined:
    """The provider's «no»: a result, not a fault. The same key gets it again; a hard one is not worth another attempt."""

    code: str
    reason: str
    is_hard: bool = False

    @classmethod
    def by(cls, code: str, reason: str) -> "Declined":
        """Say no with one of the provider's codes, which tells whether it is a hard one."""
        return cls(code=code, reason=reason, is_hard=code in HARD_DECLINES)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Money under way: neither taken nor refused yet. The provider tells later, or is asked with `find`; it is never charged again."""

    id: str


@dataclass(frozen=True, kw_only=True)
class CardRefund:
    """Money given back to a card."""

    id: str
    amount: Money


Charged = Charge | Declined | Pending
"""What comes of asking a card for money."""


@dataclass(frozen=True, kw_only=True)
class ProviderTold:
    """What the provider told of its own accord, signed by it: what became of one of our payments, a card that changed, or neither."""

    event_id: str
    type: str
    payment_id: str | None = None
    charged: Charged | None = None
    card: PaymentMethod | None = None


class PaymentProvider(Protocol):
    """The outside world that takes money from cards. Every method raises `ProviderUnavailable` where its outcome is unknown."""

    def describe(self, *, payment_method: str, agency_id: str) -> PaymentMethod:
        """Say which card a token stands for, and have it kept for the agency; raises `PaymentMethodUnknown`, `PaymentMethodDeclined`."""

    def begin_setup(self, *, idempotency_key: str, agency_id: str) -> SetupIntent:
        """Prepare for a browser to hand over a card of the agency."""

    def describe_setup(self, *, setup_intent: str, agency_id: str) -> PaymentMethod:
        """Say which card was handed over, and have it kept; raises `SetupIntentUnknown`, `SetupIntentUnfinished` and as `describe`."""

    def charge(self, *, idempotency_key: str, payment_method: str, amount: Money) -> Charged:
        """Take `amount` from the card, once per key."""

    def refund(self, *, idempotency_key: str, charge_id: str, amount: Money) -> CardRefund:
        """Give `amount` of a charge back, once per key."""

    def find(self, *, idempotency_key: str, payment_method: str) -> Charged | None:
        """Look up what became of a charge of a card under a key, however long ago: providers keep charges for ever, keys for a day."""

    def forget(self, *, payment_method: str) -> None:
        """Keep a card no longer, which nothing is charged to any more; one that is not kept is forgotten."""

    def told(self, *, body: str, signature: str) -> ProviderTold:
        """Read what somebody says that the provider tells; raises `WebhookForged` where it is not signed by it."""
