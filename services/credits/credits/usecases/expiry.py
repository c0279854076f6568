"""Credit that nobody used in time."""

from chassis.unit_of_work import UnitOfWork
from credits import domain, events, models, repository
from credits.domain import Kind, Movement, Part
from credits.usecases.movements import Cause, lock_books, move


def expire_credits(uow: UnitOfWork, *, limit: int) -> int:
    """Take what is left of expired lots off the books, at most `limit` lots, in the time of their agency; give how many there were.

    What is reserved stays, for its payment may succeed; when that fails, what comes back expires at once.
    """
    lots = repository.expired_lots(uow.session, platform_now=uow.platform_now, limit=limit)
    for lot in lots:
        for account_id in repository.pots_with(uow.session, lot.lot_id):
            _expire(uow, lot, account_id=account_id)
        if not repository.pots_with(uow.session, lot.lot_id):  # else it went to another pot while this one was waited for: next time
            repository.forget_expiry(uow.session, lot.lot_id)
    return len(lots)


def _expire(uow: UnitOfWork, lot: models.ExpiringLot, *, account_id: str | None) -> None:
    cause = Cause(agency_id=lot.agency_id, kind=Kind(lot.kind), unit=lot.unit)
    books = lock_books(uow, {account_id}, cause=cause)
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
