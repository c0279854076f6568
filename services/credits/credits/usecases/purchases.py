"""Credit that comes: lots that were bought or granted."""

from datetime import datetime

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from credits import domain, events, repository
from credits.domain import Kind, Movement, Part
from credits.usecases.movements import Cause, move, open_pots
from credits.usecases.transfers import bring_home, moved_away


def purchase(
    uow: UnitOfWork,
    *,
    purchased_at: datetime,
    agency_id: str,
    invoice_id: str,
    currency: str,
    kind: Kind,
    units: int,
    account_id: str | None,
    expires_at: datetime | None = None,
) -> None:
    """Make the lot that a paid invoice for credit bought, once: the agency's own, or that of one of its accounts (R0.105, R0.108)."""
    cause = Cause(agency_id=agency_id, kind=kind, unit=domain.unit_of(kind=kind, currency=currency), invoice_id=invoice_id)
    away = moved_away(uow, agency_id=agency_id, account_ids=[account_id])
    transaction_id = _come(uow, Movement.PURCHASE, units, cause=cause, account_id=account_id, at=purchased_at, expires_at=expires_at)
    if transaction_id is not None:
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
        bring_home(uow, away)


def grant_prepaid(uow: UnitOfWork, *, agency_id: str, credit_note_id: str, account_id: str, granted_minor: int, currency: str) -> None:
    """Turn what a credit note grants into prepaid of the account, once: its unused value, and never money for the card (domain: Money)."""
    cause = Cause(agency_id=agency_id, kind=Kind.PREPAID, unit=currency, credit_note_id=credit_note_id)
    away = moved_away(uow, agency_id=agency_id, account_ids=[account_id])
    transaction_id = _come(uow, Movement.GRANT, granted_minor, cause=cause, account_id=account_id, at=uow.now, expires_at=None)
    if transaction_id is not None:
        uow.emit(
            events.CreditsGranted(
                subject=transaction_id,
                agency_id=agency_id,
                transaction_id=transaction_id,
                credit_note_id=credit_note_id,
                kind=Kind.PREPAID,
                units=granted_minor,
                currency=currency,
                account_id=account_id,
            )
        )
        bring_home(uow, away)


def _come(
    uow: UnitOfWork, movement: Movement, units: int, *, cause: Cause, account_id: str | None, at: datetime, expires_at: datetime | None
) -> str | None:
    """Put a new lot into a pot and give the transaction's id; None where that was done before."""
    lot_id = new_id("lot")
    if not repository.insert_lot(
        uow.session,
        id=lot_id,
        invoice_id=cause.invoice_id,
        credit_note_id=cause.credit_note_id,
        unit=cause.unit,
        units=units,
        purchased_at=at,
        expires_at=expires_at,
    ):
        return None
    open_pots(uow, [account_id], cause=cause)
    transaction_id = move(uow, movement, [Part(lot_id=lot_id, account_id=account_id, units=units)], cause=cause)
    if expires_at is not None:
        repository.expect_expiry(uow.session, lot_ids=[lot_id], agency_id=cause.agency_id, kind=cause.kind.value, unit=cause.unit)
    return transaction_id
