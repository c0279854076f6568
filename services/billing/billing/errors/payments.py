"""What payments meet."""

from chassis.errors import Refusal, Unavailable


class ProviderUnavailable(Unavailable):
    """The payment provider did not answer: whether it did what it was asked is unknown until it is asked again under the same key."""

    code = "payment_provider_unavailable"
    message = "The payment provider cannot be reached right now: {reason}. Try again in a moment."


class PaymentNotFound(Refusal):
    """Nobody here made a payment of this id."""

    kind = "not_found"
    code = "payment_not_found"
    message = "There is no payment {payment_id}."
    field = "payment_id"


class ChargeImpossible(Refusal):
    """The provider tells of more than was asked of it, or of another currency: a human looks at it."""

    kind = "internal"
    code = "charge_impossible"
    message = "The payment provider charged {charged} of {total}, which cannot be."


class ReservationImpossible(Refusal):
    """Credits reserved less than nothing, more than was asked for, or another currency: a defect on its side, nothing is charged."""

    kind = "internal"
    code = "reservation_impossible"
    message = "Credits reserved {reserved} of {total}, which cannot be."


class WebhookForged(Refusal):
    """Somebody tells what the payment provider did not sign, or signed too long ago."""

    kind = "malformed"
    code = "webhook_signature_invalid"
    message = "This is not signed by the payment provider, or was signed more than five minutes ago."
