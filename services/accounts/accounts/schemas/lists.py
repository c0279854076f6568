"""What every list takes and answers, and the bounds of texts."""

from marshmallow.validate import And, Length, Range, Regexp

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

PRINTABLE = Regexp(r"[^\x00-\x1f\x7f]*\Z", error="Control characters are not possible here.")
SHORT = And(Length(max=64), PRINTABLE)
TEXT = Length(min=1, max=1000)
LONG = And(Length(max=254), PRINTABLE)
LONGEST_CURSOR = 6000
"""After a value of 254 characters, each of which JSON and base 64 once made sixteen of."""


class AccountReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)


class AccountListing(AccountReference):
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=2000))


class Listed(Schema):
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
