"""Changing the plan of an account."""

import dataclasses
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import domain, errors, events, models, repository
from accounts.domain import ChangeKind, ChangeState, Effective, Purpose, Verb
from accounts.usecases.due import account_now, drop_change, tell_downgraded
from accounts.usecases.history import existing_account, note_change
from accounts.usecases.states import keep, told_of
from chassis.ids import new_id
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork


def change_plan(
    uow: UnitOfWork, *, agency_id: str, account_id: str, effective: domain.Effective | None, quote: domain.Quote
) -> dict[str, object]:
    """Move the account to the quoted plan when billing quoted it for: a dearer one at once, a cheaper one at once or at the period's end.

    A trial becomes paid (R0.88), and what has expired comes back (R0.93), at once. Billing invoices the difference, or grants it.
    """
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    domain.allow(before, Verb.CHANGE_PLAN, uow.now)
    wanted = domain.change_of(old=domain.Selection(**account.selection), quote=quote, status=before.status, effective=effective)
    domain.check_quote(quote, purpose=Purpose.PLAN_CHANGE, account_id=account_id, now=uow.now)
    if wanted.effective == Effective.PERIOD_END:
        change = _schedule(uow, account, before, quote)
    else:
        shorter = domain.begins_shorter_period(old=domain.Selection(**account.selection), new=quote.selection)
        change = insert_change(uow, account, quote)
        account.selection = change.new_selection
        keep(uow.session, account, domain.on_paid_plan(before, uow.now, begins_shorter_period=shorter))
        note_change(uow, account, Verb.CHANGE_PLAN)
        _tell(uow, account, change, wanted.kind, previous_status=before.status)
    return {"account": account, "change": change}


def drop_plan_change(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.PlanChange:
    """Drop the scheduled change of plan."""
    account, before = account_now(uow, agency_id=agency_id, account_id=account_id)
    state = domain.without_scheduled_change(before, uow.now)
    change = repository.scheduled_plan_change(uow.session, account_id)
    if change is None:
        raise errors.NoPlanChangeWaiting
    drop_change(uow, account, change)
    keep(uow.session, account, state)
    note_change(uow, account, Verb.DROP_PLAN_CHANGE, before={"scheduled_plan_change": change.new_selection})
    return change


def plan_changes(session: Session, *, agency_id: str, account_id: str, limit: int, cursor: str | None) -> Page[models.PlanChange]:
    """List the changes of plan that the agency asked for, of its account, the newest first; raises `AccountNotFound`, `InvalidCursor`."""
    existing_account(session, agency_id=agency_id, account_id=account_id)
    after = None if cursor is None else _position(cursor)
    found = repository.plan_changes_page(session, agency_id=agency_id, account_id=account_id, after=after, limit=limit + 1)
    page = found[:limit]
    next_cursor = encode_cursor(page[-1].created_at.isoformat(), page[-1].id) if len(found) > limit else None
    total = repository.count_plan_changes(session, agency_id=agency_id, account_id=account_id)
    return Page(data=page, next_cursor=next_cursor, total=total)


def insert_change(uow: UnitOfWork, account: models.Account, quote: domain.Quote, *, due_at: datetime | None = None) -> models.PlanChange:
    """Keep a change of plan: at once, or scheduled for `due_at`; raises `QuoteUsed`."""
    change = repository.insert_plan_change(
        uow.session,
        id=new_id("chg"),
        account_id=account.id,
        agency_id=account.agency_id,
        quote_id=quote.id,
        effective=Effective.NOW if due_at is None else Effective.PERIOD_END,
        state=ChangeState.APPLIED if due_at is None else ChangeState.SCHEDULED,
        due_at=due_at,
        old_selection=account.selection,
        new_selection=dataclasses.asdict(quote.selection),
        created_at=uow.now,
    )
    if change is None:
        raise errors.QuoteUsed(quote_id=quote.id)
    return change


def _schedule(uow: UnitOfWork, account: models.Account, before: domain.State, quote: domain.Quote) -> models.PlanChange:
    state = domain.with_scheduled_change(before, uow.now)
    change = insert_change(uow, account, quote, due_at=state.change_due_at)
    keep(uow.session, account, state)
    note_change(uow, account, Verb.CHANGE_PLAN, after={"scheduled_plan_change": change.new_selection})
    uow.emit(
        events.PlanChangeScheduled(
            **told_of(account),
            change_id=change.id,
            quote_id=quote.id,
            billing_profile_id=account.billing_profile_id,
            old_selection=change.old_selection,
            new_selection=change.new_selection,
            due_at=change.due_at,
        )
    )
    return change


def _tell(uow: UnitOfWork, account: models.Account, change: models.PlanChange, kind: ChangeKind, *, previous_status: str) -> None:
    shared = {
        **told_of(account),
        "quote_id": change.quote_id,
        "billing_profile_id": account.billing_profile_id,
        "old_selection": change.old_selection,
        "new_selection": change.new_selection,
    }
    match kind:
        case ChangeKind.UPGRADE:
            uow.emit(events.AccountUpgraded(**shared))
        case ChangeKind.CONVERSION:
            uow.emit(events.AccountConverted(**shared, change_id=change.id, status=account.status))
        case ChangeKind.COMEBACK:
            uow.emit(events.AccountRenewed(**shared, previous_status=previous_status, status=account.status))
        case ChangeKind.DOWNGRADE:
            tell_downgraded(uow, account, change)


def _position(cursor: str) -> tuple[datetime, str]:
    created_at, change_id = decode_cursor(cursor, length=2)
    try:
        return datetime.fromisoformat(str(created_at)), str(change_id)
    except ValueError:
        raise errors.InvalidCursor from None
