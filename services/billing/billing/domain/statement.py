"""What moves what an agency owes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Movements:
    """What happened in a time, in minor units of one currency.

    `credited` was taken back, paid or not; what of it had been paid was `refunded_prepaid` and `refunded_card`. `granted` is unused value
    that became prepaid credit: it was never owed, and is in credits' part of the statement.
    """

    invoiced: int
    paid_prepaid: int
    paid_card: int
    credited: int
    refunded_prepaid: int
    refunded_card: int
    granted: int


def closing_of(opening: int, during: Movements) -> int:
    """Say what is open after a time that began with `opening`: what is left of all invoices that are neither paid nor taken back."""
    paid = during.paid_prepaid + during.paid_card - during.refunded_prepaid - during.refunded_card
    return opening + during.invoiced - paid - during.credited
