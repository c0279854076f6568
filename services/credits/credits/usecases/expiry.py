"""Credit that nobody used in time."""

from collections.abc import Sequence

from chassis.unit_of_work import UnitOfWork
from credits import domain, events, models, repository
from credits.domain import Kind, Movement, Part
from credits.usecases.movements import Books, Cause, lock_books, move


def expired_lots(uow: UnitOfWork, *, limit: int) -> Sequence[str]:
    """Give the ids of lots whose time has come, in the time of their agency, at most `limit` of them."""
    return repository.expired_lots(uow.session, platform_now=uow.platform_now, limit=limit)


def expire_lot(uow: UnitOfWork, *, lot_id: str) -> None:
    """Take what is left of an expired lot off the books, in every pot: one lot at a time, as pots are locked all at once or not at all.

    What is reserved stays, for its payment may succeed; when that fails, what comes back expires at once.
    """
    lot = repository.expiring_lot_for_update(uow.session, lot_id)
    if lot is None:
        return
    cause = Cause(agency_id=lot.agency_id, kind=Kind(lot.kind), unit=lot.unit)
    pots = repository.pots_with(uow.session, lot_id)
    books = lock_books(uow, pots, cause=cause)
    for account_id in pots:
        _expire(uow, lot, account_id=account_id, cause=cause, books=books)
    if not repository.pots_with(uow.session, lot_id):  # else it went to another pot before these were locked: next time
        repository.forget_expiry(uow.session, lot_id)


def _expire(uow: UnitOfWork, lot: models.ExpiringLot, *, account_id: str | None, cause: Cause, books: Books) -> None:
    parts = [
        Part(lot_id=lot.lot_id, account_id=account_id, units=each.units_left)
        for each in books.available(account_id)
        if each.lot_id == lot.lot_id
    ]
    if not parts:
        return
    transaction_id = move(uow, Movement.EXPIRY, parts, cause=cause, books=books)
    uow.emit(
        events.CreditsExpired(
            subject=transaction_id,
            agency_id=lot.agency_id,
            transaction_id=transaction_id,
            kind=cause.kind,
            units=domain.units_in(parts),
            currency=domain.currency_of(kind=cause.kind, unit=cause.unit),
            account_id=account_id,
            lot_id=lot.lot_id,
            expired_at=lot.expires_at,
        )
    )
