"""The history of an account: who did what, when, and what was different before and after."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts import errors, models, repository
from chassis import context
from chassis.fields import format_instant
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork

PLATFORM = "platform"
"""Who did what nobody asked for: time, or another service."""


def note_change(
    uow: UnitOfWork,
    account: models.Account,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Keep in the history what is about to be written of the account, and what `before` and `after` say beside it.

    To be called in the transaction that makes the change, after it and before anything is flushed.
    """
    now = uow.now_of(account.agency_id)
    account.updated_at = now
    changes = repository.unwritten_changes(account)
    repository.insert_account_event(
        uow.session,
        account_id=account.id,
        agency_id=account.agency_id,
        actor=context.current().actor or PLATFORM,
        action=action,
        at=now,
        before={name: _plain(old) for name, (old, _) in changes.items()} | (before or {}),
        after={name: _plain(new) for name, (_, new) in changes.items()} | (after or {}),
    )
    uow.session.flush()


def account_history(session: Session, *, agency_id: str, account_id: str, limit: int, cursor: str | None) -> Page[models.AccountEvent]:
    """List what was done to the agency's account while it was the agency's, the newest first; raises `AccountNotFound`, `InvalidCursor`."""
    existing_account(session, agency_id=agency_id, account_id=account_id)
    before_id = None if cursor is None else _position(cursor)
    found = repository.account_events_page(session, agency_id=agency_id, account_id=account_id, before_id=before_id, limit=limit + 1)
    page = found[:limit]
    next_cursor = encode_cursor(page[-1].id) if len(found) > limit else None
    return Page(
        data=page, next_cursor=next_cursor, total=repository.count_account_events(session, agency_id=agency_id, account_id=account_id)
    )


def existing_account(session: Session, *, agency_id: str, account_id: str) -> models.Account:
    """Give the agency's account; raises `AccountNotFound`."""
    found = repository.account_of_agency(session, agency_id=agency_id, account_id=account_id)
    if found is None:
        raise errors.AccountNotFound(account_id=account_id)
    return found


def _position(cursor: str) -> int:
    (event_id,) = decode_cursor(cursor, length=1)
    if not isinstance(event_id, int):
        raise errors.InvalidCursor
    return event_id


def _plain(value: Any) -> Any:
    return format_instant(value) if isinstance(value, datetime) else value
