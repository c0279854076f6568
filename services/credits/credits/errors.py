"""What credits refuses, by name."""

from chassis.errors import Refusal


class CurrencyNeeded(Refusal):
    """An agency that does not have prepaid in exactly one currency spoke of «the» balance."""

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


class AccountNotFound(Refusal):
    """The agency has no such account: there is none, it has not been opened yet, or it is another agency's."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account {account_id}."
    field = "account_id"


class AccountNotUsable(Refusal):
    """Credit is for accounts that can be used; what one had left can be taken back whatever became of it."""

    kind = "conflict"
    code = "account_not_usable"
    message = "The account is {status}: its credit can be taken back, but it gets and spends none until it is renewed."
    field = "account_id"


class AccountDisabled(Refusal):
    """Nobody uses an account that is disabled, so it spends nothing; its fees are paid by its prepaid all the same (R0.60)."""

    kind = "conflict"
    code = "account_disabled"
    message = "The account is disabled: it keeps its credit, and spends none until it is enabled."
    field = "account_id"


class SmsNotOnPlan(Refusal):
    """SMS needs the add-on, which the plan Starter never has (R0.108)."""

    kind = "conflict"
    code = "sms_not_on_plan"
    message = "The account is on {plan} without the SMS add-on: change to a plan above Starter with the add-on sms first."
    field = "account_id"


class NotEnoughCredits(Refusal):
    """More credit was to be moved or spent than is there and unspent."""

    kind = "conflict"
    code = "not_enough_credits"
    message = "There are {available} unspent units, not {wanted}: use at most {available}, or buy more."
    field = "units"


class ReferenceReused(Refusal):
    """A reference stands for one spend; a second one with other particulars is a mistake of the caller's."""

    kind = "invalid"
    code = "reference_reused"
    message = "The reference {reference} stands for another spend already: give every spend its own."
    field = "reference"
