"""The verbs of the ledger. Each is one transaction; each may come more than once and before what it follows from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.money import Money
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork
from credits import domain, errors, events, models, repository
from credits.domain import Kind, Movement, Part, Purpose, ReservationState

HIGHEST_LOTS_SHOWN = 200


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


def reserve_prepaid(
    uow: UnitOfWork, *, agency_id: str, account_id: str | None, payment_id: str, invoice_id: str, up_to: Money
) -> dict[str, Money]:
    """Set prepaid aside for a payment, at most `up_to`: the account's own first, then the agency's (R0.103–R0.105).

    The payment gets the same answer however often it asks. It gets nothing once it has failed, nor if it had succeeded before it asked.
    """
    is_first = repository.add_reservation(
        uow.session,
        payment_id=payment_id,
        invoice_id=invoice_id,
        agency_id=agency_id,
        state=ReservationState.PENDING,
        now=uow.now,
    )
    if is_first:
        cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=up_to.currency, invoice_id=invoice_id, payment_id=payment_id)
        books = repository.lock_books(uow.session, agency_id=agency_id, account_ids={account_id, None}, unit=cause.unit)
        parts = domain.take(repository.open_lots(uow.session, books=books), up_to_units=up_to.amount_minor, now=uow.now)
        if parts:
            _move(uow, Movement.RESERVATION, parts, cause=cause, books=books)
    elif repository.reservation_for_update(uow.session, payment_id=payment_id).state == ReservationState.RELEASED:
        parts = []
    else:
        parts = repository.reserved_parts(uow.session, payment_id=payment_id)
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
    """Follow from a paid invoice: credit that was bought becomes a lot; for anything else what was reserved is spent."""
    if credit is not None:
        _purchase(uow, purchased_at=paid_at, agency_id=agency_id, invoice_id=invoice_id, currency=currency, **credit)
        return
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, invoice_id=invoice_id, payment_id=payment_id)
    repository.lock_invoice(uow.session, invoice_id=invoice_id)
    parts = _settle(uow, ReservationState.POSTED, cause=cause, payment_id=payment_id)
    if parts is None:
        return
    domain.check_paid(payment_id=payment_id, paid_units=prepaid_minor, reserved=parts)
    if parts:
        _spend(uow, parts, cause=cause, payment_id=payment_id, account_id=account_id)
    for note in repository.waiting_credit_notes_of(uow.session, invoice_id=invoice_id):
        _return(uow, note)


def release_reservation(uow: UnitOfWork, *, agency_id: str, invoice_id: str, payment_id: str, currency: str) -> None:
    """Follow from a failed payment: what was reserved for it is available again."""
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, invoice_id=invoice_id, payment_id=payment_id)
    parts = _settle(uow, ReservationState.RELEASED, cause=cause, payment_id=payment_id)
    if parts:
        _move(uow, Movement.RELEASE, parts, cause=cause)


def return_prepaid(uow: UnitOfWork, *, agency_id: str, credit_note_id: str, invoice_id: str, prepaid_minor: int, currency: str) -> None:
    """Follow from a credit note: prepaid goes back to the lots it came from, at once or as soon as it has been spent."""
    if prepaid_minor == 0:
        return
    repository.lock_invoice(uow.session, invoice_id=invoice_id)
    note = repository.add_credit_note(
        uow.session,
        credit_note_id=credit_note_id,
        invoice_id=invoice_id,
        agency_id=agency_id,
        unit=currency,
        units=prepaid_minor,
        state=domain.CreditNoteState.WAITING.value,
        created_at=uow.now,
    )
    if note is not None:
        _return(uow, note)


def balance(session: Session, *, agency_id: str, account_id: str | None, kind: Kind, currency: str | None) -> dict[str, Any]:
    """Tell what one pot holds: that of the account, or the agency's own where `account_id` is None (never both together).

    `units` can be spent, `reserved` waits for the outcome of payments; `balance` is `units` as money, None where there is no currency.
    Raises `CurrencyNeeded` where none is given and prepaid of several is held.
    """
    units = (
        repository.units_of_pot(session, agency_id=agency_id, account_id=account_id, kind=kind)
        if currency is None
        else [domain.unit_of(kind=kind, currency=currency)]
    )
    if len(units) > 1:
        raise errors.CurrencyNeeded(currencies=", ".join(units))
    unit = units[0] if units else None
    lots = repository.lots_of_pot(session, agency_id=agency_id, account_id=account_id, unit=unit) if unit else {}
    available = sorted(lots.get(Purpose.AVAILABLE, []), key=domain.spending_order)
    units_available = sum(lot.units_left for lot in available)
    money_in = unit and domain.currency_of(kind=kind, unit=unit)
    return {
        "kind": kind,
        "balance": Money(amount_minor=units_available, currency=money_in) if money_in else None,
        "units": units_available,
        "reserved": sum(lot.units_left for lot in lots.get(Purpose.RESERVED, [])),
        "lots": available[:HIGHEST_LOTS_SHOWN],
    }


def transactions(session: Session, *, agency_id: str, kind: Kind, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List every movement of the agency's credit of one kind, its accounts' included, newest first. Raises `InvalidCursor`."""
    before_id = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    rows = repository.transactions_of(session, agency_id=agency_id, kind=kind, before_id=before_id, limit=limit + 1)
    page = rows[:limit]
    lines = repository.lines_of(session, transaction_ids=[row.id for row in page])
    return Page(
        data=[
            {
                "id": row.id,
                "kind": kind,
                "purpose": row.purpose,
                "units": sum(line.units for line in lines[row.id] if line.units > 0),
                "currency": domain.currency_of(kind=kind, unit=row.unit),
                "invoice_id": row.invoice_id,
                "payment_id": row.payment_id,
                "credit_note_id": row.credit_note_id,
                "created_at": row.created_at,
                "postings": lines[row.id],
            }
            for row in page
        ],
        next_cursor=encode_cursor(page[-1].id) if len(rows) > limit else None,
        total=repository.count_transactions_of(session, agency_id=agency_id, kind=kind),
    )


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
    lot_id = repository.add_lot(
        uow.session, invoice_id=invoice_id, unit=cause.unit, units=units, purchased_at=purchased_at, expires_at=None
    )
    if lot_id is None:
        return
    repository.open_books(uow.session, agency_id=agency_id, account_id=account_id, kind=kind.value, unit=cause.unit)
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


