"""Facts that identity publishes, and what it reads of those of others."""

from chassis.events import Fact
from chassis.schemas import Reading, fields


class _AgencyFact(Fact):
    """All that others need to know of an agency; it is about the agency whose event it is."""

    source = "identity"
    described_agency_id = fields.Id("agy", required=True, data_key="agency_id")
    agency_name = fields.String(required=True, data_key="name")
    programme = fields.String(required=True)
    currency = fields.String(required=True)
    discount_basis_points = fields.Integer(required=True)
    language = fields.String(required=True)
    notification_email = fields.String(required=True)
    entitlements = fields.List(fields.String(), required=True)
    test_mode = fields.Boolean(required=True)


class AgencyRegistered(_AgencyFact):
    """An agency joined the platform."""


class AgencyUpdated(_AgencyFact):
    """An agency changed; the fact holds all of it as it is now."""


class ApiKeyCreated(Fact):
    """An agency has a new API key."""

    source = "identity"
    key_id = fields.Id("key", required=True)
    key_name = fields.String(required=True, data_key="name")
    scopes = fields.List(fields.String(), required=True)


class ApiKeyRevoked(Fact):
    """An API key opens nothing any more."""

    source = "identity"
    key_id = fields.Id("key", required=True)


class TestClockAdvanced(Fact):
    """The clock of an agency in test mode stands at `now`: it was made, or it moved."""

    source = "identity"
    clock_id = fields.Id("clk", required=True)
    now = fields.Instant(required=True)


class PortalUserInvited(Fact):
    """A person was invited to an agency, or again; the token that accepts the invitation is told to nobody here."""

    source = "identity"
    portal_user_id = fields.Id("usr", required=True)
    email = fields.String(required=True)
    person_name = fields.String(required=True, data_key="name")
    role = fields.String(required=True)
    language = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class PortalUserRemoved(Fact):
    """A person does not belong to an agency any more, or an invitation was taken back."""

    source = "identity"
    portal_user_id = fields.Id("usr", required=True)


class AccountLoginLocked(Fact):
    """Five wrong attempts locked a username of an account for five minutes; `username` is null where the account has no such user."""

    source = "identity"
    account_id = fields.Id("acc", required=True)
    username = fields.String(required=True, allow_none=True)
    locked_until = fields.Instant(required=True)


class AccountPasswordChanged(Fact):
    """A user of an account has a new password; `changed_by` says how: settings, sso (settings, after a login link), reset."""

    source = "identity"
    account_id = fields.Id("acc", required=True)
    user_id = fields.Id("usr", required=True)
    username = fields.String(required=True)
    changed_by = fields.String(required=True)


class PasswordResetRequested(Fact):
    """Somebody asked for a new password, perhaps with an address that is nobody's; identity itself sends the mail."""

    source = "identity"
    reset_id = fields.Id("pwr", required=True)
    account_id = fields.Id("acc", required=True)


class PasswordResetToSend(Reading):
    """What identity reads of its own password_reset_requested."""

    reset_id = fields.Id("pwr", required=True)


class AccountFailed(Reading):
    """What identity reads of accounts' account_failed."""

    account_id = fields.Id("acc", required=True)


class TransferCompleted(Reading):
    """What identity reads of accounts' transfer_completed."""

    account_id = fields.Id("acc", required=True)
    to_agency_id = fields.Id("agy", required=True)
    completed_at = fields.Instant(required=True)
