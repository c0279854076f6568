"""How accounts look, and under which domain."""

from marshmallow.validate import Length

from accounts.schemas.lists import SHORT
from chassis.schemas import Schema, fields

LONGEST_BASE64 = 2**20


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
