"""The list of accounts: its filters, its rows."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import And, Length, Range

from accounts import domain
from accounts.schemas.accounts import Account
from accounts.schemas.lists import LONG, LONGEST_CURSOR, PRINTABLE, SHORT, Listed
from chassis.fields import is_storable
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields


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


class ListedAccount(Account):
    """A row of the list, with the button that it has (R0.13)."""

    button = fields.Function(lambda account: domain.button_of(account.status))


class ListAccounts(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=LONGEST_CURSOR))
    skip = fields.Integer(strict=True, load_default=0, validate=Range(0, domain.LARGEST_NUMBER))
    status = fields.String(load_default=None, allow_none=True, validate=SHORT)
    plan = fields.String(load_default=None, allow_none=True, validate=SHORT)
    kind = fields.String(load_default=None, allow_none=True, validate=SHORT)
    q = fields.String(load_default=None, allow_none=True, validate=And(Length(min=1, max=100), PRINTABLE))
    sort = fields.String(load_default=domain.NEWEST_FIRST, validate=SHORT)
    filters = Filters(load_default=dict)

    @validates_schema
    def _check_skip(self, data: Mapping[str, Any], **_: Any) -> None:
        """A list is entered in its middle by a cursor or by a number, and by a number where every account has its place."""
        if data["skip"] and (data["cursor"] is not None or data["sort"].removeprefix("-") in domain.NULLABLE):
            raise ValidationError("Goes without a cursor, and with a sort by what every account has.", "skip")


class AccountPage(Listed):
    data = fields.List(fields.Nested(ListedAccount))
