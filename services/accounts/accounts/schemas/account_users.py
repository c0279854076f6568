"""Users of accounts and how they get in; the rules of the fields, and what is kept, are identity's."""

from accounts.schemas.lists import LONG, SHORT, AccountReference
from chassis.schemas import Schema, fields


class AccountUserReference(AccountReference):
    user_id = fields.String(required=True, validate=SHORT)


class CreateAccountUser(AccountReference):
    username = fields.String(required=True, validate=LONG)
    email = fields.String(required=True, validate=LONG)
    name = fields.String(load_default=None, allow_none=True, validate=LONG)
    role = fields.String(required=True, validate=SHORT)


class UpdateAccountUser(AccountUserReference):
    """What is left out, or null, stays as it is."""

    email = fields.String(load_default=None, allow_none=True, validate=LONG)
    name = fields.String(load_default=None, allow_none=True, validate=LONG)
    role = fields.String(load_default=None, allow_none=True, validate=SHORT)
    expected_version = fields.Integer(strict=True, load_default=None, allow_none=True)


class AccountUser(Schema):
    id = fields.Id("usr")
    account_id = fields.Id("acc")
    username = fields.String()
    email = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    role = fields.String()
    created_at = fields.Instant()
    password_changed_at = fields.Instant(allow_none=True)
    version = fields.Integer()


class CreatedAccountUser(AccountUser):
    password = fields.String(allow_none=True)


class LoginLink(Schema):
    url = fields.String()
    expires_at = fields.Instant()


class StartPasswordReset(AccountReference):
    username = fields.String(load_default=None, allow_none=True, validate=LONG)


class StartedPasswordReset(Schema):
    email = fields.String()
    expires_at = fields.Instant()
