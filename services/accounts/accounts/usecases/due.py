"""What happens to accounts by itself, once each, whoever comes to it first: the sweep, or a command on the account."""

from datetime import datetime

from accounts import domain, errors, events, models, repository
from accounts.domain import Due
from accounts.usecases.history import note_change
from accounts.usecases.states import keep, state_of, told_of
from chassis.unit_of_work import UnitOfWork

NOTICES = frozenset({Due.TRIAL_ENDING, Due.RENEWAL_UPCOMING})
"""What changes nothing of the account but that it was said."""


def do_what_is_due(uow: UnitOfWork, *, limit: int) -> int:
    """Do what is due for at most `limit` accounts, each in its agency's time; tell for how many."""
    due = repository.accounts_due(uow.session, platform_now=uow.platform_now, limit=limit)
    for account in due:
        catch_up(uow, account)
    return len(due)


def account_now(uow: UnitOfWork, *, agency_id: str, account_id: str) -> tuple[models.Account, domain.State]:
    """Lock the agency's account and do what is due for it: the account, and its state now. Raises `AccountNotFound`."""
    account = repository.account_for_update(uow.session, agency_id=agency_id, account_id=account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    return account, catch_up(uow, account)


def catch_up(uow: UnitOfWork, account: models.Account) -> domain.State:
    """Do everything that is due for a locked account, in the order in which it was due; give its state after that."""
    state = state_of(uow.session, account)
    while (coming := domain.due_by(state, uow.now_of(account.agency_id))) is not None:
        state = _done(uow, account, state, *coming)
    return state


def _done(uow: UnitOfWork, account: models.Account, before: domain.State, moment: datetime, due: Due) -> domain.State:
    state = domain.aged(before, moment, due)
    change = repository.scheduled_plan_change(uow.session, account.id)
    if due == Due.APPLY_PLAN_CHANGE and change is not None:
        change.state = domain.ChangeState.APPLIED
        account.selection = change.new_selection
        tell_downgraded(uow, account, change)
    elif due == Due.EXPIRE:
        drop_change(uow, account, change)
    keep(uow.session, account, state)
    if due not in NOTICES:
        note_change(uow, account, due)
    if due == Due.TRIAL_ENDING:
        uow.emit(events.TrialEnding(**told_of(account), expires_at=state.expires_at))
    elif due == Due.RENEWAL_UPCOMING:
        uow.emit(events.RenewalUpcoming(**told_of(account), selection=account.selection, renews_at=state.renews_at))
    elif due == Due.EXPIRE:
        tell_expired(uow, account, previous_status=before.status, expired_at=moment)
    elif due == Due.ARCHIVE:
        uow.emit(events.AccountArchived(**told_of(account), archived_at=moment, renewable_until=domain.a_year_after(moment)))
    uow.session.flush()
    return state


def drop_change(uow: UnitOfWork, account: models.Account, change: models.PlanChange | None) -> None:
    """Drop a change of plan that waits, if one does, and tell."""
    if change is not None:
        change.state = domain.ChangeState.DROPPED
        uow.emit(events.PlanChangeDropped(**told_of(account), change_id=change.id, quote_id=change.quote_id))


def tell_expired(
    uow: UnitOfWork, account: models.Account, *, previous_status: str, expired_at: datetime, reason: str | None = None
) -> None:
    """Tell that an account has expired, and why where it is not simply over."""
    uow.emit(
        events.AccountExpired(
            **told_of(account),
            kind=account.kind,
            previous_status=previous_status,
            expired_at=expired_at,
            archives_at=expired_at + domain.ARCHIVED_AFTER,
            reason=reason,
        )
    )


def tell_downgraded(uow: UnitOfWork, account: models.Account, change: models.PlanChange) -> None:
    """Tell that a downgrade took effect."""
    uow.emit(
        events.AccountDowngraded(
            **told_of(account),
            change_id=change.id,
            quote_id=change.quote_id,
            billing_profile_id=account.billing_profile_id,
            old_selection=change.old_selection,
            new_selection=change.new_selection,
            effective=change.effective,
        )
    )
