"""What accounts tells of accounts: whose they are, on which plan, and whether they can be used; facts come in any order."""

from collections.abc import Sequence
from datetime import datetime

from chassis.unit_of_work import UnitOfWork
from credits import models, repository
from credits.domain import AccountStatus
from credits.usecases.transfers import bring_home


def note_opened(uow: UnitOfWork, *, agency_id: str, account_id: str, plan: str, add_ons: Sequence[str], as_of: datetime) -> None:
    """Note that an account can be used: it was activated, converted or renewed."""
    account = _told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    _note_status(account, AccountStatus.OPEN, as_of=as_of)
    _note_plan(account, plan=plan, add_ons=add_ons, as_of=as_of)


def note_plan(uow: UnitOfWork, *, agency_id: str, account_id: str, plan: str, add_ons: Sequence[str], as_of: datetime) -> None:
    """Note what an account is on from now on."""
    _note_plan(_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of), plan=plan, add_ons=add_ons, as_of=as_of)


def note_ended(uow: UnitOfWork, *, agency_id: str, account_id: str, status: str, as_of: datetime) -> None:
    """Note that an account cannot be used any more: `failed`, `expired` or `archived`."""
    _note_status(_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of), AccountStatus(status), as_of=as_of)


def note_transfer(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime) -> None:
    """Note that an account belongs to this agency from now on (R0.56): the credit it has left goes back to the agency that gave it."""
    _told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)


def _told_of(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime) -> models.Account:
    """Give the account that a fact of the moment `as_of` is about, locked, and its agency by that, unless something newer is known."""
    account = repository.account_for_update(uow.session, account_id=account_id, agency_id=agency_id, as_of=as_of)
    if account.agency_as_of <= as_of:
        account.agency_id, account.agency_as_of = agency_id, as_of
    bring_home(uow, [account])
    return account


def _note_status(account: models.Account, status: AccountStatus, *, as_of: datetime) -> None:
    if account.status_as_of is None or account.status_as_of <= as_of:
        account.status, account.status_as_of = status.value, as_of


def _note_plan(account: models.Account, *, plan: str, add_ons: Sequence[str], as_of: datetime) -> None:
    if account.selection_as_of is None or account.selection_as_of <= as_of:
        account.plan, account.add_ons, account.selection_as_of = plan, list(add_ons), as_of
