"""How credit moves: the pots are locked, both sides of every part are written, and the cause is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from credits import domain, repository
from credits.domain import Kind, Movement, OpenLot, Part, Purpose


@dataclass(frozen=True, kw_only=True)
class Books:
    """Some pots: the ids of their ledger accounts by pot (None: the agency's own) and purpose, and what is open in them by purpose."""

    ids: dict[tuple[str | None, str], str]
    lots: dict[str, list[OpenLot]]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What a movement is for: whose credit of which unit moves, and the documents it refers to."""

    agency_id: str
    kind: Kind
    unit: str
    invoice_id: str
    payment_id: str | None = None
    credit_note_id: str | None = None

    @property
    def id(self) -> str:
        """Give the document that causes the movement; each causes it once."""
        return self.credit_note_id or self.payment_id or self.invoice_id


def move(uow: UnitOfWork, movement: Movement, parts: Sequence[Part], *, cause: Cause, books: Books | None = None) -> str:
    """Write one transaction with both sides of every part, and give its id; lock the ledger accounts unless `books` has them."""
    if books is None:
        books = lock_books(uow, {part.account_id for part in parts}, cause=cause)
    transaction_id = new_id("txn")
    postings = list(domain.postings_of(movement, parts))
    repository.insert_transaction(
        uow.session,
        ledger_account_ids=[books.ids[posting.account_id, posting.purpose] for posting in postings],
        lot_ids=[posting.lot_id for posting in postings],
        units=[posting.units for posting in postings],
        id=transaction_id,
        idempotency_key=domain.key_of(movement, cause.id),
        agency_id=cause.agency_id,
        kind=cause.kind.value,
        unit=cause.unit,
        purpose=movement.value,
        invoice_id=cause.invoice_id,
        payment_id=cause.payment_id,
        credit_note_id=cause.credit_note_id,
        created_at=uow.now,
    )
    return transaction_id


def lock_books(uow: UnitOfWork, account_ids: Collection[str | None], *, cause: Cause) -> Books:
    """Lock these pots (None: the agency's own), all at once, and read what is open in them."""
    return books_of(
        repository.locked_pots(uow.session, agency_id=cause.agency_id, account_ids=account_ids, kind=cause.kind, unit=cause.unit)
    )


def books_of(rows: repository.Rows) -> Books:
    """Read what the rows of some pots say."""
    lots: dict[str, list[OpenLot]] = {Purpose.AVAILABLE: [], Purpose.RESERVED: []}
    for row in rows:
        if row.lot_id is not None:
            lots[row.purpose].append(open_lot(row))
    return Books(ids={(row.account_id, row.purpose): row.id for row in rows}, lots=lots)


def open_lot(row: Any) -> OpenLot:
    """Read what a row says is left of a lot."""
    return OpenLot(
        lot_id=row.lot_id, account_id=row.account_id, units_left=row.units, purchased_at=row.purchased_at, expires_at=row.expires_at
    )


def parts_of(rows: repository.Rows) -> list[Part]:
    """Read the parts that a transaction moved."""
    return [Part(lot_id=row.lot_id, account_id=row.account_id, units=int(row.units)) for row in rows]
