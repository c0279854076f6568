"""Changing the plan of an account."""

import dataclasses

from accounts import domain, errors, events, repository
from accounts.domain import Purpose, Verb
from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork


def change_plan(
    uow: UnitOfWork, *, agency_id: str, account_id: str, effective: domain.Effective | None, quote: domain.Quote
) -> dict[str, object]:
    """Move the account to the quoted dearer plan at once; billing invoices the difference."""
    account = repository.account_for_update(uow.session, agency_id=agency_id, account_id=account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    account.status = domain.status_after(account.status, Verb.CHANGE_PLAN)
    domain.check_upgrade(old=domain.Selection(**account.selection), new=quote.selection, effective=effective)
    domain.check_quote(quote, purpose=Purpose.PLAN_CHANGE, account_id=account_id, now=uow.now)
    change = repository.insert_plan_change(
        uow.session,
        id=new_id("chg"),
        account_id=account_id,
        quote_id=quote.id,
        effective=domain.Effective.NOW,
        old_selection=account.selection,
        new_selection=dataclasses.asdict(quote.selection),
        created_at=uow.now,
    )
    if change is None:
        raise errors.QuoteUsed(quote_id=quote.id)
    account.selection = change.new_selection
    account.updated_at = uow.now
    uow.session.flush()  # the version grows when the row is written, and the answer tells it
    uow.emit(
        events.AccountUpgraded(
            subject=account.id,
            agency_id=agency_id,
            account_id=account.id,
            account_name=account.name,
            quote_id=quote.id,
            billing_profile_id=account.billing_profile_id,
            old_selection=change.old_selection,
            new_selection=change.new_selection,
            notification_email=account.notification_email,
        )
    )
    return {"account": account, "change": change}
