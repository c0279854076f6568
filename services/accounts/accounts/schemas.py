"""What accounts is asked, and what it answers. The rules of the fields are the domain's: here are only their shapes and their bounds."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow.validate import And, Length, Range, Regexp

from accounts import domain
from chassis.fields import is_storable
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

PRINTABLE = Regexp(r"[^\x00-\x1f\x7f]*\Z", error="Control characters are not possible here.")
SHORT = And(Length(max=64), PRINTABLE)
LONG = And(Length(max=254), PRINTABLE)
LONGEST_CURSOR = 6000
"""A value of 254 characters, each of which JSON and base 64 may make sixteen of."""


class Filters(fields.Dict):
    """A value by attribute, or `{"from": …, "to": …}`; which are possible is the domain's to say. Texts are bounded like all others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(keys=fields.String(validate=SHORT), values=Filter(), validate=Length(max=len(domain.ATTRIBUTES) + 1), **options)


class Filter(fields.Field[Any]):
    """A text, a number, or an object of such."""

    default_error_messages = {"invalid": "Not a text, a number, or an object with from and to."}  # noqa: RUF012  marshmallow's way

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ARG002
        bounds = value if isinstance(value, dict) else {"from": value}
        for bound in bounds.values():
            if isinstance(bound, bool) or not isinstance(bound, (str, int)) or not is_storable(str(bound)):
                raise self.make_error("invalid")
            LONG(str(bound))
        return value


MOST_OF_A_LIMIT = 10**9
LONGEST_BASE64 = 2**20


class Limit(Schema):
    choice = fields.String(required=True, validate=SHORT)
    number = fields.Integer(strict=True, load_default=None, allow_none=True, validate=Range(0, MOST_OF_A_LIMIT))


class Selection(Schema):
    pricing_version = fields.String(required=True, validate=SHORT)
    product = fields.String(required=True, validate=SHORT)
    plan = fields.String(required=True, validate=SHORT)
    contacts = fields.Integer(strict=True, load_default=None, allow_none=True)
    frequency = fields.String(load_default=None, allow_none=True, validate=SHORT)
    limits = fields.Dict(
        keys=fields.String(validate=SHORT), values=fields.Nested(Limit), load_default=dict, dump_default=dict, validate=Length(max=50)
    )
    add_ons = fields.List(fields.String(validate=SHORT), load_default=list, dump_default=list, validate=Length(max=50))


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
    expires_at = fields.Instant(allow_none=True)
    version = fields.Integer()


class ListedAccount(Account):
    """A row of the list, with the button that it has (R0.13)."""

    button = fields.Function(lambda account: domain.button_of(account.status))


class AccountReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)


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


class ListAccounts(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=LONGEST_CURSOR))
    status = fields.String(load_default=None, allow_none=True, validate=SHORT)
    plan = fields.String(load_default=None, allow_none=True, validate=SHORT)
    kind = fields.String(load_default=None, allow_none=True, validate=SHORT)
    q = fields.String(load_default=None, allow_none=True, validate=And(Length(min=1, max=100), PRINTABLE))
    sort = fields.String(load_default=domain.NEWEST_FIRST, validate=SHORT)
    filters = Filters(load_default=dict)


class AccountPage(Schema):
    data = fields.List(fields.Nested(ListedAccount))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class View(Schema):
    id = fields.Id("viw")
    name = fields.String()
    filters = Filters()
    sort = fields.String()
    columns = fields.List(fields.String())
    created_at = fields.Instant()
    updated_at = fields.Instant()
    version = fields.Integer()


class _OwnersView(Schema):
    agency_id = fields.Id("agy", required=True)
    owner = fields.String(required=True, validate=SHORT)


class ListViews(_OwnersView):
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=LONGEST_CURSOR))


class ViewPage(Schema):
    data = fields.List(fields.Nested(View))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class ViewReference(_OwnersView):
    view_id = fields.String(required=True, validate=SHORT)


