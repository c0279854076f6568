"""The verbs of the ledger. Each is one transaction; each may come more than once, and before what it follows from."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.money import Money
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork
from credits import domain, errors, events, models, repository
from credits.domain import Kind, Movement, OpenLot, Part, Purpose, ReservationState

HIGHEST_LOTS_SHOWN = 200


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


# --- commands and facts ---------------------------------------------------------------------------------------------------------------


def reserve_prepaid(
    uow: UnitOfWork, *, agency_id: str, account_id: str | None, payment_id: str, invoice_id: str, up_to: Money
) -> dict[str, Money]:
    """Set prepaid aside for a payment, at most `up_to`: the account's own first, then the agency's (R0.103–R0.105).

    The payment gets the same answer however often it asks. It gets nothing once it has failed, nor if it had succeeded before it asked.
    """
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=up_to.currency, invoice_id=invoice_id, payment_id=payment_id)
    if _insert_reservation(uow, ReservationState.PENDING, cause=cause, payment_id=payment_id):
        books = _lock_books(uow, {account_id, None}, cause=cause)
        parts = domain.take(books.lots[Purpose.AVAILABLE], up_to_units=up_to.amount_minor, now=uow.now)
        if parts:
            _move(uow, Movement.RESERVATION, parts, cause=cause, books=books)
    elif repository.reservation_for_update(uow.session, payment_id).state == ReservationState.RELEASED:
        parts = []
    else:
        parts = _reserved(uow.session, payment_id)
    return {"reserved": Money(amount_minor=domain.units_in(parts), currency=up_to.currency)}


def record_payment(
    uow: UnitOfWork,
    *,
    paid_at: datetime,
    agency_id: str,
    invoice_id: str,
    payment_id: str,
    account_id: str | None,
    prepaid_minor: int,
    currency: str,
    credit: dict[str, Any] | None,
) -> None:
    """Follow from a paid invoice: credit that was bought becomes a lot; for anything else what was reserved is spent.

    Raises `PrepaidDiffers` where the payment used another amount than was reserved, `ReservationSettledOtherwise` where it had failed.
    """
    if credit is not None:
        _purchase(uow, purchased_at=paid_at, agency_id=agency_id, invoice_id=invoice_id, currency=currency, **credit)
        return
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, invoice_id=invoice_id, payment_id=payment_id)
    repository.lock_invoice(uow.session, invoice_id)
    parts = _settle(uow, ReservationState.POSTED, cause=cause, payment_id=payment_id)
    if parts is None:
        return
    domain.check_paid(payment_id=payment_id, paid_units=prepaid_minor, reserved=parts)
    if parts:
        _spend(uow, parts, cause=cause, payment_id=payment_id, account_id=account_id)
    for note in repository.waiting_credit_notes_of(uow.session, invoice_id):
        _return(uow, note)


def release_reservation(uow: UnitOfWork, *, agency_id: str, invoice_id: str, payment_id: str, currency: str) -> None:
    """Follow from a failed payment: what was reserved for it is available again.

    Raises `ReservationSettledOtherwise` where it had succeeded.
    """
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, invoice_id=invoice_id, payment_id=payment_id)
    parts = _settle(uow, ReservationState.RELEASED, cause=cause, payment_id=payment_id)
    if parts:
        _move(uow, Movement.RELEASE, parts, cause=cause)


def return_prepaid(uow: UnitOfWork, *, agency_id: str, credit_note_id: str, invoice_id: str, prepaid_minor: int, currency: str) -> None:
    """Follow from a credit note: prepaid goes back to the lots it came from, at once or as soon as it has been spent."""
    if prepaid_minor == 0:
        return
    repository.lock_invoice(uow.session, invoice_id)
    note = repository.insert_credit_note(
        uow.session,
        id=credit_note_id,
        invoice_id=invoice_id,
        agency_id=agency_id,
        unit=currency,
        units=prepaid_minor,
        state=domain.CreditNoteState.WAITING.value,
        created_at=uow.now,
    )
    if note is not None:
        _return(uow, note)


# --- queries --------------------------------------------------------------------------------------------------------------------------


def balance(session: Session, *, agency_id: str, account_id: str | None, kind: Kind, currency: str | None) -> dict[str, Any]:
    """Tell what one pot holds: that of the account, or the agency's own where `account_id` is None (never both together).

    `units` can be spent, `reserved` waits for the outcome of payments; `balance` is `units` as money, None where there is no currency.
    Raises `CurrencyNeeded` where none is given and prepaid of several is held.
    """
    named = None if currency is None else domain.unit_of(kind=kind, currency=currency)
    rows = repository.pots(session, agency_id=agency_id, account_ids={account_id}, kind=kind, unit=named)
    units = {row.unit for row in rows} if named is None else {named}
    if len(units) > 1:
        raise errors.CurrencyNeeded(currencies=", ".join(sorted(units)))
    lots = _books(rows).lots
    available = sorted(lots[Purpose.AVAILABLE], key=domain.spending_order)
    units_available = sum(lot.units_left for lot in available)
    money_in = next((domain.currency_of(kind=kind, unit=unit) for unit in units), None)
    return {
        "kind": kind,
        "balance": Money(amount_minor=units_available, currency=money_in) if money_in else None,
        "units": units_available,
        "reserved": sum(lot.units_left for lot in lots[Purpose.RESERVED]),
        "lots": available[:HIGHEST_LOTS_SHOWN],
    }


def transactions(session: Session, *, agency_id: str, kind: Kind, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List every movement of the agency's credit of one kind, its accounts' included, newest first. Raises `InvalidCursor`."""
    before_id = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    rows = repository.transactions_of(session, agency_id=agency_id, kind=kind, before_id=before_id, limit=limit + 1)
    page = rows[:limit]
    postings = defaultdict(list)
    for posting in repository.postings_of(session, [row.id for row in page]):
        postings[posting.transaction_id].append(posting)
    return Page(
        data=[
            {
                "id": row.id,
                "kind": kind,
                "purpose": row.purpose,
                "units": sum(posting.units for posting in postings[row.id] if posting.units > 0),
                "currency": domain.currency_of(kind=kind, unit=row.unit),
                "invoice_id": row.invoice_id,
                "payment_id": row.payment_id,
                "credit_note_id": row.credit_note_id,
                "created_at": row.created_at,
                "postings": postings[row.id],
            }
            for row in page
        ],
        next_cursor=encode_cursor(page[-1].id) if len(rows) > limit else None,
        total=repository.count_transactions_of(session, agency_id=agency_id, kind=kind),
    )


