"""Reservations and credit notes, and the locks that put their facts in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from credits.models import CreditNote, Reservation

INSERT_RESERVATION = text("""
    INSERT INTO reservations (payment_id, invoice_id, agency_id, state, created_at, settled_at)
    VALUES (:payment_id, :invoice_id, :agency_id, :state, :now, CASE WHEN :state <> 'pending' THEN :now END)
    ON CONFLICT DO NOTHING RETURNING payment_id
""")


def insert_reservation(session: Session, *, payment_id: str, invoice_id: str, agency_id: str, state: str, now: datetime) -> bool:
    """Insert a reservation; False where the payment has one. Waits for whoever is inserting it right now."""
    values = {"payment_id": payment_id, "invoice_id": invoice_id, "agency_id": agency_id, "state": state, "now": now}
    return session.connection().execute(INSERT_RESERVATION, values).first() is not None


def reservation_for_update(session: Session, payment_id: str) -> Reservation:
    """Give the reservation of a payment that is known to have one, locked."""
    return session.get_one(Reservation, payment_id, with_for_update=True)


def reservation_or_none_for_update(session: Session, payment_id: str) -> Reservation | None:
    """Find the reservation of a payment, locked."""
    return session.get(Reservation, payment_id, with_for_update=True)


def lock_invoice(session: Session, invoice_id: str) -> None:
    """Wait until nobody else works on what was spent on the invoice or is to be given back for it.

    No row can be the lock: a credit note may come before everything else of its invoice.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:invoice_id, 0))"), {"invoice_id": invoice_id})


def insert_credit_note(session: Session, **values: Any) -> CreditNote | None:
    """Insert a credit note; None where it is there already."""
    return session.scalar(insert(CreditNote).values(**values).on_conflict_do_nothing().returning(CreditNote))


def waiting_credit_notes_of(session: Session, invoice_id: str) -> Sequence[CreditNote]:
    """Give the credit notes that came before what they give back was spent."""
    where = (CreditNote.invoice_id == invoice_id, CreditNote.state == "waiting")
    return session.scalars(select(CreditNote).where(*where).order_by(CreditNote.id)).all()
