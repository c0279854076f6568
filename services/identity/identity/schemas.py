"""What identity is asked and answers over RPC."""

from marshmallow import validate

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields
from identity import domain

NAME = validate.Length(min=1, max=200)
CURRENCY = validate.Regexp(r"[A-Z]{3}\Z", error="Not a currency: write its three letters of ISO 4217, like EUR.")
DISCOUNT = validate.Range(min=0, max=domain.MOST_BASIS_POINTS)
LANGUAGE = validate.OneOf([*domain.Language])
PROGRAMME = validate.OneOf([*domain.Programme])
ENTITLEMENT = validate.OneOf([*domain.Entitlement])
ROLE = validate.OneOf([*domain.Role])
STARTED_BY = validate.OneOf([*domain.StartedBy])
EMAIL_LENGTH = validate.Length(max=254)  # RFC 5321: 256 octets with the angle brackets around it
USERNAME = validate.Regexp(
    r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z", error="Not a username: 1 to 64 letters, digits or . _ @ + - after the first."
)
SHA_256 = validate.Regexp(r"[0-9a-f]{64}\Z", error="Not a SHA-256 in hexadecimal.")
TYPED = validate.Length(max=1024)  # more is nothing that a person types
SCOPE = validate.OneOf([*domain.Scope])
PORTAL_ROLE = validate.OneOf([*domain.PortalRole])


class AgencyReference(Schema):
    agency_id = fields.Id("agy", required=True)


class PageWanted(Schema):
    """Which part of an agency's list is wanted."""

    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(load_default=DEFAULT_LIMIT, strict=True, validate=validate.Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class RegisterAgency(Schema):
    name = fields.String(required=True, validate=NAME)
    programme = fields.String(required=True, validate=PROGRAMME)
    currency = fields.String(required=True, validate=CURRENCY)
    discount_basis_points = fields.Integer(required=True, strict=True, validate=DISCOUNT)
    notification_email = fields.Email(required=True)
    language = fields.String(required=True, validate=LANGUAGE)
    entitlements = fields.List(fields.String(validate=ENTITLEMENT), required=True)
    test_mode = fields.Boolean(required=True)


class UpdateAgency(Schema):
    agency_id = fields.Id("agy", required=True)
    name = fields.String(load_default=None, allow_none=True, validate=NAME)
    notification_email = fields.Email(load_default=None, allow_none=True)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)


class Agency(Schema):
    id = fields.Id("agy")
    name = fields.String()
    programme = fields.String()
    currency = fields.String()
    discount_basis_points = fields.Integer()
    notification_email = fields.String()
    language = fields.String()
    entitlements = fields.List(fields.String())
    test_mode = fields.Boolean()
    created_at = fields.Instant()


class KeyDigest(Schema):
    digest = fields.String(required=True, validate=SHA_256)


class UsableKey(Schema):
    key_id = fields.Id("key")
    agency_id = fields.Id("agy")
    name = fields.String()
    scopes = fields.List(fields.String())
    test_mode = fields.Boolean()
    owner = fields.String()


class CreateApiKey(Schema):
    agency_id = fields.Id("agy", required=True)
    name = fields.String(required=True, validate=NAME)
    scopes = fields.List(fields.String(validate=SCOPE), required=True, validate=validate.Length(min=1))
    user_id = fields.Id("usr", load_default=None, allow_none=True)
    by_key_id = fields.Id("key", load_default=None, allow_none=True)


class ApiKeyReference(Schema):
    agency_id = fields.Id("agy", required=True)
    key_id = fields.Id("key", required=True)


class RotateApiKey(Schema):
    agency_id = fields.Id("agy", required=True)
    key_id = fields.Id("key", required=True)
    overlap_seconds = fields.Integer(
        load_default=domain.OVERLAP_SECONDS, strict=True, validate=validate.Range(min=0, max=domain.LONGEST_OVERLAP_SECONDS)
    )
    by_key_id = fields.Id("key", load_default=None, allow_none=True)


class ApiKey(Schema):
    id = fields.Id("key")
    name = fields.String()
    scopes = fields.List(fields.String())
    user_id = fields.Id("usr", allow_none=True)
    prefix = fields.String()
    created_at = fields.Instant()
    last_used_at = fields.Instant(allow_none=True)
    expires_at = fields.Instant(allow_none=True)
    revoked_at = fields.Instant(allow_none=True)


class CreatedApiKey(ApiKey):
    secret = fields.String(dump_default=None, allow_none=True)  # the stored answer is dumped from the table, which has none: shown once


class ApiKeyPage(Schema):
    data = fields.List(fields.Nested(ApiKey))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class PortalUserReference(Schema):
    agency_id = fields.Id("agy", required=True)
    portal_user_id = fields.Id("usr", required=True)


class InvitePortalUser(Schema):
    agency_id = fields.Id("agy", required=True)
    email = fields.Email(required=True, validate=validate.Length(max=254))
    name = fields.String(required=True, validate=NAME)
    role = fields.String(required=True, validate=PORTAL_ROLE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)


class UpdatePortalUser(PortalUserReference):
    name = fields.String(load_default=None, allow_none=True, validate=NAME)
    role = fields.String(load_default=None, allow_none=True, validate=PORTAL_ROLE)
    expected_version = fields.Integer(load_default=None, allow_none=True, strict=True)


