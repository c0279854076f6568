"""Every question to the ledger has a name here, and every lock is taken here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from credits.models import CreditNote, LedgerAccount, Lot, Posting, Reservation, Transaction

Rows = Sequence[Row[*tuple[Any, ...]]]

# --- ledger accounts and what they hold ---------------------------------------------------------------------------------------------------


def insert_ledger_accounts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of the ledger accounts that are not there yet."""
    session.execute(insert(LedgerAccount).values(rows).on_conflict_do_nothing())


def pots(session: Session, *, agency_id: str, account_ids: Collection[str | None], kind: str, unit: str | None) -> Rows:
    """Give what these pots (None: the agency's own) are made of, of every unit of the kind where none is named.

    A row per ledger account, lot available and lot reserved: id, account_id, unit, purpose; lot_id, units, purchased_at, expires_at
    (None where a ledger account has nothing, and for `spent` and `issued`).
    """
    return session.connection().execute(POTS, _pots(agency_id, account_ids, kind, unit)).all()


def locked_pots(session: Session, *, agency_id: str, account_ids: Collection[str | None], kind: str, unit: str) -> Rows:
    """Give what `pots` gives, once their ledger accounts are locked.

    Whoever moves credit locks its pots first, all at once and in the order of their ids: two who do so cannot wait for each other.
    """
    return session.connection().execute(LOCKED_POTS, _pots(agency_id, account_ids, kind, unit)).all()


def _pots(agency_id: str, account_ids: Collection[str | None], kind: str, unit: str | None) -> dict[str, Any]:
    named = [account_id for account_id in account_ids if account_id is not None]
    return {"agency_id": agency_id, "account_ids": named, "with_agency": None in account_ids, "kind": kind, "unit": unit}


# --- movements ----------------------------------------------------------------------------------------------------------------------------


def insert_lot(session: Session, **values: Any) -> bool:
    """Insert the lot that an invoice bought; False where that was done before."""
    return session.scalar(insert(Lot).values(**values).on_conflict_do_nothing().returning(Lot.id)) is not None


def insert_transaction(
    session: Session, *, ledger_account_ids: Sequence[str], lot_ids: Sequence[str], units: Sequence[int], **values: Any
) -> None:
    """Insert a transaction with its postings: as many ledger accounts, lots and units as there are lines."""
    lines = {"ledger_account_ids": ledger_account_ids, "lot_ids": lot_ids, "units": units}
    session.connection().execute(INSERT_TRANSACTION, {**values, **lines})


