"""Questions about payments and refunds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from billing.models import (
    Invoice,
    Payment,
    Refund,
)


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


def payment_and_invoice(session: Session, *, payment_id: str) -> Row[Payment, Invoice]:
    """Give a payment that is known to be there, and the invoice it is for."""
    return session.execute(select(Payment, Invoice).join(Invoice, Invoice.id == Payment.invoice_id).where(Payment.id == payment_id)).one()


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
