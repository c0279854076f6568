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


class ReservationImpossible(Refusal):
    """Credits reserved less than nothing, more than was asked for, or another currency: a defect on its side, nothing is charged."""

    kind = "internal"
    code = "reservation_impossible"
    message = "Credits reserved {reserved} of {total}, which cannot be."
