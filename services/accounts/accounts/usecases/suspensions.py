"""Disabling accounts and enabling them again, by their agency or by the platform."""

from accounts import domain, events, models, repository
from accounts.domain import Status, SuspensionReason, Verb
from accounts.usecases.due import account_now
from accounts.usecases.history import note_change
from accounts.usecases.states import keep, told_of
from chassis.unit_of_work import UnitOfWork


def disable_account(uow: UnitOfWork, *, agency_id: str, account_id: str, message: str | None) -> models.Account:
    """Disable the account with a message for its login page; disabled again by its agency, it shows the new message."""
    return _suspend(uow, Verb.DISABLE, agency_id=agency_id, account_id=account_id, reason=SuspensionReason.AGENCY, message=message)


def enable_account(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Lift the agency's own suspension; the account stays disabled while another is in force."""
    return _lift(uow, Verb.ENABLE, agency_id=agency_id, account_id=account_id, reason=SuspensionReason.AGENCY)


def suspend_account(uow: UnitOfWork, *, agency_id: str, account_id: str, reason: SuspensionReason, message: str | None) -> models.Account:
    """Disable the account for the platform's reasons; a cancelled one keeps the suspension for when it comes back."""
    return _suspend(uow, Verb.SUSPEND, agency_id=agency_id, account_id=account_id, reason=reason, message=message)


def lift_suspension(uow: UnitOfWork, *, agency_id: str, account_id: str, reason: SuspensionReason) -> models.Account:
    """Lift one of the platform's suspensions, if it is in force."""
    return _lift(uow, Verb.LIFT, agency_id=agency_id, account_id=account_id, reason=reason)


def _suspend(
    uow: UnitOfWork, verb: Verb, *, agency_id: str, account_id: str, reason: SuspensionReason, message: str | None
) -> models.Account:
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.suspended(before, verb, reason, uow.now)
    was = {each.reason: each.message for each in repository.suspensions_of(uow.session, account_id)}
    if was.get(reason, ...) == message:
        return account
    repository.keep_suspension(uow.session, account_id=account_id, reason=reason, message=message, suspended_at=uow.now)
    keep(uow.session, account, state)
    note_change(uow, account, verb, before={"suspensions": was}, after={"suspensions": {**was, reason: message}})
    in_force = sorted(state.suspensions)
    uow.emit(events.AccountDisabled(**told_of(account), reason=reason, message=message, suspensions=in_force, status=account.status))
    return account


def _lift(uow: UnitOfWork, verb: Verb, *, agency_id: str, account_id: str, reason: SuspensionReason) -> models.Account:
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.lifted(before, verb, reason, uow.now)
    if reason not in before.suspensions:
        return account
    was = {each.reason: each.message for each in repository.suspensions_of(uow.session, account_id)}
    repository.remove_suspension(uow.session, account_id=account_id, reason=reason)
    keep(uow.session, account, state)
    left = {other: message for other, message in was.items() if other != reason}
    note_change(uow, account, verb, before={"suspensions": was}, after={"suspensions": left})
    if (before.status, state.status) == (Status.DISABLED, Status.ACTIVE):
        uow.emit(events.AccountEnabled(**told_of(account), reason=reason))
    return account
