"""What credits refuses, by name."""

from chassis.errors import Refusal


class CurrencyNeeded(Refusal):
    """An agency that holds prepaid in several currencies asked for «the» balance."""

    kind = "invalid"
    code = "currency_needed"
    message = "Prepaid is held in {currencies}: say which currency is meant."
    field = "currency"


class ReservationSettledOtherwise(Refusal):
    """A payment was said to have failed and to have succeeded; a reservation is settled once, so a person has to look."""

    kind = "conflict"
    code = "reservation_settled_otherwise"
    message = "The reservation of {payment_id} is {state} already and cannot become {wanted}."


class PrepaidDiffers(Refusal):
    """An invoice was paid with another amount of prepaid than was reserved for it: posting either would make money up."""

    kind = "conflict"
    code = "prepaid_differs"
    message = "The payment {payment_id} says that {paid_units} of prepaid paid it, but {reserved_units} are reserved."