# --- steps ----------------------------------------------------------------------------------------------------------------------------


def _purchase(
    uow: UnitOfWork,
    *,
    purchased_at: datetime,
    agency_id: str,
    invoice_id: str,
    currency: str,
    kind: Kind,
    units: int,
    account_id: str | None,
) -> None:
    cause = Cause(agency_id=agency_id, kind=kind, unit=domain.unit_of(kind=kind, currency=currency), invoice_id=invoice_id)
    lot_id = new_id("lot")
    if not repository.insert_lot(
        uow.session, id=lot_id, invoice_id=invoice_id, unit=cause.unit, units=units, purchased_at=purchased_at, expires_at=None
    ):
        return
    pot = {"agency_id": agency_id, "account_id": account_id, "kind": kind.value, "unit": cause.unit}
    repository.insert_ledger_accounts(uow.session, [{"id": new_id("lac"), "purpose": purpose.value, **pot} for purpose in Purpose])
    transaction_id = _move(uow, Movement.PURCHASE, [Part(lot_id=lot_id, account_id=account_id, units=units)], cause=cause)
    uow.emit(
        events.CreditsPurchased(
            subject=transaction_id,
            agency_id=agency_id,
            transaction_id=transaction_id,
            invoice_id=invoice_id,
            kind=kind,
            units=units,
            currency=domain.currency_of(kind=kind, unit=cause.unit),
            account_id=account_id,
        )
    )