class AcceptInvitation(Schema):
    """`digest`: the SHA-256 of the token in hexadecimal, all of it that travels."""

    digest = fields.String(required=True, validate=SHA_256)
    password = fields.String(required=True, validate=validate.Length(min=domain.SHORTEST_PASSWORD, max=domain.LONGEST_PASSWORD))


class PortalUser(Schema):
    id = fields.Id("usr")
    email = fields.String()
    name = fields.String()
    role = fields.String()
    language = fields.String()
    status = fields.String()
    invitation_expires_at = fields.Instant(attribute="invitation_ends_at", allow_none=True)
    created_at = fields.Instant()
    updated_at = fields.Instant()
    activated_at = fields.Instant(allow_none=True)
    version = fields.Integer()


class InvitedPortalUser(PortalUser):
    invitation_id = fields.String()
    invitation_token = fields.String(dump_default=None, allow_none=True)  # as the secret of a key


class PortalUserPage(Schema):
    data = fields.List(fields.Nested(PortalUser))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class AccountReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)


class PrepareAdminUser(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    email = fields.Email(load_default=None, allow_none=True, validate=EMAIL_LENGTH)
    account_name = fields.String(load_default=None, allow_none=True, validate=NAME)
    language = fields.String(load_default=None, allow_none=True)


class AdminUser(Schema):
    user_id = fields.Id("usr", attribute="id")
    username = fields.String()


class Credentials(Schema):
    username = fields.String()
    password = fields.String()


class CreateTestClock(Schema):
    agency_id = fields.Id("agy", required=True)
    now = fields.Instant(load_default=None, allow_none=True)


class AdvanceTestClock(Schema):
    agency_id = fields.Id("agy", required=True)
    clock_id = fields.Id("clk", required=True)
    to = fields.Instant(required=True)


class TestClockReference(Schema):
    agency_id = fields.Id("agy", required=True)
    clock_id = fields.Id("clk", required=True)


class TestClocksWanted(Schema):
    agency_id = fields.Id("agy", required=True)
    limit = fields.Integer(load_default=DEFAULT_LIMIT, strict=True, validate=validate.Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class TestClock(Schema):
    id = fields.Id("clk")
    now = fields.Instant()
    created_at = fields.Instant()
    version = fields.Integer()


class TestClockPage(Schema):
    data = fields.List(fields.Nested(TestClock))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class AccountUsersWanted(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=validate.Range(min=1, max=HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True)


class AccountUserReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    user_id = fields.Id("usr", required=True)


class CreateAccountUser(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    username = fields.String(required=True, validate=USERNAME)
    email = fields.Email(required=True, validate=EMAIL_LENGTH)
    name = fields.String(load_default=None, allow_none=True, validate=NAME)
    role = fields.String(required=True, validate=ROLE)


class UpdateAccountUser(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    user_id = fields.Id("usr", required=True)
    email = fields.Email(load_default=None, allow_none=True, validate=EMAIL_LENGTH)
    name = fields.String(load_default=None, allow_none=True, validate=NAME)
    role = fields.String(load_default=None, allow_none=True, validate=ROLE)
    expected_version = fields.Integer(load_default=None, allow_none=True, strict=True)


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
    password = fields.String(dump_default=None, allow_none=True)  # as the secret of a created key: shown once


class AccountUserPage(Schema):
    data = fields.List(fields.Nested(AccountUser))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class LogIn(Schema):
    account_id = fields.Id("acc", required=True)
    username = fields.String(required=True, validate=TYPED)
    password = fields.String(required=True, validate=TYPED)


class OpenedSession(Schema):
    session_token = fields.String()
    expires_at = fields.Instant()
    via = fields.String()
    user = fields.Nested(AccountUser)


class TokenDigest(Schema):
    token_digest = fields.String(required=True, validate=SHA_256)


class Session(Schema):
    agency_id = fields.Function(lambda session: session.user.agency_id)
    created_at = fields.Instant()
    expires_at = fields.Instant()
    via = fields.String()
    user = fields.Nested(AccountUser)


class ChangePassword(Schema):
    token_digest = fields.String(required=True, validate=SHA_256)
    current_password = fields.String(load_default=None, allow_none=True, validate=TYPED)
    new_password = fields.String(required=True, validate=TYPED)


class RequestPasswordReset(Schema):
    account_id = fields.Id("acc", required=True)
    email = fields.Email(required=True, validate=EMAIL_LENGTH)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    started_by = fields.String(load_default=domain.StartedBy.CLIENT, validate=STARTED_BY)


class StartPasswordReset(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)
    username = fields.String(load_default=None, allow_none=True, validate=TYPED)


class StartedPasswordReset(Schema):
    email = fields.String()
    expires_at = fields.Instant()


class ResetPassword(Schema):
    token = fields.String(required=True, validate=TYPED)
    new_password = fields.String(required=True, validate=TYPED)


class ResetAccountUser(Schema):
    account_id = fields.Id("acc")
    username = fields.String()


class LoginLink(Schema):
    token = fields.String()
    expires_at = fields.Instant()


class LoginLinkToken(Schema):
    token = fields.String(required=True, validate=TYPED)