def _settle(uow: UnitOfWork, wanted: ReservationState, *, cause: Cause, payment_id: str) -> list[Part] | None:
    """Settle the payment's reservation and give what it holds; None where that had been done before."""
    is_first = repository.add_reservation(
        uow.session,
        payment_id=payment_id,
        invoice_id=cause.invoice_id,
        agency_id=cause.agency_id,
        state=wanted,
        now=uow.now,
    )
    if is_first:
        return []
    reservation = repository.reservation_for_update(uow.session, payment_id=payment_id)
    if not domain.settle(payment_id=payment_id, state=ReservationState(reservation.state), wanted=wanted):
        return None
    reservation.state = wanted.value
    reservation.settled_at = uow.now
    return repository.reserved_parts(uow.session, payment_id=payment_id)


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
    spent = repository.spent_parts(uow.session, invoice_id=note.invoice_id)
    if domain.units_in(spent) < note.units:
        return
    cause = Cause(agency_id=note.agency_id, kind=Kind.PREPAID, unit=note.unit, invoice_id=note.invoice_id, credit_note_id=note.id)
    _move(uow, Movement.RETURN, domain.give_back(spent, units=note.units), cause=cause)
    note.state = domain.CreditNoteState.RETURNED.value


def _move(uow: UnitOfWork, movement: Movement, parts: Sequence[Part], *, cause: Cause, books: repository.Books | None = None) -> str:
    """Write one transaction with both sides of every part, and give its id; lock the ledger accounts unless `books` has them."""
    if books is None:
        account_ids = {part.account_id for part in parts}
        books = repository.lock_books(uow.session, agency_id=cause.agency_id, account_ids=account_ids, unit=cause.unit)
    transaction_id = new_id("txn")
    repository.add_transaction(
        uow.session,
        books=books,
        postings=list(domain.postings_of(movement, parts)),
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
