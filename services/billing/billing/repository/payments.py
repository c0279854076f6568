"""Questions about payments and refunds."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, bindparam, exists, func, select, text
from sqlalchemy.orm import Session, aliased

from billing.models import Account, Dunning, Invoice, InvoiceLine, Payment, Refund, Renewal, Subscription


class ToCollect(NamedTuple):
    """An invoice as whoever collects it finds it, under the locks of its account and its own.

    `payment`: the one asked for, or the last. `is_begun`: the period of a renewal was begun and not taken back. `dunning_state`: None where
    it was never overdue. `invoiced_until`: the end of the period that it is for; `subscribed_until`: of the one that runs.
    """

    invoice: Invoice
    payment: Payment | None
    account_failed_at: datetime | None
    is_begun: bool
    dunning_state: str | None
    invoiced_until: datetime | None
    subscribed_until: datetime | None


ANY_PAYMENT = aliased(Payment)
LAST = select(ANY_PAYMENT.id).where(ANY_PAYMENT.invoice_id == Invoice.id).order_by(ANY_PAYMENT.attempt.desc()).limit(1)

LOCK_TO_COLLECT = text("""
    SELECT FROM accounts WHERE id = (SELECT account_id FROM invoices WHERE id = :invoice_id) FOR UPDATE;
    SELECT id FROM invoices WHERE id = :invoice_id FOR UPDATE
""")
TO_COLLECT = (
    select(
        Invoice,
        Payment,
        select(Account.failed_at).where(Account.id == Invoice.account_id).scalar_subquery(),
        exists().where(Renewal.invoice_id == Invoice.id),
        select(Dunning.state).where(Dunning.invoice_id == Invoice.id).scalar_subquery(),
        select(func.max(InvoiceLine.period_end)).where(InvoiceLine.invoice_id == Invoice.id).scalar_subquery(),
        select(Subscription.period_end).where(Subscription.account_id == Invoice.account_id).scalar_subquery(),
    )
    .select_from(Invoice)
    .outerjoin(Payment, Payment.id == func.coalesce(bindparam("payment_id"), LAST.correlate(Invoice).scalar_subquery()))
    .where(Invoice.id == bindparam("invoice_id"))
    .execution_options(populate_existing=True)
)
"""Asked in columns: as many joins take the database longer to plan than to answer."""


def last_payment(session: Session, *, invoice_id: str) -> Payment | None:
    """Find the latest attempt to collect the invoice."""
    return session.scalar(select(Payment).where(Payment.invoice_id == invoice_id).order_by(Payment.attempt.desc()).limit(1))


def payment_before(session: Session, payment: Payment) -> str | None:
    """Find the id of the attempt before this one at the same invoice; nobody is asked about the first one."""
    if payment.attempt == 1:
        return None
    return session.scalar(select(Payment.id).where(Payment.invoice_id == payment.invoice_id, Payment.attempt == payment.attempt - 1))


def payment(session: Session, *, payment_id: str) -> Payment:
    """Give a payment that is known to be there."""
    return session.get_one(Payment, payment_id)


def locked_to_collect(session: Session, *, invoice_id: str, payment_id: str | None = None) -> ToCollect:
    """Lock the account of an invoice that is known to be there, whosever it is by now, and then the invoice; give what is so from then on.

    Nobody else works on its payments until this transaction ends.
    """
    session.execute(LOCK_TO_COLLECT, {"invoice_id": invoice_id})
    return ToCollect(*session.execute(TO_COLLECT, {"invoice_id": invoice_id, "payment_id": payment_id}).one())


def payment_or_none(session: Session, *, payment_id: str) -> Payment | None:
    """Find a payment that somebody else names."""
    return session.get(Payment, payment_id)


def refund(session: Session, *, credit_note_id: str) -> Refund | None:
    """Find what was given back to the card for a credit note."""
    return session.get(Refund, credit_note_id)


def payments_unheard_of(session: Session, *, asked_before: datetime, limit: int) -> Sequence[Row[Payment, Invoice]]:
    """List at most `limit` payments whose outcome nobody knows and nobody asked for since, the longest first, locked.

    Those that somebody else works on are left to them.
    """
    question = (
        select(Payment, Invoice)
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .where(Payment.status == "pending", Payment.asked_at <= asked_before)
        .order_by(Payment.asked_at, Payment.id)
        .limit(limit)
    )
    return session.execute(question.with_for_update(of=Payment, skip_locked=True)).all()
