"""The users of an account, and the ways in that the agency opens."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, SHORT, described, example

ROLE = {"enum": ["admin", "editor", "viewer"]}
"""What a user may do inside the account."""


class AccountUserRequest(Schema):
    """Who else gets into the account (R3.5)."""

    username = fields.String(
        required=True,
        validate=SHORT,
        metadata=example("marie", "Once in an account, in lower case: 1 to 64 letters, digits or . _ @ + -"),
    )
    email = fields.String(
        required=True, validate=EMAIL, metadata=example("marie@acme.example", "Once in an account: where a forgotten password is reset.")
    )
    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Marie Curie"))
    role = fields.String(required=True, validate=OneOf(ROLE["enum"]), metadata=example("editor"))


class AccountUserChange(Schema):
    """What is left out, or null, stays as it is."""

    email = fields.String(load_default=None, allow_none=True, validate=EMAIL, metadata=example("m.curie@acme.example"))
    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Marie Curie"))
    role = fields.String(load_default=None, allow_none=True, validate=OneOf(ROLE["enum"]), metadata=example("admin"))


class AccountUser(Schema):
    id = fields.Id("usr", required=True)
    account_id = fields.Id("acc", required=True)
    username = fields.String(required=True, metadata=example("marie", "The first user of an account is `admin` (R0.79)."))
    email = fields.String(required=True, allow_none=True, metadata=example("marie@acme.example"))
    name = fields.String(required=True, allow_none=True, metadata=example("Marie Curie"))
    role = fields.String(required=True, metadata=ROLE)
    created_at = fields.Instant(required=True)
    password_changed_at = fields.Instant(required=True, allow_none=True, metadata=described("null: there is no password yet."))


class CreatedAccountUser(AccountUser):
    password = fields.String(
        required=True,
        allow_none=True,
        metadata=example("7k2mw-9hq4r-vb3tn-ze6pd", "Told this once, and kept by nobody but you; null under a repeated idempotency key."),
    )


class LoginLink(Schema):
    """A way into the account: once, for a minute (R0.15)."""

    url = fields.String(
        required=True, metadata=example("https://acme.comptoir.example/sso?token=4f9B", "To be opened in a browser, by you alone.")
    )
    expires_at = fields.Instant(required=True)


class PasswordResetRequest(Schema):
    username = fields.String(
        load_default=None, allow_none=True, validate=SHORT, metadata=example("marie", "Whose password; `admin` when left out.")
    )


class PasswordReset(Schema):
    """Where the link for a new password goes, and until when it opens (R0.78)."""

    email = fields.String(required=True, metadata=example("marie@acme.example"))
    expires_at = fields.Instant(required=True)
