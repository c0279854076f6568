"""The event feed: facts in the CloudEvents 1.0 JSON envelope."""

from chassis.schemas import Schema, fields
from gateway.schemas import described, example


class Event(Schema):
    specversion = fields.String(required=True, metadata=example("1.0"))
    id = fields.Id("evt", required=True)
    source = fields.String(required=True, metadata=example("comptoir/accounts"))
    type = fields.String(required=True, metadata=example("comptoir.accounts.account_activated.v1"))
    subject = fields.String(required=True, metadata=example("acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"))
    time = fields.Instant(required=True)
    datacontenttype = fields.String(required=True, metadata=example("application/json"))
    agency_id = fields.Id("agy", required=True)
    correlation_id = fields.String(required=True, allow_none=True, metadata=described("The request id of what began it."))
    causation_id = fields.Id("evt", required=True, allow_none=True, metadata=described("The event that led to this one."))
    data = fields.Dict(keys=fields.String(), required=True)
