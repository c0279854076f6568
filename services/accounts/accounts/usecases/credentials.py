"""Getting into an account: its first credentials, links to log in by, forgotten passwords, and who its users are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from accounts import domain, models
from accounts.domain import Verb
from accounts.usecases.history import existing_account
from accounts.usecases.states import state_of
from chassis.unit_of_work import UnitOfWork

LOGIN_LINK_PATH = "/sso"
"""Of the account's own pages: takes the token of a login link."""


def account_to_claim(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account whose credentials are asked for; refuse where the lifecycle does not allow to claim them."""
    return _account_that_allows(uow, Verb.CLAIM_CREDENTIALS, agency_id=agency_id, account_id=account_id)


def account_to_issue(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account that is opened with credentials at once; refuse what has failed meanwhile, or ended."""
    return _account_that_allows(uow, Verb.ISSUE_CREDENTIALS, agency_id=agency_id, account_id=account_id)


def account_to_log_in_to(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account that the agency wants to be let into (R0.97); refuse what is cancelled, expired or archived (R0.98)."""
    return _account_that_allows(uow, Verb.LOG_IN, agency_id=agency_id, account_id=account_id)


def account_to_reset_password_of(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account of which a user is to be sent a link for a new password (R0.78); refuse where the lifecycle does not allow it."""
    return _account_that_allows(uow, Verb.RESET_PASSWORD, agency_id=agency_id, account_id=account_id)


def account_to_manage_users_of(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account whose users are to be changed (R3.4, R3.5); refuse where the lifecycle does not allow it."""
    return _account_that_allows(uow, Verb.MANAGE_USERS, agency_id=agency_id, account_id=account_id)


def login_link(account: models.Account, *, token: str, expires_at: datetime) -> dict[str, object]:
    """Write the link that opens a session on the account's own host, by the token of identity, until `expires_at`."""
    login = urlsplit(account.login_url)
    return {"url": f"{login.scheme}://{login.netloc}{LOGIN_LINK_PATH}?{urlencode({'token': token})}", "expires_at": expires_at}


def first_answer(_uow: UnitOfWork, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what another service answered as what the command answers; never a password, which is its caller's alone."""
    return {name: None if name == "password" else value for name, value in answer.items()}


def _account_that_allows(uow: UnitOfWork, verb: Verb, *, agency_id: str, account_id: str) -> models.Account:
    account = existing_account(uow.session, agency_id=agency_id, account_id=account_id)
    domain.allow(state_of(uow.session, account), verb, uow.now)
    return account
