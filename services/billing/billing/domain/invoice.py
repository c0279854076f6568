"""Invoices: their lines, how one is paid, and what undoes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing import errors
from billing.domain.catalogue import Selection
from billing.domain.offer import Offer, describe
from billing.domain.period import Period
from chassis.money import Money


class Purpose(StrEnum):
    """What an invoice, or the quote before it, is for."""

    ACCOUNT_OPENING = "account_opening"
    PLAN_CHANGE = "plan_change"
    CREDIT_PURCHASE = "credit_purchase"
    RENEWAL = "renewal"


class LineReason(StrEnum):
    """Why a line is on its invoice."""

    NEW_PERIOD = "new_period"
    UNUSED_TIME = "unused_time"
    REMAINING_TIME = "remaining_time"
    CREDIT_PURCHASE = "credit_purchase"


class PaymentStatus(StrEnum):
    """`pending`: the provider may have been asked already; the same payment is resumed under the same id."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class InvoiceStatus(StrEnum):
    """Where the money of an invoice stands."""

    OPEN = "open"
    PAID = "paid"
    CREDITED = "credited"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an invoice; a negative amount gives back. `period` is the time paid for, where there is one."""

    description: str
    reason: LineReason
    amount: Money
    period: Period | None


def opening_lines(offer: Offer, *, selection: Selection, period: Period) -> list[Line]:
    """Write the lines for the first period of a new account."""
    return [Line(description=describe(selection), reason=LineReason.NEW_PERIOD, amount=offer.charged, period=period)]


def renewal_lines(per_cycle: Money, *, selection: Selection, period: Period) -> list[Line]:
    """Write the line for a further period: the same amount every cycle, as long as the plan is the same (R0.35, R0.36)."""
    return [Line(description=describe(selection), reason=LineReason.NEW_PERIOD, amount=per_cycle, period=period)]


def change_lines(offer: Offer, *, held: Selection, chosen: Selection, paid: Period | None, period: Period, at: datetime) -> list[Line]:
    """Write the lines for a plan changed `at` that moment: credit for the unused old, charge for the new until `period` ends.

    `paid` is the period that the old plan was paid for; a trial had none, so nothing of it is credited.
    """
    at = at.replace(microsecond=0)
    reason = LineReason.NEW_PERIOD if offer.begins_period else LineReason.REMAINING_TIME
    charge = Line(description=describe(chosen), reason=reason, amount=offer.charged, period=Period(start=at, end=period.end))
    if paid is None:
        return [charge]
    credit = Line(
        description=describe(held), reason=LineReason.UNUSED_TIME, amount=-offer.unused, period=Period(start=at, end=max(at, paid.end))
    )
    return [credit, charge]


def total_of(lines: Sequence[Line]) -> Money:
    """Add up the lines; there is at least one."""
    return sum((line.amount for line in lines[1:]), lines[0].amount)


def card_share(total: Money, *, reserved: Money) -> Money:
    """Say what the card pays once prepaid has paid `reserved` (R0.103–R0.105). Raises `ReservationImpossible`."""
    zero = Money.zero(total.currency)
    if reserved.currency != total.currency or not zero <= reserved <= total:
        raise errors.ReservationImpossible(reserved=reserved.amount_minor, total=total.amount_minor)
    return total - reserved


def invoice_status(*, paid: bool, credited: bool) -> InvoiceStatus:
    """Tell the status from the payment and the credit note: the invoice itself never changes."""
    if credited:
        return InvoiceStatus.CREDITED
    return InvoiceStatus.PAID if paid else InvoiceStatus.OPEN


def document_number(series: str, count: int) -> str:
    """Write the `count`-th number of an agency's series, `INV-000042`; longer where six digits do not suffice."""
    return f"{series}-{count:06d}"
