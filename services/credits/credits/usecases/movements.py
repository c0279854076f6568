"""How credit moves: the pots are locked, both sides of every part are written, and the cause is kept."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from credits import domain, errors, events, repository
from credits.domain import Kind, Movement, OpenLot, Part, Purpose


@dataclass(frozen=True, kw_only=True)
class Books:
    """Some pots: the ids of their ledger accounts by pot (None: the agency's own) and purpose, and what is open in them by purpose.

    `threshold` and `is_low` are of the agency's own pot, where it is among them and the agency set one.
    """

    ids: dict[tuple[str | None, str], str]
    lots: dict[str, list[OpenLot]]
    threshold: int | None
    is_low: bool

    def available(self, account_id: str | None) -> list[OpenLot]:
        """Give what is open in the pot of the account, or in the agency's own."""
        return [lot for lot in self.lots[Purpose.AVAILABLE] if lot.account_id == account_id]

    def note_spent(self, parts: Sequence[Part]) -> None:
        """Take what was spent out of what is open, for whatever is spent next in the same transaction."""
        self.lots[Purpose.AVAILABLE] = domain.without(self.lots[Purpose.AVAILABLE], parts)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What a movement is for: whose credit of which unit moves, and the documents it refers to."""

    agency_id: str
    kind: Kind
    unit: str
    invoice_id: str | None = None
    payment_id: str | None = None
    credit_note_id: str | None = None
    reference: str | None = None

    def key_of(self, movement: Movement, *, transaction_id: str) -> str:
        """Give the movement's idempotency key: a document causes it once, a reference of the caller's once per agency and kind.

        What nothing of the kind causes (an allocation, an expiry) has the key of its own transaction: what is there can be moved once.
        """
        if self.reference is not None:
            return domain.key_of(movement, f"{self.agency_id}:{self.kind.value}:{self.reference}")
        return domain.key_of(movement, self.credit_note_id or self.payment_id or self.invoice_id or transaction_id)


def move(
    uow: UnitOfWork,
    movement: Movement,
    parts: Sequence[Part],
    *,
    cause: Cause,
    books: Books | None = None,
    into: str | None = None,
    is_last: bool = False,
) -> str:
    """Write one transaction with both sides of every part, and give its id; lock the ledger accounts unless `books` has them.

    An allocation goes into the pot of the account `into`. Tells once when this makes the agency's own pot low. Where it `is_last`, nothing
    of this unit reads the ledger afterwards, and it is written with what is written last: the others wait the shorter for the pots.
    """
    if books is None:
        books = lock_books(uow, {part.account_id for part in parts}, cause=cause)
    transaction_id = new_id("txn")
    postings = list(domain.postings_of(movement, parts, kind=cause.kind, into=into))
    values: dict[str, Any] = {
        "ledger_account_ids": [books.ids[posting.account_id, posting.purpose] for posting in postings],
        "lot_ids": [posting.lot_id for posting in postings],
        "units": [posting.units for posting in postings],
        "id": transaction_id,
        "idempotency_key": cause.key_of(movement, transaction_id=transaction_id),
        "agency_id": cause.agency_id,
        "kind": cause.kind.value,
        "unit": cause.unit,
        "purpose": movement.value,
        "invoice_id": cause.invoice_id,
        "payment_id": cause.payment_id,
        "credit_note_id": cause.credit_note_id,
        "reference": cause.reference,
        "created_at": uow.now,
    }
    if is_last:
        uow.write_last(*repository.transaction_with_postings(**values))
    else:
        repository.insert_transaction(uow.connection, **values)
    if movement in (Movement.RELEASE, Movement.RETURN):
        lot_ids = {part.lot_id for part in parts}
        repository.expect_expiry(uow.session, lot_ids=lot_ids, agency_id=cause.agency_id, kind=cause.kind.value, unit=cause.unit)
    change = sum(posting.units for posting in postings if posting.account_id is None and posting.purpose is Purpose.AVAILABLE)
    watch_pot(uow, books=books, cause=cause, change=change)
    return transaction_id


def watch_pot(uow: UnitOfWork, *, books: Books, cause: Cause, change: int = 0) -> None:
    """Watch the agency's own pot, if it is among `books` and has a threshold: it has what they say, and so many units more."""
    if books.threshold is not None:
        left = sum(lot.units_left for lot in books.available(None)) + change
        watch(uow, agency_id=cause.agency_id, kind=cause.kind, units=left, threshold=books.threshold, was_low=books.is_low)


def watch(uow: UnitOfWork, *, agency_id: str, kind: Kind, units: int, threshold: int, was_low: bool) -> None:
    """Keep whether the agency's own pot, which is locked, is low; tell when it becomes so: once, until it was above its threshold again."""
    is_low = domain.is_low(units, threshold=threshold)
    if is_low == was_low:
        return
    settings = repository.note_low(uow.session, agency_id=agency_id, kind=kind.value, is_low=is_low)
    if is_low:
        uow.emit(
            events.BalanceLow(
                subject=agency_id,
                agency_id=agency_id,
                kind=kind,
                units=units,
                threshold=threshold,
                currency=domain.currency_of(kind=kind, unit=settings.unit),
                top_up=None if settings.top_up_units is None else {"units": settings.top_up_units},
            )
        )


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
    own = next((row for row in rows if row.threshold is not None), None)
    return Books(
        ids={(row.account_id, row.purpose): row.id for row in rows if row.id is not None},
        lots=lots,
        threshold=None if own is None else own.threshold,
        is_low=own is not None and own.is_low,
    )


def open_pots(uow: UnitOfWork, account_ids: Iterable[str | None], *, cause: Cause) -> None:
    """Make the ledger accounts of these pots, where they are not there yet."""
    rows = [
        {
            "id": new_id("lac"),
            "agency_id": cause.agency_id,
            "account_id": account_id,
            "kind": cause.kind.value,
            "unit": cause.unit,
            "purpose": purpose.value,
        }
        for account_id in account_ids
        for purpose in Purpose
    ]
    repository.insert_ledger_accounts(uow.session, rows)


def open_lot(row: Any) -> OpenLot:
    """Read what a row says is left of a lot."""
    return OpenLot(
        lot_id=row.lot_id, account_id=row.account_id, units_left=row.units, purchased_at=row.purchased_at, expires_at=row.expires_at
    )


def parts_of(rows: repository.Rows) -> list[Part]:
    """Read the parts that a transaction moved."""
    return [Part(lot_id=row.lot_id, account_id=row.account_id, units=int(row.units)) for row in rows]


def tell_taken_back(uow: UnitOfWork, transaction_id: str, parts: Sequence[Part], *, account_id: str, cause: Cause) -> None:
    """Tell that an account's credit is the agency's own again."""
    uow.emit(
        events.CreditsTakenBack(
            subject=transaction_id,
            agency_id=cause.agency_id,
            transaction_id=transaction_id,
            kind=cause.kind,
            units=domain.units_in(parts),
            currency=domain.currency_of(kind=cause.kind, unit=cause.unit),
            account_id=account_id,
            lots=parts,
        )
    )


def unit_meant(session: Session, *, agency_id: str, kind: Kind, currency: str | None) -> str:
    """Say which unit is meant where no currency need be given: the one that the agency has prepaid in.

    Raises `CurrencyNeeded` where that is none, or several.
    """
    if kind is not Kind.PREPAID or currency is not None:
        return domain.unit_of(kind=kind, currency=currency or "")
    held = repository.units_held(session, agency_id=agency_id, kind=kind.value)
    if len(held) != 1:
        raise errors.CurrencyNeeded(currencies=", ".join(held) or "no currency yet")
    return held[0]
