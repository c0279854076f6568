"""What identity refuses, by name."""

from chassis.errors import Refusal


class AgencyNotFound(Refusal):
    """No agency has this id."""

    kind = "not_found"
    code = "agency_not_found"
    message = "There is no agency {agency_id}."


class InvalidApiKey(Refusal):
    """The key is unknown or was revoked; the two look the same from outside."""

    kind = "unauthenticated"
    code = "invalid_api_key"
    message = "The API key is not valid."


class ApiKeyNotFound(Refusal):
    """The agency has no key of this id."""

    kind = "not_found"
    code = "api_key_not_found"
    message = "There is no API key {key_id}."


class AccountFailed(Refusal):
    """The account has failed already: nothing is prepared for it any more."""

    kind = "conflict"
    code = "account_failed"
    message = "The account {account_id} has failed: no user can be prepared for it."


class AccountUserNotFound(Refusal):
    """The account has no such user, or is another agency's; the two look the same from outside."""

    kind = "not_found"
    code = "account_user_not_found"
    message = "The account {account_id} has no user {username}."


class CredentialsAlreadyClaimed(Refusal):
    """Credentials are shown once (R0.52)."""

    kind = "gone"
    code = "credentials_already_claimed"
    message = "The credentials of account {account_id} were claimed already; they are shown once. Start a password reset instead."
