"""Resold accounts: opened, listed, shown, changed."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.errors import fields_called
from gateway.routes import Routes, created, expected_version, idempotency_key, single
from gateway.schemas import Nothing, PageRequest, page_of, shown, shown_page
from gateway.schemas.accounts import (
    Account,
    AccountChanges,
    AccountRequest,
    AccountsRequest,
    Credentials,
    ListedAccount,
    NameAvailability,
    NameRequest,
    PlanChange,
    PlanChangeRequest,
    PlanChangeResult,
    menu_of,
)
from gateway.schemas.invoices import Invoice

routes = Routes("accounts", "Resold accounts and their lifecycle.")
show = shown(Account)
show_listed = shown(ListedAccount)
show_page = shown_page(lambda account: {**show_listed(account), "menu": menu_of(account["id"])})
show_change = shown(PlanChange)
show_credentials = shown(Credentials)
show_availability = shown(NameAvailability)
show_invoices = shown_page(shown(Invoice))

ACCOUNT = '/v1/accounts/<id("acc"):account_id>'


@routes.get("/v1/accounts", scope=Scope.ACCOUNTS_READ, query=AccountsRequest, answer=page_of(ListedAccount))
def list_accounts(caller: Caller, query: Json) -> Json:
    """List the agency's accounts, filtered, searched and sorted. Another one is added by a POST to the same address (`open_account`).

    `total` is exact up to 1000, and beyond that where only status, plan and kind are filtered; otherwise 1001 says: more than 1000.
    """
    names = query.pop("fields", None)
    page = show_page(services().accounts.ask("accounts", agency_id=caller.agency_id, **query))
    if names is not None:
        wanted = {"id", *names}
        page["data"] = [{name: value for name, value in account.items() if name in wanted} for account in page["data"]]
    return page


@routes.post(
    "/v1/accounts",
    scope=Scope.ACCOUNTS_WRITE,
    body=AccountRequest,
    answer=Account,
    status=HTTPStatus.ACCEPTED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def open_account(caller: Caller, body: Json) -> Any:
    """Open an account.

    It is `creating` until it is paid and prepared; then `active`, or `failed` with the reason, and nothing stays charged.
    """
    selection = body.pop("plan")
    with fields_called("selection", "plan"):
        account = services().accounts.tell(
            "open_account", idempotency_key=idempotency_key(), agency_id=caller.agency_id, selection=selection, **body
        )
    return created(show(account), f"/v1/accounts/{account['id']}", HTTPStatus.ACCEPTED)


@routes.get("/v1/accounts/name-availability", scope=Scope.ACCOUNTS_READ, query=NameRequest, answer=NameAvailability)
def get_name_availability(_caller: Caller, query: Json) -> Json:
    """Say whether an account could have this name, and if not, why."""
    return show_availability(services().accounts.ask("name_availability", **query))


@routes.get(ACCOUNT, scope=Scope.ACCOUNTS_READ, answer=Account, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_account(caller: Caller, *, account_id: str) -> Response:
    """Show an account."""
    account = services().accounts.ask("account", agency_id=caller.agency_id, account_id=account_id)
    return single(show(account), version=account["version"])


@routes.patch(
    ACCOUNT,
    scope=Scope.ACCOUNTS_WRITE,
    body=AccountChanges,
    answer=Account,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    has_etag=True,
)
def edit_account(caller: Caller, body: Json, *, account_id: str) -> Response:
    """Change settings of the account: those that are given (R0.17, R0.65)."""
    key = idempotency_key()
    account = services().accounts.tell(
        "edit_account", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, expected_version=expected_version(), **body
    )
    return single(show(account), version=account["version"])


@routes.post(
    f"{ACCOUNT}/plan-changes",
    scope=Scope.ACCOUNTS_WRITE,
    body=PlanChangeRequest,
    answer=PlanChangeResult,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def change_plan(caller: Caller, body: Json, *, account_id: str) -> Json:
    """Change the plan: dearer at once, cheaper at the end of the period unless `now` is asked for.

    A trial becomes paid, and what has expired comes back, at once. Billing invoices what is due.
    """
    selection = body.pop("plan")
    key = idempotency_key()
    with fields_called("selection", "plan"):
        result = services().accounts.tell(
            "change_plan", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, selection=selection, **body
        )
    return {"account": show(result["account"]), "change": show_change(result["change"])}


@routes.post(
    f"{ACCOUNT}/credentials",
    scope=Scope.ACCOUNTS_WRITE,
    body=Nothing,
    answer=Credentials,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE),
)
def claim_credentials(caller: Caller, _body: Json, *, account_id: str) -> Json:
    """Give login URL, username and password: once.

    The second time is refused (410), under the same idempotency key too: no password is kept in plain.
    """
    key = idempotency_key()
    return show_credentials(
        services().accounts.tell("claim_credentials", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id)
    )


@routes.get(f"{ACCOUNT}/invoices", scope=Scope.BILLING_READ, query=PageRequest, answer=page_of(Invoice), refuses=(HTTPStatus.NOT_FOUND,))
def list_account_invoices(caller: Caller, query: Json, *, account_id: str) -> Json:
    """List the invoices of one account (R0.68)."""
    services().accounts.ask("account", agency_id=caller.agency_id, account_id=account_id)  # billing knows of none, accounts whose it is
    return show_invoices(services().billing.ask("invoices", agency_id=caller.agency_id, account_id=account_id, **query))
