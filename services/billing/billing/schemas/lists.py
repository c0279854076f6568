"""What every list takes and answers."""

from marshmallow.validate import Range

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields


class Nothing(Schema):
    """A request without members."""


class Listing(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class Listed(Schema):
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
