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


class ApiKeyEnded(Refusal):
    """The key was revoked, or rotated: it has a successor already."""

    kind = "conflict"
    code = "api_key_ended"
    message = "The API key {key_id} was revoked or rotated already: rotate its successor, or create a new key."


class LastAdminKey(Refusal):
    """Without a key that has the scope admin, the agency could make no key any more."""

    kind = "conflict"
    code = "last_admin_key"
    message = (
        "The API key {key_id} is the last one with the scope admin that stays: create another one with it first, or rotate this one,"
        " with overlap_seconds 0 where it must end at once."
    )


class ScopeExceedsOwn(Refusal):
    """A key gives to others only what it has itself."""

    kind = "forbidden"
    code = "scope_exceeds_own"
    message = "This key cannot give what it does not have itself: {scopes}. Leave that out, or ask with a key that has it, or admin."
    field = "scopes"


class PortalUserNotFound(Refusal):
    """The agency has no such person."""

    kind = "not_found"
    code = "portal_user_not_found"
    message = "There is no user {portal_user_id}."


class PortalUserExists(Refusal):
    """The person belongs to the agency already; addresses are compared without regard to case."""

    kind = "conflict"
    code = "portal_user_exists"
    message = "{email} is a user of this agency already: change that one ({portal_user_id})."
    field = "email"


class LastOwner(Refusal):
    """An agency always has an owner, and an active one once it has had one."""

    kind = "conflict"
    code = "last_owner"
    message = "The user {portal_user_id} is the last owner: make another active user an owner first."


class InvitationNotFound(Refusal):
    """No invitation has this token: it was accepted, renewed or taken back, or never was; from outside these look the same."""

    kind = "not_found"
    code = "invitation_not_found"
    message = "This invitation was used, renewed or taken back: ask the agency for another one."


class InvitationExpired(Refusal):
    """The invitation was not accepted in time."""

    kind = "gone"
    code = "invitation_expired"
    message = "This invitation could be accepted until {expired_at}: ask the agency to invite you again."


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


class NotInTestMode(Refusal):
    """Real time cannot be moved."""

    kind = "forbidden"
    code = "not_in_test_mode"
    message = "The agency is not in test mode: its time is real. Only an agency in test mode may have a clock."


class TestClockExists(Refusal):
    """An agency has one time, so one clock."""

    kind = "conflict"
    code = "test_clock_exists"
    message = "The agency has the clock {clock_id} already: advance that one."


class TestClockNotFound(Refusal):
    """The agency has no such clock, or it is another agency's; the two look the same from outside."""

    kind = "not_found"
    code = "test_clock_not_found"
    message = "There is no test clock {clock_id}."


class ClockMovesForwardOnly(Refusal):
    """What became due cannot be undone."""

    kind = "invalid"
    code = "clock_moves_forward_only"
    message = "Time moves forward only: it is {now} for the agency; give a later moment."
    field = "to"


class ClockBeginsNoEarlier(ClockMovesForwardOnly):
    """The same of a new clock: the agency has lived until now already."""

    field = "now"


class ClockStepTooLong(Refusal):
    """One step does not skip more than two years, so that what falls due in it can be worked through."""

    kind = "invalid"
    code = "clock_step_too_long"
    message = "A clock moves by two years at once at most, here until {until}: go there in several steps."
    field = "to"


class ClockBeginsNoLater(ClockStepTooLong):
    """The same of a new clock: it begins by a step from now."""

    field = "now"
