"""Prepaid for payments: reserved before, spent or released after."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.money import Money
from chassis.unit_of_work import UnitOfWork
from credits import domain, events, repository
from credits.domain import Kind, Movement, Part, Purpose, ReservationState
from credits.usecases.credit_notes import give_back
from credits.usecases.movements import Cause, lock_books, move, parts_of, watch_pot
from credits.usecases.purchases import purchase
from credits.usecases.transfers import bring_home, moved_away


def reserve_prepaid(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str | None,
    payment_id: str,
    invoice_id: str,
    up_to: Money,
    previous_payment_id: str | None = None,
) -> dict[str, Money]:
    """Set prepaid aside for a payment, at most `up_to`: the account's own first, then the agency's (R0.103–R0.105).

    The payment gets the same answer however often it asks. It gets nothing once it has failed, nor if it had succeeded before it asked.
    A further attempt at an invoice names the one before it, which failed: what that had is available to this one, whether its failure was
    heard of yet or not. Raises `ReservationSettledOtherwise` where that one had succeeded.
    """
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=up_to.currency, invoice_id=invoice_id, payment_id=payment_id)
    if _insert_reservation(uow, ReservationState.PENDING, agency_id=agency_id, invoice_id=invoice_id, payment_id=payment_id):
        pots = {account_id, None}
        if previous_payment_id is not None:
            before = replace(cause, payment_id=previous_payment_id)
            _take_over(uow, pots, cause=before, invoice_id=invoice_id, payment_id=previous_payment_id)
        books = lock_books(uow, pots, cause=cause)
        parts = domain.take(books.lots[Purpose.AVAILABLE], up_to_units=up_to.amount_minor, now=uow.now)
        if parts:
            move(uow, Movement.RESERVATION, parts, cause=cause, books=books, is_last=True)
        else:
            watch_pot(uow, books=books, cause=cause)
    else:
        found = _reservation(uow, payment_id)
        parts = [] if found[0].state == ReservationState.RELEASED else _parts_in(found)
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
    """Follow from a paid invoice: what was reserved is spent, and credit that was bought becomes a lot.

    Prepaid pays for anything but itself (R0.103). Raises `PrepaidDiffers` where the payment used another amount than was reserved,
    `ReservationSettledOtherwise` where it had failed.
    """
    if credit is None or credit["kind"] is not Kind.PREPAID:
        _spend_reserved(
            uow,
            agency_id=agency_id,
            invoice_id=invoice_id,
            payment_id=payment_id,
            account_id=account_id,
            units=prepaid_minor,
            unit=currency,
            is_last=credit is None,
        )
    if credit is not None:
        purchase(uow, purchased_at=paid_at, agency_id=agency_id, invoice_id=invoice_id, currency=currency, **credit)


def release_reservation(uow: UnitOfWork, *, agency_id: str, invoice_id: str, payment_id: str, currency: str) -> None:
    """Follow from a failed payment: what was reserved for it is available again.

    Raises `ReservationSettledOtherwise` where it had succeeded.
    """
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, invoice_id=invoice_id, payment_id=payment_id)
    parts = _release(uow, agency_id=agency_id, invoice_id=invoice_id, payment_id=payment_id)
    if parts:
        away = moved_away(uow, agency_id=agency_id, account_ids=[part.account_id for part in parts])
        move(uow, Movement.RELEASE, parts, cause=cause)
        bring_home(uow, away)


def _take_over(uow: UnitOfWork, pots: Collection[str | None], *, cause: Cause, invoice_id: str, payment_id: str) -> None:
    """Release what a payment that failed still has, for the next attempt, which takes from these pots: they are locked all at once.

    Whether the agency's own pot is low is looked at when that has taken its part: it was not filled up between the two.
    """
    parts = _release(uow, agency_id=cause.agency_id, invoice_id=invoice_id, payment_id=payment_id)
    if parts:
        taken_from = {part.account_id for part in parts}
        away = moved_away(uow, agency_id=cause.agency_id, account_ids=taken_from)
        books = replace(lock_books(uow, taken_from.union(pots), cause=cause), threshold=None)
        move(uow, Movement.RELEASE, parts, cause=cause, books=books)
        bring_home(uow, away)


def _spend_reserved(
    uow: UnitOfWork, *, agency_id: str, invoice_id: str, payment_id: str, account_id: str | None, units: int, unit: str, is_last: bool
) -> None:
    """Spend what was reserved for the payment, and give back what credit notes that came before it waited for.

    The account is locked before any pot, for what is given back or bought.
    """
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=unit, invoice_id=invoice_id, payment_id=payment_id)
    key = domain.key_of(Movement.RESERVATION, payment_id)
    found = repository.locked_to_spend_reserved(
        uow.session, account_id=account_id, invoice_id=invoice_id, payment_id=payment_id, idempotency_key=key
    )
    parts = _settle(uow, ReservationState.POSTED, found, agency_id=agency_id, invoice_id=invoice_id, payment_id=payment_id)
    if parts is None:
        return
    domain.check_paid(payment_id=payment_id, paid_units=units, reserved=parts)
    if parts:
        notes = repository.waiting_credit_notes_of(uow.session, invoice_id) if found[0].is_awaited else []
        _spend(uow, parts, cause=cause, payment_id=payment_id, account_id=account_id, is_last=is_last and not notes)
        for note in notes:
            give_back(uow, note)


def _spend(uow: UnitOfWork, parts: Sequence[Part], *, cause: Cause, payment_id: str, account_id: str | None, is_last: bool) -> None:
    transaction_id = move(uow, Movement.SPENDING, parts, cause=cause, is_last=is_last)
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


def _release(uow: UnitOfWork, *, agency_id: str, invoice_id: str, payment_id: str) -> list[Part] | None:
    """Settle the payment's reservation as released, as `_settle` does."""
    found = _reservation(uow, payment_id)
    return _settle(uow, ReservationState.RELEASED, found, agency_id=agency_id, invoice_id=invoice_id, payment_id=payment_id)


def _settle(
    uow: UnitOfWork, wanted: ReservationState, found: repository.Rows, *, agency_id: str, invoice_id: str, payment_id: str
) -> list[Part] | None:
    """Settle the payment's reservation, `found` and locked, and give what it holds; None where that had been done before."""
    if not found:
        if _insert_reservation(uow, wanted, agency_id=agency_id, invoice_id=invoice_id, payment_id=payment_id):
            return []
        found = _reservation(uow, payment_id)  # somebody came between
    if not domain.settle(payment_id=payment_id, state=ReservationState(found[0].state), wanted=wanted):
        return None
    uow.write_last(*repository.settled(payment_id=payment_id, state=wanted.value, now=uow.now))
    return _parts_in(found)


def _insert_reservation(uow: UnitOfWork, state: ReservationState, *, agency_id: str, invoice_id: str, payment_id: str) -> bool:
    return repository.insert_reservation(
        uow.session, payment_id=payment_id, invoice_id=invoice_id, agency_id=agency_id, state=state.value, now=uow.now
    )


def _reservation(uow: UnitOfWork, payment_id: str) -> repository.Rows:
    """Lock the payment's reservation, and read it."""
    key = domain.key_of(Movement.RESERVATION, payment_id)
    return repository.locked_reservation(uow.session, payment_id=payment_id, idempotency_key=key)


def _parts_in(found: repository.Rows) -> list[Part]:
    return parts_of([row for row in found if row.lot_id is not None])
