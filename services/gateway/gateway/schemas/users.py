"""Portal users: the persons of an agency."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, SHORT, described, example

ROLE = {"enum": ["owner", "admin", "billing", "support", "viewer"]}
LANGUAGE = OneOf(["en", "fr", "pt", "es"])


class UserRequest(Schema):
    email = fields.String(
        required=True,
        validate=EMAIL,
        metadata=example("ana@atelier.example", "Once in an agency, whatever its case; other agencies may have it."),
    )
    name = fields.String(required=True, validate=SHORT, metadata=example("Ana Martin"))
    role = fields.String(required=True, validate=OneOf(ROLE["enum"]), metadata=example("billing"))
    language = fields.String(
        load_default=None, allow_none=True, validate=LANGUAGE, metadata=example("fr", "The agency's own when left out.")
    )


class UserChange(Schema):
    """What is left out, or null, stays as it is."""

    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Ana Durand"))
    role = fields.String(load_default=None, allow_none=True, validate=OneOf(ROLE["enum"]), metadata=example("admin"))


class User(Schema):
    id = fields.Id("usr", required=True)
    email = fields.String(required=True, metadata=example("ana@atelier.example"))
    name = fields.String(required=True, metadata=example("Ana Martin"))
    role = fields.String(required=True, metadata=ROLE)
    language = fields.String(required=True, metadata=example("fr"))
    status = fields.String(required=True, metadata={"enum": ["invited", "active"]})
    invitation_expires_at = fields.Instant(
        required=True, allow_none=True, metadata=described("Until when the invitation can be accepted; null: it was.")
    )
    created_at = fields.Instant(required=True)
    updated_at = fields.Instant(required=True)
    activated_at = fields.Instant(required=True, allow_none=True, metadata=described("When the invitation was accepted."))


class InvitedUser(User):
    invitation_token = fields.String(
        required=True,
        allow_none=True,
        metadata=described("Accepts the invitation: hand it to the person alone. Told this once; null under a repeated idempotency key."),
    )
