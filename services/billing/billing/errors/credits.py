"""Refusals about credit that is bought."""

from chassis.errors import Refusal


class AmountOutOfRange(Refusal):
    """Credit is bought for at least one minor unit and at most the limit of one purchase."""

    code = "amount_out_of_range"
    message = "Credit is bought for an amount from {lowest} to {highest} minor units at a time."
    field = "amount"


class WrongCurrency(Refusal):
    """One currency per agency."""

    code = "wrong_currency"
    message = "The agency is billed in {allowed}, not in {currency}."
    field = "amount"


class CreditNotOffered(Refusal):
    """The catalogue sells no credit of this kind."""

    code = "credit_not_offered"
    message = "There is no {kind} credit on sale, only {allowed}."
    field = "kind"


class UnitsNotOffered(Refusal):
    """Pieces are bought in steps, from a lowest to a highest number at once."""

    code = "units_not_offered"
    message = "{units} cannot be bought at once: from {lowest} to {highest}, in steps of {step}."
    field = "units"


class AccountNotUsable(Refusal):
    """Credit is bought for accounts that can be used."""

    kind = "conflict"
    code = "account_not_usable"
    message = "The account has ended: it gets no credit until it is on a plan again. Buy it for the agency."
    field = "account_id"


class SmsNotOnPlan(Refusal):
    """SMS needs the add-on, which the plan Starter never has (R0.108)."""

    kind = "conflict"
    code = "sms_not_on_plan"
    message = "The account is on {plan} without the SMS add-on: change to a plan above Starter with the add-on sms first."
    field = "account_id"
