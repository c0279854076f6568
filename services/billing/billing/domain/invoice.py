"""Invoices: their lines, how one is paid, and what undoes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from unicodedata import combining, normalize

from billing import errors
from billing.domain.catalogue import Selection
from billing.domain.offer import Held, Offer, describe
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


class CreditReason(StrEnum):
    """Why a credit note was issued: an invoice taken back whole, or a change of plan that left something unused."""

    TAKEN_BACK = "taken_back"
    PLAN_CHANGE = "plan_change"


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

    `paid` is the period that the old plan was paid for; a trial had none, so nothing of it is credited. Where the sum is below zero, the
    same lines turned round are those of a credit note.
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


def renewed_meanwhile_lines(offer: Offer, *, held: Held, chosen: Selection, renewed: Period) -> list[Line]:
    """Write what a change adds that was taken before a renewal and heard of after it: the period `renewed` was charged for the old plan.

    The old is given back, and the new charged unless the change began a period of its own.
    """
    credit = Line(description=describe(held.selection), reason=LineReason.UNUSED_TIME, amount=-held.per_cycle, period=renewed)
    if offer.begins_period:
        return [credit]
    return [credit, Line(description=describe(chosen), reason=LineReason.NEW_PERIOD, amount=offer.per_cycle, period=renewed)]


def turned_round(lines: Sequence[Line]) -> list[Line]:
    """Write the lines of an invoice as those of a credit note: what was charged is given back, and the other way round."""
    return [replace(line, amount=-line.amount) for line in lines]


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


def folded(name: str) -> str:
    """Write part of an account's name as accounts are called: in lower case, without accents."""
    return "".join(letter for letter in normalize("NFKD", name.casefold()) if not combining(letter)).strip()


def document_number(series: str, count: int) -> str:
    """Write the `count`-th number of an agency's series, `INV-000042`; longer where six digits do not suffice."""
    return f"{series}-{count:06d}"
