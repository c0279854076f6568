"""What the pages of an account show."""

from chassis.schemas import Schema, fields


class Look(Schema):
    brand_name = fields.String(allow_none=True)
    primary_colour = fields.String(allow_none=True)
    text_colour = fields.String(allow_none=True)
    footer_text = fields.String(allow_none=True)
    has_logo = fields.Boolean()


class OwnPage(Schema):
    account_id = fields.Id("acc")
    agency_id = fields.Id("agy")
    name = fields.String()
    status = fields.String()
    language = fields.String()
    can_log_in = fields.Boolean()
    agency_can_log_in = fields.Boolean()
    message = fields.String(allow_none=True)
    agency_email = fields.String()
    brand = fields.Nested(Look, allow_none=True)
