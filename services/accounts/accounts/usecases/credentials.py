"""Handing an account over."""

from typing import Any

from sqlalchemy import Connection, Row

from accounts import domain
from accounts.domain import Verb
from accounts.usecases.overview import account


def account_to_claim(connection: Connection, *, agency_id: str, account_id: str) -> Row[Any]:
    """Find the account whose credentials are asked for; refuse where the lifecycle does not allow to claim them."""
    found = account(connection, agency_id=agency_id, account_id=account_id)
    domain.status_after(found.status, Verb.CLAIM_CREDENTIALS)
    return found