class CreateView(_OwnersView):
    name = fields.String(required=True, validate=And(Length(max=100), PRINTABLE))
    filters = Filters(load_default=dict)
    sort = fields.String(load_default=domain.NEWEST_FIRST, validate=SHORT)
    columns = fields.List(fields.String(validate=SHORT), load_default=list, validate=Length(max=len(domain.COLUMNS)))


class ChangeView(ViewReference):
    name = fields.String(load_default=None, allow_none=True, validate=And(Length(max=100), PRINTABLE))
    filters = Filters(load_default=None, allow_none=True)
    sort = fields.String(load_default=None, allow_none=True, validate=SHORT)
    columns = fields.List(fields.String(validate=SHORT), load_default=None, allow_none=True, validate=Length(max=len(domain.COLUMNS)))


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
    old_selection = fields.Nested(Selection)
    new_selection = fields.Nested(Selection)
    quote_id = fields.Id("quo")
    created_at = fields.Instant()


class ChangedPlan(Schema):
    account = fields.Nested(Account)
    change = fields.Nested(PlanChange)


class Credentials(Schema):
    login_url = fields.String()
    username = fields.String()
    password = fields.String()


class Logo(Schema):
    content_type = fields.String(required=True, validate=SHORT)
    data = fields.String(required=True, validate=Length(max=LONGEST_BASE64))


class SetBranding(Schema):
    """What is left out or null is reset."""

    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)
    brand_name = fields.String(load_default=None, allow_none=True, validate=Length(max=1000))
    primary_colour = fields.String(load_default=None, allow_none=True, validate=SHORT)
    text_colour = fields.String(load_default=None, allow_none=True, validate=SHORT)
    footer_text = fields.String(load_default=None, allow_none=True, validate=Length(max=10_000))
    logo = fields.Nested(Logo, load_default=None, allow_none=True)


class Branding(Schema):
    account_id = fields.Id("acc")
    brand_name = fields.String(allow_none=True)
    primary_colour = fields.String(allow_none=True)
    text_colour = fields.String(allow_none=True)
    footer_text = fields.String(allow_none=True)
    logo = fields.Nested(Logo, allow_none=True)
    updated_at = fields.Instant(allow_none=True)


class DomainCheck(Schema):
    account_id = fields.Id("acc")
    custom_domain = fields.String(allow_none=True)
    expected_target = fields.String()
    state = fields.String()
    code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    started_at = fields.Instant(allow_none=True)
    checked_at = fields.Instant(allow_none=True)
    next_check_at = fields.Instant(allow_none=True)


class RequestTransfer(Schema):
    agency_id = fields.Id("agy", required=True)
    direction = fields.Enum(domain.Direction, by_value=True, required=True)
    account_host = fields.String(required=True, validate=LONG)
    client_email = fields.String(required=True, validate=LONG)
    agency_email = fields.String(load_default=None, allow_none=True, validate=LONG)


class TransferReference(Schema):
    agency_id = fields.Id("agy", required=True)
    transfer_id = fields.String(required=True, validate=SHORT)


class ListTransfers(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=2000))


class TransferLink(Schema):
    transfer_id = fields.String(required=True, validate=SHORT)
    token = fields.String(required=True, validate=LONG)


class CompleteTransfer(Schema):
    transfer_id = fields.String(required=True, validate=SHORT)
    to_agency_id = fields.Id("agy", load_default=None, allow_none=True)


class Transfer(Schema):
    id = fields.Id("trf")
    direction = fields.String()
    state = fields.String()
    account_host = fields.String()
    client_email = fields.String()
    agency_email = fields.String()
    requested_at = fields.Instant()
    expires_at = fields.Instant()
    confirmed_at = fields.Instant(allow_none=True)
    ended_at = fields.Instant(allow_none=True)


class TransferPage(Schema):
    data = fields.List(fields.Nested(Transfer))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
