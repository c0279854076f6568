"""Credit that comes: lots that were bought."""

from datetime import datetime

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from credits import domain, events, repository
from credits.domain import Kind, Movement, Part, Purpose
from credits.usecases.movements import Cause, move


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
) -> None:
    """Make the lot that a paid invoice for credit bought, once: the agency's own, or that of one of its accounts (R0.105)."""
    cause = Cause(agency_id=agency_id, kind=kind, unit=domain.unit_of(kind=kind, currency=currency), invoice_id=invoice_id)
    lot_id = new_id("lot")
    if not repository.insert_lot(
        uow.session, id=lot_id, invoice_id=invoice_id, unit=cause.unit, units=units, purchased_at=purchased_at, expires_at=None
    ):
        return
    pot = {"agency_id": agency_id, "account_id": account_id, "kind": kind.value, "unit": cause.unit}
    repository.insert_ledger_accounts(uow.session, [{"id": new_id("lac"), "purpose": purpose.value, **pot} for purpose in Purpose])
    transaction_id = move(uow, Movement.PURCHASE, [Part(lot_id=lot_id, account_id=account_id, units=units)], cause=cause)
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
