"""API keys: what programs and users of the agency sign in with."""

from marshmallow.validate import Length, Range

from chassis.schemas import Schema, fields
from gateway.schemas import SHORT, described, example

LONGEST_OVERLAP_SECONDS = 604_800
MOST_SCOPES = 50


class ApiKeyRequest(Schema):
    name = fields.String(required=True, validate=SHORT, metadata=example("the shop"))
    scopes = fields.List(
        fields.String(validate=SHORT),
        required=True,
        validate=Length(min=1, max=MOST_SCOPES),
        metadata={"examples": [["accounts:read", "accounts:write"]], "description": "What the key may do; `admin`: everything."},
    )
    user_id = fields.Id(
        "usr",
        load_default=None,
        allow_none=True,
        metadata=described("The user whose key it is: it has the saved views of that user, and ends with them. Left out: a program's."),
    )


class RotationRequest(Schema):
    overlap_seconds = fields.Integer(
        load_default=86_400,
        strict=True,
        validate=Range(min=0, max=LONGEST_OVERLAP_SECONDS),
        metadata=example(86_400, "For how long the old key still opens: a day when left out; 0: it ends at once."),
    )


class ApiKey(Schema):
    id = fields.Id("key", required=True)
    name = fields.String(required=True, metadata=example("the shop"))
    scopes = fields.List(fields.String(), required=True, metadata={"examples": [["accounts:read", "accounts:write"]]})
    user_id = fields.Id("usr", required=True, allow_none=True, metadata=described("The user whose key it is; null: a program's."))
    prefix = fields.String(required=True, metadata=example("ck_live_4f9B", "How the key begins: all of it that is kept readable."))
    created_at = fields.Instant(required=True)
    last_used_at = fields.Instant(required=True, allow_none=True, metadata=described("To the hour; null: never."))
    expires_at = fields.Instant(required=True, allow_none=True, metadata=described("When it ends, where it was rotated."))
    revoked_at = fields.Instant(required=True, allow_none=True, metadata=described("When it was revoked, where it was."))


class CreatedApiKey(ApiKey):
    secret = fields.String(
        required=True,
        allow_none=True,
        metadata=described("The key itself, told this once; null under a repeated idempotency key."),
    )