def moved_by(session: Session, *, idempotency_key: str, purpose: str) -> Rows:
    """Give lot_id, account_id, units that a transaction moved in ledger accounts for `purpose`, in order; nothing where it is not there."""
    return session.execute(
        select(Posting.lot_id, LedgerAccount.account_id, Posting.units)
        .join(Transaction, Transaction.id == Posting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(Transaction.idempotency_key == idempotency_key, LedgerAccount.purpose == purpose)
        .order_by(Posting.line)
    ).all()


def left_of_invoice(session: Session, *, invoice_id: str, purpose: str) -> Rows:
    """Give lot_id, account_id, units that an invoice's transactions left in ledger accounts for `purpose`, in the order they came."""
    left = func.sum(Posting.units)
    return session.execute(
        select(Posting.lot_id, LedgerAccount.account_id, left.label("units"))
        .join(Transaction, Transaction.id == Posting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(Transaction.invoice_id == invoice_id, LedgerAccount.purpose == purpose)
        .group_by(Posting.lot_id, LedgerAccount.account_id)
        .having(left > 0)
        .order_by(func.min(Posting.line).filter(Posting.units > 0))
    ).all()


# --- reservations and credit notes --------------------------------------------------------------------------------------------------------


def insert_reservation(session: Session, *, payment_id: str, invoice_id: str, agency_id: str, state: str, now: datetime) -> bool:
    """Insert a reservation; False where the payment has one. Waits for whoever is inserting it right now."""
    values = {"payment_id": payment_id, "invoice_id": invoice_id, "agency_id": agency_id, "state": state, "now": now}
    return session.connection().execute(INSERT_RESERVATION, values).first() is not None


def reservation_for_update(session: Session, payment_id: str) -> Reservation:
    """Give the reservation of a payment that is known to have one, locked."""
    return session.get_one(Reservation, payment_id, with_for_update=True)


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


# --- history ------------------------------------------------------------------------------------------------------------------------------


def transactions_of(session: Session, *, agency_id: str, kind: str, before_id: str | None, limit: int) -> Sequence[Transaction]:
    """Give the agency's movements of one kind, newest first, `limit` of them from before `before_id`."""
    statement = select(Transaction).where(Transaction.agency_id == agency_id, Transaction.kind == kind)
    if before_id is not None:
        statement = statement.where(Transaction.id < before_id)
    return session.scalars(statement.order_by(Transaction.id.desc()).limit(limit)).all()


def count_transactions_of(session: Session, *, agency_id: str, kind: str) -> int:
    """Count the movements of one kind that the agency has."""
    where = (Transaction.agency_id == agency_id, Transaction.kind == kind)
    return session.execute(select(func.count()).select_from(Transaction).where(*where)).scalar_one()


def postings_of(session: Session, transaction_ids: Collection[str]) -> Rows:
    """Give transaction_id, account_id, purpose, lot_id and units of these transactions' postings, in order."""
    return session.execute(
        select(Posting.transaction_id, LedgerAccount.account_id, LedgerAccount.purpose, Posting.lot_id, Posting.units)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(Posting.transaction_id.in_(transaction_ids))
        .order_by(Posting.transaction_id, Posting.line)
    ).all()


# --- what a payment does while it keeps all others from its pot ---------------------------------------------------------------------------
# Written out and run on the connection: the time it takes to build such statements as objects is time that the others wait.

INSERT_RESERVATION = text("""
    INSERT INTO reservations (payment_id, invoice_id, agency_id, state, created_at, settled_at)
    VALUES (:payment_id, :invoice_id, :agency_id, :state, :now, CASE WHEN :state <> 'pending' THEN :now END)
    ON CONFLICT DO NOTHING RETURNING payment_id
""")

OF_POTS = """
    agency_id = :agency_id AND kind = :kind AND (CAST(:unit AS varchar) IS NULL OR unit = :unit)
    AND (account_id = ANY(CAST(:account_ids AS varchar[])) OR (account_id IS NULL AND :with_agency))
"""

SELECT_POTS = f"""
    SELECT pots.id, pots.account_id, pots.unit, pots.purpose, held.lot_id, held.units, lots.purchased_at, lots.expires_at
    FROM (SELECT * FROM ledger_accounts WHERE {OF_POTS}) AS pots
    LEFT JOIN holdings AS held ON held.ledger_account_id = pots.id AND held.units > 0 AND pots.purpose IN ('available', 'reserved')
    LEFT JOIN lots ON lots.id = held.lot_id
"""  # noqa: S608  OF_POTS is written above

POTS = text(SELECT_POTS)

LOCKED_POTS = text(f"SELECT FROM ledger_accounts WHERE {OF_POTS} ORDER BY id FOR NO KEY UPDATE; {SELECT_POTS}")
"""One round trip, two statements: the second sees what was committed while the first waited."""

INSERT_TRANSACTION = text("""
    WITH moved AS (
        INSERT INTO transactions (id, idempotency_key, agency_id, kind, unit, purpose, invoice_id, payment_id, credit_note_id, created_at)
        VALUES (:id, :idempotency_key, :agency_id, :kind, :unit, :purpose, :invoice_id, :payment_id, :credit_note_id, :created_at)
    )
    INSERT INTO postings (transaction_id, line, ledger_account_id, lot_id, unit, units)
    SELECT :id, line, ledger_account_id, lot_id, :unit, units
    FROM unnest(CAST(:ledger_account_ids AS varchar[]), CAST(:lot_ids AS varchar[]), CAST(:units AS bigint[]))
        WITH ORDINALITY AS posting (ledger_account_id, lot_id, units, line)
""")
