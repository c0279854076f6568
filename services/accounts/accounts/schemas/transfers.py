"""Transfers."""

from marshmallow.validate import Length, Range

from accounts import domain
from accounts.schemas.lists import LONG, SHORT
from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields


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


class TransferToConfirm(Schema):
    """What the client is asked; by the account's id its page knows that the link is one of its own."""

    id = fields.Id("trf")
    account_id = fields.Id("acc")
    direction = fields.String()
    account_host = fields.String()
    agency_email = fields.String()
    expires_at = fields.Instant()


class TransferPage(Schema):
    data = fields.List(fields.Nested(Transfer))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()
