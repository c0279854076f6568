"""What moves: ledger accounts and their locks, lots, transactions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.messages import dumps
from credits.models import LedgerAccount, Lot, Posting, Transaction

Rows = Sequence[Row[*tuple[Any, ...]]]

# --- ledger accounts and what they hold ---------------------------------------------------------------------------------------------------


def insert_ledger_accounts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of the ledger accounts that are not there yet."""
    session.execute(insert(LedgerAccount).values(rows).on_conflict_do_nothing())


def pots(session: Session, *, agency_id: str, account_ids: Collection[str | None], kind: str, unit: str | None) -> Rows:
    """Give what these pots (None: the agency's own) are made of, of every unit of the kind where none is named.

    A row per ledger account, lot available and lot reserved: id, account_id, unit, purpose; lot_id, units, purchased_at, expires_at
    (None where a ledger account has nothing, and for `spent` and `issued`); threshold, is_low: the settings of the agency's own pot.
    """
    return session.connection().execute(POTS, _pots(agency_id, account_ids, kind, unit)).all()


def locked_pots(session: Session, *, agency_id: str, account_ids: Collection[str | None], kind: str, unit: str) -> Rows:
    """Give what `pots` gives, once their ledger accounts are locked.

    Whoever moves credit locks its pots first, all at once and in the order of their ids: two who do so cannot wait for each other.
    """
    return session.connection().execute(LOCKED_POTS, _pots(agency_id, account_ids, kind, unit)).all()


def locked_to_spend(
    connection: Connection, *, agency_id: str, account_id: str, kind: str, unit: str, idempotency_keys: Collection[str]
) -> Rows:
    """Keep the account as it is, lock its pot, and give in the same round trip all that spends have to know: at least one row.

    The account's agency_id, status, plan and add_ons, None where it is unknown; those of the keys that have their transactions (`spent`);
    and what `pots` gives of the pot, None where it has none.
    """
    wanted = {"agency_id": agency_id, "account_id": account_id, "kind": kind, "unit": unit, "idempotency_keys": list(idempotency_keys)}
    return connection.execute(LOCKED_TO_SPEND, wanted).all()


def _pots(agency_id: str, account_ids: Collection[str | None], kind: str, unit: str | None) -> dict[str, Any]:
    named = [account_id for account_id in account_ids if account_id is not None]
    return {"agency_id": agency_id, "account_ids": named, "with_agency": None in account_ids, "kind": kind, "unit": unit}


# --- movements ----------------------------------------------------------------------------------------------------------------------------


def insert_lot(session: Session, **values: Any) -> bool:
    """Insert the lot that an invoice bought or a credit note granted; False where that was done before."""
    return session.scalar(insert(Lot).values(**values).on_conflict_do_nothing().returning(Lot.id)) is not None


def units_held(session: Session, *, agency_id: str, kind: str) -> Sequence[str]:
    """Give the units (currencies) in which the agency ever had credit of the kind."""
    where = (LedgerAccount.agency_id == agency_id, LedgerAccount.kind == kind)
    return session.scalars(select(LedgerAccount.unit).where(*where).distinct().order_by(LedgerAccount.unit)).all()


def transaction_with_postings(
    *, ledger_account_ids: Sequence[str], lot_ids: Sequence[str], units: Sequence[int], created_at: datetime, **values: Any
) -> tuple[str, dict[str, Any]]:
    """Give the statement that inserts transactions with their postings, and what it takes for one: two lists, which may be added to.

    There are as many ledger accounts, lots, units as lines.
    """
    lines = enumerate(zip(ledger_account_ids, lot_ids, units, strict=True), start=1)
    postings = [
        {"transaction_id": values["id"], "line": line, "ledger_account_id": side, "lot_id": lot_id, "unit": values["unit"], "units": moved}
        for line, (side, lot_id, moved) in lines
    ]
    return INSERT_TRANSACTIONS, {"transactions": [{**values, "created_at": created_at.isoformat()}], "postings": postings}


def insert_transaction(connection: Connection, **values: Any) -> None:
    """Insert a transaction with its postings, as `transaction_with_postings` takes them."""
    statement, parameters = transaction_with_postings(**values)
    connection.execute(text(statement), {name: dumps(rows) for name, rows in parameters.items()})


