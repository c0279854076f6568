"""Users of accounts: who gets in, by which link, and by a new password."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, expected_version, idempotency_key, removed, single
from gateway.routes.accounts import ACCOUNT
from gateway.schemas import Nothing, PageRequest, page_of, shown, shown_page
from gateway.schemas.account_users import (
    AccountUser,
    AccountUserChange,
    AccountUserRequest,
    CreatedAccountUser,
    LoginLink,
    PasswordReset,
    PasswordResetRequest,
)

routes = Routes("account-users", "The users of accounts, and how they and the agency get in.")
show = shown(AccountUser)
show_page = shown_page(show)
show_created = shown(CreatedAccountUser)
show_link = shown(LoginLink)
show_reset = shown(PasswordReset)

USERS = f"{ACCOUNT}/users"
USER = f'{USERS}/<id("usr"):user_id>'
REFUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


@routes.get(USERS, scope=Scope.ACCOUNTS_READ, query=PageRequest, answer=page_of(AccountUser), refuses=(HTTPStatus.NOT_FOUND,))
def list_account_users(caller: Caller, query: Json, *, account_id: str) -> Json:
    """List the account's users, newest first; the first of all, `admin`, is the agency's own (R3.4)."""
    return show_page(services().identity.ask("account_users", agency_id=caller.agency_id, account_id=account_id, **query))


@routes.post(
    USERS, scope=Scope.ACCOUNTS_WRITE, body=AccountUserRequest, answer=CreatedAccountUser, status=HTTPStatus.CREATED, refuses=REFUSES
)
def create_account_user(caller: Caller, body: Json, *, account_id: str) -> Any:
    """Make another user of the account, with a role (R3.5).

    The password is told this once: it is yours to hand over, nothing is sent to anybody.
    """
    key = idempotency_key()
    user = services().accounts.tell("create_account_user", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body)
    return created(show_created(user), f"/v1/accounts/{account_id}/users/{user['id']}")


@routes.get(USER, scope=Scope.ACCOUNTS_READ, answer=AccountUser, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_account_user(caller: Caller, *, account_id: str, user_id: str) -> Response:
    """Show a user of the account."""
    user = services().identity.ask("account_user", agency_id=caller.agency_id, account_id=account_id, user_id=user_id)
    return single(show(user), version=user["version"])


@routes.patch(USER, scope=Scope.ACCOUNTS_WRITE, body=AccountUserChange, answer=AccountUser, refuses=REFUSES, has_etag=True)
def update_account_user(caller: Caller, body: Json, *, account_id: str, user_id: str) -> Response:
    """Give a user another address, name or role. The last admin keeps that role."""
    user = services().accounts.tell(
        "update_account_user",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        account_id=account_id,
        user_id=user_id,
        expected_version=expected_version(),
        **body,
    )
    return single(show(user), version=user["version"])


@routes.delete(USER, scope=Scope.ACCOUNTS_WRITE, refuses=REFUSES)
def remove_account_user(caller: Caller, *, account_id: str, user_id: str) -> Response:
    """Remove a user from the account; its sessions end. The last admin stays."""
    key = idempotency_key()
    services().accounts.tell("remove_account_user", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, user_id=user_id)
    return removed()


@routes.post(
    f"{ACCOUNT}/login-links",
    scope=Scope.ACCOUNTS_WRITE,
    body=Nothing,
    answer=LoginLink,
    status=HTTPStatus.CREATED,
    refuses=REFUSES,
    has_address=False,
)
def create_login_link(caller: Caller, _body: Json, *, account_id: str) -> Any:
    """Make a link that signs you into the account: once, within a minute (R0.15, R0.97).

    Refused for what is cancelled, expired or archived (R0.98). It is kept nowhere: a repeated idempotency key makes another one.
    """
    key = idempotency_key()
    link = services().accounts.tell("create_login_link", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id)
    return show_link(link), HTTPStatus.CREATED


@routes.post(
    f"{ACCOUNT}/password-resets",
    scope=Scope.ACCOUNTS_WRITE,
    body=PasswordResetRequest,
    answer=PasswordReset,
    status=HTTPStatus.ACCEPTED,
    refuses=(*REFUSES, HTTPStatus.TOO_MANY_REQUESTS),
    has_address=False,
)
def start_password_reset(caller: Caller, body: Json, *, account_id: str) -> Any:
    """Have a user of the account sent the link for a new password, as if they had asked for it themselves (R0.78)."""
    key = idempotency_key()
    reset = services().accounts.tell("start_password_reset", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body)
    return show_reset(reset), HTTPStatus.ACCEPTED
