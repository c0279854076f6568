"""What of the catalogue an account is on."""

from marshmallow.validate import Length, Range

from accounts.schemas.lists import SHORT
from chassis.schemas import Schema, fields

MOST_OF_A_LIMIT = 10**9


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