def _spend(uow: UnitOfWork, parts: Sequence[Part], *, cause: Cause, payment_id: str, account_id: str | None) -> None:
    transaction_id = _move(uow, Movement.SPENDING, parts, cause=cause)
    uow.emit(
        events.CreditsSpent(
            subject=transaction_id,
            agency_id=cause.agency_id,
            transaction_id=transaction_id,
            payment_id=payment_id,
            invoice_id=cause.invoice_id,
            kind=cause.kind,
            units=domain.units_in(parts),
            currency=domain.currency_of(kind=cause.kind, unit=cause.unit),
            account_id=account_id,
            lots=parts,
        )
    )


def _return(uow: UnitOfWork, note: models.CreditNote) -> None:
    """Give back what the note says if that much has been spent; else it goes on waiting."""
    spent = _parts(repository.left_of_invoice(uow.session, invoice_id=note.invoice_id, purpose=Purpose.SPENT))
    if domain.units_in(spent) < note.units:
        return
    cause = Cause(agency_id=note.agency_id, kind=Kind.PREPAID, unit=note.unit, invoice_id=note.invoice_id, credit_note_id=note.id)
    _move(uow, Movement.RETURN, domain.give_back(spent, units=note.units), cause=cause)
    note.state = domain.CreditNoteState.RETURNED.value


def _settle(uow: UnitOfWork, wanted: ReservationState, *, cause: Cause, payment_id: str) -> list[Part] | None:
    """Settle the payment's reservation and give what it holds; None where that had been done before."""
    if _insert_reservation(uow, wanted, cause=cause, payment_id=payment_id):
        return []
    reservation = repository.reservation_for_update(uow.session, payment_id)
    if not domain.settle(payment_id=payment_id, state=ReservationState(reservation.state), wanted=wanted):
        return None
    reservation.state = wanted.value
    reservation.settled_at = uow.now
    return _reserved(uow.session, payment_id)


def _insert_reservation(uow: UnitOfWork, state: ReservationState, *, cause: Cause, payment_id: str) -> bool:
    return repository.insert_reservation(
        uow.session, payment_id=payment_id, invoice_id=cause.invoice_id, agency_id=cause.agency_id, state=state.value, now=uow.now
    )


def _move(uow: UnitOfWork, movement: Movement, parts: Sequence[Part], *, cause: Cause, books: Books | None = None) -> str:
    """Write one transaction with both sides of every part, and give its id; lock the ledger accounts unless `books` has them."""
    if books is None:
        books = _lock_books(uow, {part.account_id for part in parts}, cause=cause)
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


def _lock_books(uow: UnitOfWork, account_ids: Collection[str | None], *, cause: Cause) -> Books:
    return _books(repository.locked_pots(uow.session, agency_id=cause.agency_id, account_ids=account_ids, kind=cause.kind, unit=cause.unit))


def _books(rows: repository.Rows) -> Books:
    lots: dict[str, list[OpenLot]] = {Purpose.AVAILABLE: [], Purpose.RESERVED: []}
    for row in rows:
        if row.lot_id is not None:
            lots[row.purpose].append(
                OpenLot(
                    lot_id=row.lot_id,
                    account_id=row.account_id,
                    units_left=row.units,
                    purchased_at=row.purchased_at,
                    expires_at=row.expires_at,
                )
            )
    return Books(ids={(row.account_id, row.purpose): row.id for row in rows}, lots=lots)


def _reserved(session: Session, payment_id: str) -> list[Part]:
    key = domain.key_of(Movement.RESERVATION, payment_id)
    return _parts(repository.moved_by(session, idempotency_key=key, purpose=Purpose.RESERVED))


def _parts(rows: repository.Rows) -> list[Part]:
    return [Part(lot_id=row.lot_id, account_id=row.account_id, units=int(row.units)) for row in rows]
