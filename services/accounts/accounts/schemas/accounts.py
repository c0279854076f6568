"""Accounts: opened, shown, edited."""

from typing import Any
from urllib.parse import urlsplit

from accounts.schemas.lists import LONG, SHORT
from accounts.schemas.selections import Selection
from chassis.schemas import Schema, fields


def host(account: Any) -> str:
    """Where the account's own pages are: the name under the hosted domain."""
    return str(urlsplit(account.login_url).netloc)


def failure(account: Any) -> dict[str, str] | None:
    """Why the account could not be opened, where it could not."""
    return None if account.failure_code is None else {"code": account.failure_code, "reason": account.failure_reason}


class Account(Schema):
    id = fields.Id("acc")
    agency_id = fields.Id("agy")
    name = fields.String()
    host = fields.Function(host)
    login_url = fields.String()
    kind = fields.String()
    status = fields.String()
    selection = fields.Nested(Selection)
    client_name = fields.String()
    client_email = fields.String()
    notification_email = fields.String()
    country = fields.String()
    region = fields.String()
    language = fields.String()
    time_zone = fields.String()
    billing_profile_id = fields.Id("bp", allow_none=True)
    custom_domain = fields.String(allow_none=True)
    snapshot_id = fields.Id("snp", allow_none=True)
    quote_id = fields.Id("quo")
    failure = fields.Function(failure)
    created_at = fields.Instant()
    updated_at = fields.Instant()
    activated_at = fields.Instant(allow_none=True)
    renews_at = fields.Instant(allow_none=True)
    expires_at = fields.Instant(allow_none=True)
    cancelled_at = fields.Instant(allow_none=True)
    cancellation_reason = fields.String(allow_none=True)
    expired_at = fields.Instant(allow_none=True)
    archived_at = fields.Instant(allow_none=True)
    version = fields.Integer()


class OpenAccount(Schema):
    agency_id = fields.Id("agy", required=True)
    name = fields.String(required=True, validate=LONG)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)
    selection = fields.Nested(Selection, load_default=None, allow_none=True)
    client_name = fields.String(required=True, validate=LONG)
    client_email = fields.String(required=True, validate=LONG)
    notification_email = fields.String(load_default=None, allow_none=True, validate=LONG)
    country = fields.String(required=True, validate=SHORT)
    language = fields.String(required=True, validate=SHORT)
    time_zone = fields.String(required=True, validate=SHORT)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    custom_domain = fields.String(load_default=None, allow_none=True, validate=LONG)
    snapshot_id = fields.Id("snp", load_default=None, allow_none=True)


class EditAccount(Schema):
    """What is left out stays; null clears what can be empty."""

    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)
    expected_version = fields.Integer(strict=True, load_default=None, allow_none=True)
    notification_email = fields.String(validate=LONG)
    client_name = fields.String(validate=LONG)
    client_email = fields.String(validate=LONG)
    custom_domain = fields.String(allow_none=True, validate=LONG)
    language = fields.String(validate=SHORT)
    time_zone = fields.String(validate=SHORT)
    billing_profile_id = fields.Id("bp", allow_none=True)


class NameQuestion(Schema):
    name = fields.String(required=True, validate=LONG)


class PageQuestion(Schema):
    """The host that somebody came to: an account's `name` under the hosted domain, or its `custom_domain`."""

    name = fields.String(load_default=None, allow_none=True, validate=LONG)
    custom_domain = fields.String(load_default=None, allow_none=True, validate=LONG)


class NameAvailability(Schema):
    name = fields.String()
    available = fields.Boolean()
    code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class Credentials(Schema):
    login_url = fields.String()
    username = fields.String()
    password = fields.String()
