"""Every question to the ledger has a name here, and every lock is taken here."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.ids import new_id
from credits import domain, models


@dataclass(frozen=True, kw_only=True)
class Books:
    """The ledger accounts of some pots of an agency, locked: nobody else moves their credit until this transaction ends."""

    ids: dict[tuple[str | None, str], str]
    """By pot (None: the agency's own) and purpose."""

    def pots_by_id(self, *, purpose: str) -> dict[str, str | None]:
        """Give every ledger account for `purpose`, and whose pot it belongs to."""
        return {ledger_account_id: account_id for (account_id, each), ledger_account_id in self.ids.items() if each == purpose}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One posting as the history shows it."""

    account_id: str | None
    purpose: str
    lot_id: str
    units: int


def open_books(session: Session, *, agency_id: str, account_id: str | None, kind: str, unit: str) -> None:
    """Make the pot's ledger accounts where they are not there yet."""
    rows = [
        {"id": new_id("lac"), "agency_id": agency_id, "account_id": account_id, "kind": kind, "unit": unit, "purpose": purpose.value}
        for purpose in domain.Purpose
    ]
    session.execute(insert(models.LedgerAccount).values(rows).on_conflict_do_nothing())


def lock_books(session: Session, *, agency_id: str, account_ids: Collection[str | None], unit: str) -> Books:
    """Lock the ledger accounts of these pots (None: the agency's own), in the order of their ids so that no two callers deadlock."""
    rows = session.connection().execute(
        LOCK_BOOKS,
        {
            "agency_id": agency_id,
            "unit": unit,
            "account_ids": [account_id for account_id in account_ids if account_id is not None],
            "with_agency": None in account_ids,
        },
    )
    return Books(ids={(row.account_id, row.purpose): row.id for row in rows})


def lock_invoice(session: Session, *, invoice_id: str) -> None:
    """Wait until nobody else works on what was spent on the invoice or is to be given back for it.

    No row can be the lock: a credit note may come before everything else of its invoice.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:invoice_id, 0))"), {"invoice_id": invoice_id})


def open_lots(session: Session, *, books: Books) -> list[domain.OpenLot]:
    """Give what is available in the books: an entry per pot and lot, in no particular order."""
    pots = books.pots_by_id(purpose=domain.Purpose.AVAILABLE)
    rows = session.connection().execute(OPEN_LOTS, {"ledger_account_ids": list(pots)})
    return [
        domain.OpenLot(
            lot_id=row.lot_id,
            account_id=pots[row.ledger_account_id],
            units_left=row.units,
            purchased_at=row.purchased_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


def add_transaction(session: Session, *, books: Books, postings: Sequence[domain.Posting], **values: object) -> None:
    """Write one transaction with its postings."""
    session.connection().execute(
        INSERT_TRANSACTION,
        {
            **values,
            "ledger_account_ids": [books.ids[posting.account_id, posting.purpose] for posting in postings],
            "lot_ids": [posting.lot_id for posting in postings],
            "units": [posting.units for posting in postings],
        },
    )


def add_lot(session: Session, *, invoice_id: str, **values: object) -> str | None:
    """Add the lot that an invoice bought and give its id; None where that was done before."""
    statement = insert(models.Lot).values(id=new_id("lot"), invoice_id=invoice_id, **values).on_conflict_do_nothing()
    return session.scalar(statement.returning(models.Lot.id))


def add_reservation(
    session: Session, *, payment_id: str, invoice_id: str, agency_id: str, state: domain.ReservationState, now: datetime
) -> bool:
    """Add a reservation unless the payment has one; tell whether it was added. Waits for whoever is adding it right now."""
    values = {"payment_id": payment_id, "invoice_id": invoice_id, "agency_id": agency_id, "state": state.value, "now": now}
    return session.connection().execute(INSERT_RESERVATION, values).first() is not None


def reservation_for_update(session: Session, *, payment_id: str) -> models.Reservation:
    """Give the reservation of a payment that is known to have one, locked."""
    return session.get_one(models.Reservation, payment_id, with_for_update=True)


def reserved_parts(session: Session, *, payment_id: str) -> list[domain.Part]:
    """Give what was reserved for a payment, in the order it was taken; empty where that was nothing."""
    posting, account, transaction = models.Posting, models.LedgerAccount, models.Transaction
    rows = session.execute(
        select(posting.lot_id, account.account_id, posting.units)
        .join(account, account.id == posting.ledger_account_id)
        .join(transaction, transaction.id == posting.transaction_id)
        .where(
            transaction.idempotency_key == domain.key_of(domain.Movement.RESERVATION, payment_id),
            account.purpose == domain.Purpose.RESERVED,
        )
        .order_by(posting.line)
    )
    return [domain.Part(lot_id=row.lot_id, account_id=row.account_id, units=row.units) for row in rows]


def spent_parts(session: Session, *, invoice_id: str) -> list[domain.Part]:
    """Give what was spent on an invoice and not given back since, in the order it was taken."""
    posting, account, transaction = models.Posting, models.LedgerAccount, models.Transaction
    left = func.sum(posting.units)
    rows = session.execute(
        select(posting.lot_id, account.account_id, left.label("units"))
        .join(account, account.id == posting.ledger_account_id)
        .join(transaction, transaction.id == posting.transaction_id)
        .where(transaction.invoice_id == invoice_id, account.purpose == domain.Purpose.SPENT)
        .group_by(posting.lot_id, account.account_id)
        .having(left > 0)
        .order_by(func.min(posting.line).filter(posting.units > 0))
    )
    return [domain.Part(lot_id=row.lot_id, account_id=row.account_id, units=int(row.units)) for row in rows]


def add_credit_note(session: Session, *, credit_note_id: str, **values: object) -> models.CreditNote | None:
    """Add a credit note; None where it is there already."""
    statement = insert(models.CreditNote).values(id=credit_note_id, **values).on_conflict_do_nothing()
    return session.scalar(statement.returning(models.CreditNote))


def waiting_credit_notes_of(session: Session, *, invoice_id: str) -> Sequence[models.CreditNote]:
    """Give the credit notes that came before what they give back was spent."""
    note = models.CreditNote
    return session.scalars(
        select(note).where(note.invoice_id == invoice_id, note.state == domain.CreditNoteState.WAITING).order_by(note.id)
    ).all()


def units_of_pot(session: Session, *, agency_id: str, account_id: str | None, kind: str) -> list[str]:
    """Give the units that one pot keeps credit of the kind in: for prepaid its currencies."""
    account = models.LedgerAccount
    return list(
        session.scalars(
            select(account.unit)
            .where(account.agency_id == agency_id, account.account_id == account_id, account.kind == kind)
            .distinct()
            .order_by(account.unit)
        )
    )


def lots_of_pot(session: Session, *, agency_id: str, account_id: str | None, unit: str) -> dict[domain.Purpose, list[domain.OpenLot]]:
    """Give what one pot has left of every lot, available and reserved."""
    account, holding, lot = models.LedgerAccount, models.Holding, models.Lot
    rows = session.execute(
        select(account.purpose, holding.lot_id, holding.units, lot.purchased_at, lot.expires_at)
        .join(holding, holding.ledger_account_id == account.id)
        .join(lot, lot.id == holding.lot_id)
        .where(
            account.agency_id == agency_id,
            account.account_id == account_id,
            account.unit == unit,
            account.purpose != domain.Purpose.SPENT,
            holding.units > 0,
        )
    )
    lots: dict[domain.Purpose, list[domain.OpenLot]] = defaultdict(list)
    for row in rows:
        lots[domain.Purpose(row.purpose)].append(
            domain.OpenLot(
                lot_id=row.lot_id, account_id=account_id, units_left=row.units, purchased_at=row.purchased_at, expires_at=row.expires_at
            )
        )
    return lots


def transactions_of(session: Session, *, agency_id: str, kind: str, before_id: str | None, limit: int) -> Sequence[models.Transaction]:
    """Give the agency's movements of one kind, newest first, `limit` of them from before `before_id`."""
    transaction = models.Transaction
    statement = (
        select(transaction).where(transaction.agency_id == agency_id, transaction.kind == kind).order_by(transaction.id.desc()).limit(limit)
    )
    return session.scalars(statement if before_id is None else statement.where(transaction.id < before_id)).all()


def count_transactions_of(session: Session, *, agency_id: str, kind: str) -> int:
    """Count the movements of one kind that the agency has."""
    transaction = models.Transaction
    return session.scalars(
        select(func.count()).select_from(transaction).where(transaction.agency_id == agency_id, transaction.kind == kind)
    ).one()


def lines_of(session: Session, *, transaction_ids: Iterable[str]) -> dict[str, list[Line]]:
    """Give the postings of these transactions, by transaction, in order."""
    posting, account = models.Posting, models.LedgerAccount
    rows = session.execute(
        select(posting.transaction_id, account.account_id, account.purpose, posting.lot_id, posting.units)
        .join(account, account.id == posting.ledger_account_id)
        .where(posting.transaction_id.in_(list(transaction_ids)))
        .order_by(posting.transaction_id, posting.line)
    )
    lines: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        lines[row.transaction_id].append(Line(account_id=row.account_id, purpose=row.purpose, lot_id=row.lot_id, units=row.units))
    return lines


# What every payment does while it keeps others from the same pot. Written out, and run on the connection: the time it takes to build
# and to track such statements as objects is time that every other payment of the agency waits.

LOCK_BOOKS = text("""
    SELECT id, account_id, purpose FROM ledger_accounts
    WHERE agency_id = :agency_id AND unit = :unit
        AND (account_id = ANY(CAST(:account_ids AS varchar[])) OR (account_id IS NULL AND :with_agency))
    ORDER BY id FOR NO KEY UPDATE
""")

OPEN_LOTS = text("""
    SELECT holdings.ledger_account_id, holdings.lot_id, holdings.units, lots.purchased_at, lots.expires_at
    FROM holdings JOIN lots ON lots.id = holdings.lot_id
    WHERE holdings.ledger_account_id = ANY(:ledger_account_ids) AND holdings.units > 0
""")

INSERT_RESERVATION = text("""
    INSERT INTO reservations (payment_id, invoice_id, agency_id, state, created_at, settled_at)
    VALUES (:payment_id, :invoice_id, :agency_id, :state, :now, CASE WHEN :state <> 'pending' THEN :now END)
    ON CONFLICT DO NOTHING RETURNING payment_id
""")

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
