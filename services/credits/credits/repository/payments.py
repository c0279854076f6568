"""Reservations and credit notes, and the locks that put their facts in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from credits.models import CreditNote
from credits.repository.movements import Rows

INSERT_RESERVATION = text("""
    INSERT INTO reservations (payment_id, invoice_id, agency_id, state, created_at, settled_at)
    VALUES (:payment_id, :invoice_id, :agency_id, :state, :now, CASE WHEN :state <> 'pending' THEN :now END)
    ON CONFLICT DO NOTHING RETURNING payment_id
""")

SETTLE_RESERVATION = "UPDATE reservations SET state = :settled_as, settled_at = :settled_at WHERE payment_id = :settled_payment_id"

LOCK_INVOICE = "SELECT pg_advisory_xact_lock(hashtextextended(:invoice_id, 0))"

LOCKED_RESERVATION = """
    SELECT FROM reservations WHERE payment_id = :payment_id FOR UPDATE;
    SELECT asked.state, EXISTS (SELECT FROM credit_notes AS n WHERE n.invoice_id = asked.invoice_id AND n.state = 'waiting') AS is_awaited,
        postings.lot_id, pots.account_id, postings.units
    FROM reservations AS asked
    LEFT JOIN (
        transactions AS moved
        JOIN postings ON postings.transaction_id = moved.id
        JOIN ledger_accounts AS pots ON pots.id = postings.ledger_account_id AND pots.purpose = 'reserved'
    ) ON moved.idempotency_key = :idempotency_key
    WHERE asked.payment_id = :payment_id
    ORDER BY postings.line
"""
"""One round trip: what comes after a lock sees what was committed while it was waited for."""

RESERVATION = text(LOCKED_RESERVATION)
RESERVATION_TO_SPEND = text(f"SELECT FROM accounts WHERE id = :account_id FOR SHARE; {LOCK_INVOICE}; {LOCKED_RESERVATION}")


def insert_reservation(session: Session, *, payment_id: str, invoice_id: str, agency_id: str, state: str, now: datetime) -> bool:
    """Insert a reservation; False where the payment has one. Waits for whoever is inserting it right now."""
    values = {"payment_id": payment_id, "invoice_id": invoice_id, "agency_id": agency_id, "state": state, "now": now}
    return session.connection().execute(INSERT_RESERVATION, values).first() is not None


def locked_reservation(session: Session, *, payment_id: str, idempotency_key: str) -> Rows:
    """Lock the reservation of a payment and give what it is: nothing where there is none, else at least one row.

    Each says its state; is_awaited: a credit note waits for what is spent on its invoice; and lot_id, account_id, units of one of the parts
    that the transaction of the key reserved, in order, None where it reserved nothing.
    """
    return session.connection().execute(RESERVATION, {"payment_id": payment_id, "idempotency_key": idempotency_key}).all()


def locked_to_spend_reserved(session: Session, *, account_id: str | None, invoice_id: str, payment_id: str, idempotency_key: str) -> Rows:
    """Give what `locked_reservation` gives, once the account is kept as it is and nobody else works on the invoice, in this order."""
    wanted = {"account_id": account_id, "invoice_id": invoice_id, "payment_id": payment_id, "idempotency_key": idempotency_key}
    return session.connection().execute(RESERVATION_TO_SPEND, wanted).all()


def settled(*, payment_id: str, state: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """Give the statement that settles a reservation, and its values."""
    return SETTLE_RESERVATION, {"settled_payment_id": payment_id, "settled_as": state, "settled_at": now}


def lock_invoice(session: Session, invoice_id: str) -> None:
    """Wait until nobody else works on what was spent on the invoice or is to be given back for it.

    No row can be the lock: a credit note may come before everything else of its invoice.
    """
    session.execute(text(LOCK_INVOICE), {"invoice_id": invoice_id})


def insert_credit_note(session: Session, **values: Any) -> CreditNote | None:
    """Insert a credit note; None where it is there already."""
    return session.scalar(insert(CreditNote).values(**values).on_conflict_do_nothing().returning(CreditNote))


def waiting_credit_notes_of(session: Session, invoice_id: str) -> Sequence[CreditNote]:
    """Give the credit notes that came before what they give back was spent."""
    where = (CreditNote.invoice_id == invoice_id, CreditNote.state == "waiting")
    return session.scalars(select(CreditNote).where(*where).order_by(CreditNote.id)).all()
