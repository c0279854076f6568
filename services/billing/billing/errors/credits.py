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
