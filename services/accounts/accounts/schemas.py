"""What accounts is asked, and what it answers. The rules of the fields are the domain's: here are only their shapes and their bounds."""

from typing import Any
from urllib.parse import urlsplit

from marshmallow.validate import And, Length, NoneOf, Range, Regexp

from accounts import domain
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

PRINTABLE = Regexp(r"[^\x00-\x1f\x7f]*\Z", error="Control characters are not possible here.")
SHORT = And(Length(max=64), PRINTABLE)
LONG = And(Length(max=254), PRINTABLE)
TEXT = Length(min=1, max=1000)


class Selection(Schema):
    pricing_version = fields.String(required=True, validate=SHORT)
    product = fields.String(required=True, validate=SHORT)
    plan = fields.String(required=True, validate=SHORT)
    contacts = fields.Integer(strict=True, load_default=None, allow_none=True)
    frequency = fields.String(load_default=None, allow_none=True, validate=SHORT)


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


class AccountReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)


class AccountListing(AccountReference):
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=2000))


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


class ListAccounts(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=2000))
    status = fields.String(load_default=None, allow_none=True, validate=SHORT)
    plan = fields.String(load_default=None, allow_none=True, validate=SHORT)
    kind = fields.String(load_default=None, allow_none=True, validate=SHORT)
    q = fields.String(load_default=None, allow_none=True, validate=And(Length(min=1, max=100), PRINTABLE))
    sort = fields.String(load_default=domain.NEWEST_FIRST, validate=SHORT)


class Listed(Schema):
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class AccountPage(Listed):
    data = fields.List(fields.Nested(Account))


class NameQuestion(Schema):
    name = fields.String(required=True, validate=LONG)


class NameAvailability(Schema):
    name = fields.String()
    available = fields.Boolean()
    code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ChangePlan(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)
    selection = fields.Nested(Selection, load_default=None, allow_none=True)
    effective = fields.Enum(domain.Effective, by_value=True, load_default=None, allow_none=True)


class PlanChange(Schema):
    id = fields.Id("chg")
    effective = fields.String()
    state = fields.String()
    due_at = fields.Instant(allow_none=True)
    old_selection = fields.Nested(Selection)
    new_selection = fields.Nested(Selection)
    quote_id = fields.Id("quo")
    created_at = fields.Instant()


class ChangedPlan(Schema):
    account = fields.Nested(Account)
    change = fields.Nested(PlanChange)


class PlanChangePage(Listed):
    data = fields.List(fields.Nested(PlanChange))


class CancelAccount(AccountReference):
    reason = fields.String(load_default=None, allow_none=True, validate=TEXT)


class DisableAccount(AccountReference):
    message = fields.String(load_default=None, allow_none=True, validate=TEXT)


class SuspendAccount(AccountReference):
    reason = fields.Enum(domain.SuspensionReason, by_value=True, required=True, validate=NoneOf([domain.SuspensionReason.AGENCY]))
    message = fields.String(load_default=None, allow_none=True, validate=TEXT)


class LiftSuspension(AccountReference):
    reason = fields.Enum(domain.SuspensionReason, by_value=True, required=True, validate=NoneOf([domain.SuspensionReason.AGENCY]))


class RenewAccount(AccountReference):
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)


class Action(Schema):
    action = fields.String(attribute="verb")
    allowed = fields.Boolean()
    code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    until = fields.Instant(allow_none=True)


class Suspension(Schema):
    reason = fields.String()
    message = fields.String(allow_none=True)
    suspended_at = fields.Instant()


class Actions(Schema):
    status = fields.String()
    suspensions = fields.List(fields.Nested(Suspension))
    data = fields.List(fields.Nested(Action))


class AccountEvent(Schema):
    id = fields.Integer()
    at = fields.Instant()
    actor = fields.String()
    action = fields.String()
    before = fields.Dict()
    after = fields.Dict()


class AccountEventPage(Listed):
    data = fields.List(fields.Nested(AccountEvent))


class Credentials(Schema):
    login_url = fields.String()
    username = fields.String()
    password = fields.String()
