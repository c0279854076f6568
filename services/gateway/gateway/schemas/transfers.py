"""Accounts that change hands."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, SHORT, described, example


class TransferRequest(Schema):
    """What a request to take an account over, or to give one up, has to hold (R0.54, R0.57)."""

    direction = fields.String(
        required=True, validate=OneOf(["in", "out"]), metadata=example("in", "in: to the agency; out: away from it (R0.57).")
    )
    account_host = fields.String(required=True, validate=SHORT, metadata=example("acme.comptoir.example", "The account's host."))
    client_email = fields.String(
        required=True, validate=EMAIL, metadata=example("owner@acme.example", "The client's: a link to confirm is sent there (R0.56).")
    )
    agency_email = fields.String(
        load_default=None,
        allow_none=True,
        validate=EMAIL,
        metadata=example("hello@atelier.example", "Where the agency is told; for `out` its own where it is left out (R0.55)."),
    )


class Transfer(Schema):
    id = fields.Id("trf", required=True)
    direction = fields.String(required=True, metadata={"enum": ["in", "out"]})
    state = fields.String(required=True, metadata={"enum": ["requested", "confirmed", "completed", "declined", "expired"]})
    account_host = fields.String(required=True, metadata=example("acme.comptoir.example"))
    client_email = fields.String(required=True, metadata=example("owner@acme.example"))
    agency_email = fields.String(required=True, metadata=example("hello@atelier.example"))
    requested_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True, metadata=described("Until when the client can confirm."))
    confirmed_at = fields.Instant(required=True, allow_none=True)
    ended_at = fields.Instant(required=True, allow_none=True)
