"""What accounts tells of accounts: whose they are, on which plan, and whether they can be used; facts come in any order."""

from collections.abc import Sequence
from datetime import datetime

from chassis.unit_of_work import UnitOfWork
from credits import models, repository
from credits.domain import AccountStatus, follows, status_after
from credits.usecases.transfers import bring_home


def note_opened(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    plan: str,
    add_ons: Sequence[str],
    as_of: datetime,
    fact: str = "account_activated",
    status: str | None = None,
) -> None:
    """Note that an account was activated, converted or renewed, on this plan; one that is suspended comes back disabled."""
    account = _told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    _note_status(account, status_after(fact, status), as_of=as_of)
    _note_plan(account, plan=plan, add_ons=add_ons, as_of=as_of)


def note_plan(uow: UnitOfWork, *, agency_id: str, account_id: str, plan: str, add_ons: Sequence[str], as_of: datetime) -> None:
    """Note what an account is on from now on."""
    _note_plan(_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of), plan=plan, add_ons=add_ons, as_of=as_of)


def note_status(uow: UnitOfWork, *, agency_id: str, account_id: str, fact: str, as_of: datetime, status: str | None = None) -> None:
    """Note where an account is in its life by a fact of that name, which may say the `status`; and so what it may do with credit."""
    _note_status(_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of), status_after(fact, status), as_of=as_of)


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
    if (
        account.status is None
        or account.status_as_of is None
        or follows(status, at=as_of, known=AccountStatus(account.status), since=account.status_as_of)
    ):
        account.status, account.status_as_of = status.value, as_of


def _note_plan(account: models.Account, *, plan: str, add_ons: Sequence[str], as_of: datetime) -> None:
    if account.selection_as_of is None or account.selection_as_of <= as_of:
        account.plan, account.add_ons, account.selection_as_of = plan, list(add_ons), as_of
