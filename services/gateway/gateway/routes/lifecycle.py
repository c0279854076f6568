"""The lifecycle of accounts: what may be done, cancelling, disabling, renewing, changes of plan, history."""

from http import HTTPStatus

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, idempotency_key
from gateway.routes.accounts import ACCOUNT, show, show_change
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.accounts import Account, PlanChange
from gateway.schemas.lifecycle import AccountEvent, Actions, CancellationRequest, RenewalRequest, SuspensionRequest

routes = Routes("lifecycle", "What may be done with accounts, and what was.")
show_actions = shown(Actions)
show_changes = shown_page(show_change)
show_history = shown_page(shown(AccountEvent))

REFUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


@routes.get(f"{ACCOUNT}/actions", scope=Scope.ACCOUNTS_READ, answer=Actions, refuses=(HTTPStatus.NOT_FOUND,))
def list_actions(caller: Caller, *, account_id: str) -> Json:
    """Say of every action whether it may be done now, until when, and if not why and what may be done instead."""
    return show_actions(services().accounts.ask("actions", agency_id=caller.agency_id, account_id=account_id))


@routes.get(
    f"{ACCOUNT}/events", scope=Scope.ACCOUNTS_READ, query=PageRequest, answer=page_of(AccountEvent), refuses=(HTTPStatus.NOT_FOUND,)
)
def list_account_events(caller: Caller, query: Json, *, account_id: str) -> Json:
    """List what was done to the account, the newest first: who, what, when, before and after."""
    return show_history(services().accounts.ask("account_history", agency_id=caller.agency_id, account_id=account_id, **query))


@routes.get(
    f"{ACCOUNT}/plan-changes", scope=Scope.ACCOUNTS_READ, query=PageRequest, answer=page_of(PlanChange), refuses=(HTTPStatus.NOT_FOUND,)
)
def list_plan_changes(caller: Caller, query: Json, *, account_id: str) -> Json:
    """List the changes of plan of the account, scheduled ones too, the newest first."""
    return show_changes(services().accounts.ask("plan_changes", agency_id=caller.agency_id, account_id=account_id, **query))


@routes.delete(f"{ACCOUNT}/plan-changes", scope=Scope.ACCOUNTS_WRITE, answer=PlanChange, refuses=REFUSES)
def drop_plan_change(caller: Caller, *, account_id: str) -> Json:
    """Drop the scheduled change of plan."""
    key = idempotency_key()
    return show_change(services().accounts.tell("drop_plan_change", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id))


@routes.put(f"{ACCOUNT}/cancellation", scope=Scope.ACCOUNTS_WRITE, body=CancellationRequest, answer=Account, refuses=REFUSES)
def cancel_account(caller: Caller, body: Json, *, account_id: str) -> Json:
    """Cancel the account: no further renewal, usable until `expires_at`."""
    key = idempotency_key()
    return show(services().accounts.tell("cancel_account", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body))


@routes.delete(f"{ACCOUNT}/cancellation", scope=Scope.ACCOUNTS_WRITE, answer=Account, refuses=REFUSES)
def undo_cancellation(caller: Caller, *, account_id: str) -> Json:
    """Take the cancellation back, before the account expires."""
    key = idempotency_key()
    return show(services().accounts.tell("undo_cancellation", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id))


@routes.put(f"{ACCOUNT}/suspension", scope=Scope.ACCOUNTS_WRITE, body=SuspensionRequest, answer=Account, refuses=REFUSES)
def disable_account(caller: Caller, body: Json, *, account_id: str) -> Json:
    """Disable the account; its login page shows the message."""
    key = idempotency_key()
    return show(services().accounts.tell("disable_account", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body))


@routes.delete(f"{ACCOUNT}/suspension", scope=Scope.ACCOUNTS_WRITE, answer=Account, refuses=REFUSES)
def enable_account(caller: Caller, *, account_id: str) -> Json:
    """Lift the agency's own suspension; the account stays disabled while the platform has one in force."""
    key = idempotency_key()
    return show(services().accounts.tell("enable_account", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id))


@routes.post(f"{ACCOUNT}/renewals", scope=Scope.ACCOUNTS_WRITE, body=RenewalRequest, answer=Account, refuses=REFUSES)
def renew_account(caller: Caller, body: Json, *, account_id: str) -> Json:
    """Renew the account on its previous plan: cancelled, before it expires; archived, within a year."""
    key = idempotency_key()
    return show(services().accounts.tell("renew_account", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body))
