"""Accounts that change hands: credit is the agency's that bought it, so what an account has left goes back there."""

from collections.abc import Iterable, Sequence

from chassis.unit_of_work import UnitOfWork
from credits import domain, models, repository
from credits.domain import Kind, Movement, Part
from credits.usecases.movements import Cause, lock_books, move, open_pots, tell_taken_back


def moved_away(uow: UnitOfWork, *, agency_id: str, account_ids: Iterable[str | None]) -> list[models.Account]:
    """Give those of the accounts that belong to another agency by now, and keep all of them where they are.

    Whoever puts credit into an account's pot asks this before it locks the pot: an account is always locked before its pots.
    """
    accounts = [repository.account_to_use(uow.session, account_id) for account_id in sorted({each for each in account_ids if each})]
    return [account for account in accounts if account is not None and account.agency_id != agency_id]


def bring_home(uow: UnitOfWork, accounts: Sequence[models.Account]) -> None:
    """Take what these accounts have available of other agencies back to the own pots of those."""
    for account in accounts:
        for pot in repository.pots_left_behind(uow.session, account_id=account.id, agency_id=account.agency_id):
            take_back_all(uow, account_id=account.id, cause=Cause(agency_id=pot.agency_id, kind=Kind(pot.kind), unit=pot.unit))


def take_back_all(uow: UnitOfWork, *, account_id: str, cause: Cause) -> None:
    """Take everything that the account has available back to the agency's own pot."""
    open_pots(uow, [None], cause=cause)
    books = lock_books(uow, {account_id, None}, cause=cause)
    parts = [
        Part(lot_id=lot.lot_id, account_id=account_id, units=lot.units_left)
        for lot in sorted(books.available(account_id), key=domain.spending_order)
    ]
    if parts:
        tell_taken_back(uow, move(uow, Movement.TAKE_BACK, parts, cause=cause, books=books), parts, account_id=account_id, cause=cause)
