"""Notices: what was sent, to whom, and why."""

from chassis.schemas import Schema, fields
from gateway.schemas import PageRequest, described, example


class NoticesRequest(PageRequest):
    account_id = fields.Id("acc", metadata=described("The notices about this account alone."))


class Notice(Schema):
    id = fields.Id("ntc", required=True)
    kind = fields.String(required=True, metadata=example("account_activated"))
    channel = fields.String(required=True, metadata=example("email"))
    recipient = fields.String(required=True, metadata=example("ops@atelier.example"))
    subject = fields.String(required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": ["pending", "sent", "failed"]})
    caused_by = fields.Id("evt", required=True, metadata=described("The event it tells of."))
    created_at = fields.Instant(required=True)
    sent_at = fields.Instant(required=True, allow_none=True)
