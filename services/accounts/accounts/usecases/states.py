"""An account's row as the lifecycle sees it, and back."""

from typing import Any

from sqlalchemy.orm import Session

from accounts import domain, models, repository
from accounts.domain import Kind, State, Status, SuspensionReason


def state_of(session: Session, account: models.Account) -> State:
    """Give what the lifecycle decides by of an account."""
    change = repository.scheduled_plan_change(session, account.id)
    return State(
        kind=Kind(account.kind),
        status=Status(account.status),
        suspensions=frozenset(SuspensionReason(each.reason) for each in repository.suspensions_of(session, account.id)),
        renews_at=account.renews_at,
        expires_at=account.expires_at,
        expired_at=account.expired_at,
        archived_at=account.archived_at,
        noticed_for=account.noticed_for,
        change_due_at=None if change is None else change.due_at,
    )


def keep(session: Session, account: models.Account, state: State) -> None:
    """Write the state into the account's row; suspensions and changes of plan have rows of their own."""
    if state.status == Status.EXPIRED and SuspensionReason.PAYMENT not in state.suspensions:
        repository.remove_suspension(session, account_id=account.id, reason=SuspensionReason.PAYMENT)
    if state.status not in {Status.CANCELLED, Status.EXPIRED, Status.ARCHIVED}:
        account.cancelled_at = account.cancellation_reason = None
    account.kind, account.status = state.kind, state.status
    account.renews_at, account.expires_at = state.renews_at, state.expires_at
    account.expired_at, account.archived_at = state.expired_at, state.archived_at
    account.noticed_for = state.noticed_for
    coming = domain.next_due(state)
    account.due_at = None if coming is None else coming[0]


def told_of(account: models.Account) -> dict[str, Any]:
    """Give what every fact says of the account it is about."""
    return {
        "subject": account.id,
        "agency_id": account.agency_id,
        "account_id": account.id,
        "account_name": account.name,
        "notification_email": account.notification_email,
    }
