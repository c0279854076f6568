"""What notifications is asked and answers over RPC."""

from marshmallow import validate

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields

LIMIT = validate.Range(min=1, max=HIGHEST_LIMIT)


class EventsWanted(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(load_default=DEFAULT_LIMIT, strict=True, validate=LIMIT)
    cursor = fields.String(load_default=None, allow_none=True)


class NoticesWanted(EventsWanted):
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class AnswerClient(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    client_email = fields.Email(required=True)
    subject = fields.String(required=True, validate=[validate.Length(min=1, max=200), validate.Regexp(r"[^\r\n]+\Z")])
    text = fields.String(required=True, validate=validate.Length(min=1, max=20_000))


class EventPage(Schema):
    data = fields.List(fields.Dict())
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class Notice(Schema):
    id = fields.Id("ntc")
    kind = fields.String()
    channel = fields.String()
    recipient = fields.String()
    subject = fields.String()
    account_id = fields.Id("acc", allow_none=True)
    state = fields.String()
    caused_by = fields.String()
    created_at = fields.Instant()
    sent_at = fields.Instant(allow_none=True)


class NoticePage(Schema):
    data = fields.List(fields.Nested(Notice))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
