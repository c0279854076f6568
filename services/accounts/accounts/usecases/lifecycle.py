"""Cancelling, undoing that, renewing; and what is possible at all."""

import dataclasses
from datetime import datetime

from accounts import clients, domain, errors, events, models, repository
from accounts.domain import Verb
from accounts.usecases.due import account_now, catch_up, drop_change, tell_expired
from accounts.usecases.history import existing_account, note_change
from accounts.usecases.plan_changes import insert_change
from accounts.usecases.quotes import get_quote
from accounts.usecases.states import keep, state_of, told_of
from chassis.unit_of_work import UnitOfWork


def actions(uow: UnitOfWork, *, agency_id: str, account_id: str) -> dict[str, object]:
    """Tell everything that may be done to the account now, and what not and why; by the decisions that the commands obey."""
    account = existing_account(uow.session, agency_id=agency_id, account_id=account_id)
    state = domain.settled(state_of(uow.session, account), uow.now)
    suspensions = [each for each in repository.suspensions_of(uow.session, account_id) if each.reason in state.suspensions]
    return {"status": state.status, "suspensions": suspensions, "data": domain.actions(state, uow.now)}


def cancel_account(uow: UnitOfWork, *, agency_id: str, account_id: str, reason: str | None) -> models.Account:
    """Cancel the account (R0.100): no further renewal, usable until what is paid for ends."""
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.cancelled(before, uow.now)
    if state.expires_at is None:
        raise LookupError(f"{account.id} is cancelled without an end.")
    drop_change(uow, account, repository.scheduled_plan_change(uow.session, account.id))
    keep(uow.session, account, state)
    account.cancelled_at, account.cancellation_reason = uow.now, reason
    note_change(uow, account, Verb.CANCEL)
    _tell_cancelled(uow, account)
    catch_up(uow, account)
    return account


def undo_cancellation(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Take a cancellation back before the account expires: it goes on as if it had never been cancelled."""
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.resumed(before, Verb.UNDO_CANCELLATION, uow.now)
    keep(uow.session, account, state)
    note_change(uow, account, Verb.UNDO_CANCELLATION)
    uow.emit(events.CancellationUndone(**told_of(account), status=account.status))
    return account


def selection_to_renew(uow: UnitOfWork, *, agency_id: str, account_id: str) -> domain.Selection | None:
    """Tell what a renewal of the account has to be quoted for: nothing (None) where it goes on with what is paid for already.

    Raises what the renewal would be refused with.
    """
    account = existing_account(uow.session, agency_id=agency_id, account_id=account_id)
    state = domain.allow(state_of(uow.session, account), Verb.RENEW, uow.now)
    return domain.Selection(**account.selection) if domain.renewal_is_paid(state) else None


def quote_renewal(
    billing: clients.Billing, *, agency_id: str, account_id: str, quote_id: str | None, selection: domain.Selection | None
) -> domain.Quote | None:
    """Get the quote for a renewal that is paid for; None for one that is not."""
    if selection is None:
        return None
    wanted = None if quote_id is not None else dataclasses.asdict(selection)
    return get_quote(billing, agency_id=agency_id, account_id=account_id, quote_id=quote_id, selection=wanted)


def renew_account(
    uow: UnitOfWork, *, agency_id: str, account_id: str, billing_profile_id: str | None, quote: domain.Quote | None
) -> models.Account:
    """Renew the account on its previous plan: cancelled, before it expires (R0.91); archived, within a year (R0.92).

    What is archived and was paid begins a new period, which billing invoices by `quote`; from now on it pays by `billing_profile_id`, if
    one is given (R0.89).
    """
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.resumed(before, Verb.RENEW, uow.now)
    if domain.renewal_is_paid(before):
        quote = domain.check_renewal_quote(quote, account_id=account_id, selection=domain.Selection(**account.selection), now=uow.now)
        insert_change(uow, account, quote)
    else:
        quote = None
    keep(uow.session, account, state)
    if billing_profile_id is not None:
        account.billing_profile_id = billing_profile_id
    note_change(uow, account, Verb.RENEW)
    uow.emit(
        events.AccountRenewed(
            **told_of(account),
            previous_status=before.status,
            quote_id=None if quote is None else quote.id,
            billing_profile_id=account.billing_profile_id,
            old_selection=account.selection,
            new_selection=account.selection,
            status=account.status,
        )
    )
    return account


def note_paid_period(uow: UnitOfWork, *, account_id: str, period_ends_at: datetime) -> None:
    """Note until when the account is paid for; one that was cancelled before this was known lives until then, which is told."""
    account = _account(uow, account_id)
    before = state_of(uow.session, account)
    after = domain.paid_until(before, period_ends_at)
    if after != before:
        keep(uow.session, account, after)
        note_change(uow, account, "pay")
    if after.expires_at != before.expires_at:
        _tell_cancelled(uow, account)


def expire_unpaid_account(uow: UnitOfWork, *, account_id: str) -> None:
    """Expire an account whose dunning is exhausted; one that cannot expire any more stays as it is."""
    account = _account(uow, account_id)
    now = uow.now_of(account.agency_id)
    before = catch_up(uow, account)
    if not domain.decide(before, Verb.EXPIRE, now).allowed:
        return
    drop_change(uow, account, repository.scheduled_plan_change(uow.session, account.id))
    keep(uow.session, account, domain.given_up_unpaid(before, now))
    note_change(uow, account, Verb.EXPIRE)
    tell_expired(uow, account, previous_status=before.status, expired_at=now, reason=domain.SuspensionReason.PAYMENT)


def _tell_cancelled(uow: UnitOfWork, account: models.Account) -> None:
    uow.emit(
        events.AccountCancelled(
            **told_of(account), reason=account.cancellation_reason, cancelled_at=account.cancelled_at, expires_at=account.expires_at
        )
    )


def _account(uow: UnitOfWork, account_id: str) -> models.Account:
    account = repository.account_by_id_for_update(uow.session, account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    return account