def moved_by(session: Session, *, idempotency_key: str, purpose: str) -> Rows:
    """Give transaction_id, lot_id, account_id, units that a transaction moved in ledger accounts for `purpose`, in order, if it is."""
    return session.execute(
        select(Posting.transaction_id, Posting.lot_id, LedgerAccount.account_id, Posting.units)
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


# --- what a payment does while it keeps all others from its pot ---------------------------------------------------------------------------
# Written out and run on the connection: the time it takes to build such statements as objects is time that the others wait.

OF_POTS = """
    agency_id = :agency_id AND kind = :kind AND (CAST(:unit AS varchar) IS NULL OR unit = :unit)
    AND (account_id = ANY(CAST(:account_ids AS varchar[])) OR (account_id IS NULL AND :with_agency))
"""

SELECT_POTS = f"""
    SELECT pots.id, pots.account_id, pots.unit, pots.purpose, held.lot_id, held.units, lots.purchased_at, lots.expires_at,
        settings.threshold, settings.is_low
    FROM (SELECT * FROM ledger_accounts WHERE {OF_POTS}) AS pots
    LEFT JOIN holdings AS held ON held.ledger_account_id = pots.id AND held.units > 0 AND pots.purpose IN ('available', 'reserved')
    LEFT JOIN lots ON lots.id = held.lot_id
    LEFT JOIN settings ON pots.account_id IS NULL
        AND settings.agency_id = pots.agency_id AND settings.kind = pots.kind AND settings.unit = pots.unit
"""  # noqa: S608  OF_POTS is written above

POTS = text(SELECT_POTS)

LOCKED_POTS = text(f"SELECT FROM ledger_accounts WHERE {OF_POTS} ORDER BY id FOR NO KEY UPDATE; {SELECT_POTS}")
"""One round trip, two statements: the second sees what was committed while the first waited."""

LOCKED_TO_SPEND = text("""
    SELECT FROM accounts WHERE id = :account_id FOR SHARE;
    SELECT FROM ledger_accounts WHERE agency_id = :agency_id AND account_id = :account_id AND kind = :kind AND unit = :unit
    ORDER BY id FOR NO KEY UPDATE;
    SELECT owned.agency_id, owned.status, owned.plan, owned.add_ons,
        ARRAY(SELECT idempotency_key FROM transactions WHERE idempotency_key = ANY(CAST(:idempotency_keys AS varchar[]))) AS spent,
        pots.id, pots.account_id, pots.unit, pots.purpose, held.lot_id, held.units, lots.purchased_at, lots.expires_at,
        NULL AS threshold, NULL AS is_low
    FROM (SELECT CAST(:account_id AS varchar) AS id) AS asked
    LEFT JOIN accounts AS owned ON owned.id = asked.id
    LEFT JOIN ledger_accounts AS pots
        ON pots.agency_id = :agency_id AND pots.account_id = asked.id AND pots.kind = :kind AND pots.unit = :unit
    LEFT JOIN holdings AS held ON held.ledger_account_id = pots.id AND held.units > 0 AND pots.purpose IN ('available', 'reserved')
    LEFT JOIN lots ON lots.id = held.lot_id
""")
"""As above, the account first: whoever moves credit of an account holds the account before its pots."""

INSERT_TRANSACTIONS = """
    WITH moved AS (
        INSERT INTO transactions
            (id, idempotency_key, agency_id, kind, unit, purpose, invoice_id, payment_id, credit_note_id, reference, created_at)
        SELECT id, idempotency_key, agency_id, kind, unit, purpose, invoice_id, payment_id, credit_note_id, reference, created_at
        FROM json_to_recordset(CAST(:transactions AS json)) AS moved (
            id text, idempotency_key text, agency_id text, kind text, unit text, purpose text,
            invoice_id text, payment_id text, credit_note_id text, reference text, created_at timestamptz
        )
    )
    INSERT INTO postings (transaction_id, line, ledger_account_id, lot_id, unit, units)
    SELECT transaction_id, line, ledger_account_id, lot_id, unit, units
    FROM json_to_recordset(CAST(:postings AS json)) AS posting (
        transaction_id text, line integer, ledger_account_id text, lot_id text, unit text, units bigint
    )
"""
