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


class LastAdminKeyOfUser(LastAdminKey):
    """The same of a person who leaves: that person's keys end with it."""

    message = (
        "The user {portal_user_id} has the last API key with the scope admin that stays: create one with it first that is not this user's."
    )


class PortalUserUnknown(Refusal):
    """A key can be a person's of its own agency alone; another agency's look like nobody."""

    kind = "invalid"
    code = "portal_user_unknown"
    message = "There is no user {user_id}: invite the person first, or leave this out for a program's key."
    field = "user_id"


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


class AccountNotFound(Refusal):
    """No account of this id has users, or it is another agency's; the two look the same from outside."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account {account_id}."


class UserOfAccountNotFound(Refusal):
    """The account has no user of this id."""

    kind = "not_found"
    code = "account_user_not_found"
    message = "The account has no user {user_id}."


class UsernameTaken(Refusal):
    """Another user of the account is called so; upper and lower case make no difference."""

    kind = "conflict"
    code = "username_taken"
    message = "The account has a user {username} already: choose another username."
    field = "username"


class EmailTaken(Refusal):
    """Another user of the account has this address: a forgotten password would be anybody's."""

    kind = "conflict"
    code = "email_taken"
    message = "Another user of the account has the e-mail address {email}: give each their own."
    field = "email"


class LastAdmin(Refusal):
    """An account always has an admin: the agency manages the account as one (R3.4)."""

    kind = "conflict"
    code = "last_admin"
    message = "The user {username} is the last admin of the account: make another user admin first."


class LoginFailed(Refusal):
    """The username is unknown or the password is wrong; the two look the same from outside."""

    kind = "unauthenticated"
    code = "login_failed"
    message = "The username or the password is not right."


class LoginLocked(Refusal):
    """Five attempts were wrong: none is looked at before `until`, the right password neither (R0.80, R0.83)."""

    kind = "too_many"
    code = "login_locked"
    message = "Too many wrong attempts: try again after {until}. A forgotten password can be reset at once."


class InvalidSession(Refusal):
    """The session is unknown, has ended or has expired; they look the same from outside."""

    kind = "unauthenticated"
    code = "invalid_session"
    message = "Log in first."


class CurrentPasswordWrong(Refusal):
    """Whoever changes a password must know the present one."""

    kind = "invalid"
    code = "current_password_wrong"
    message = "The current password is not right."
    field = "current_password"


class PasswordUnfit(Refusal):
    """The chosen password breaks the rule for passwords (R0.76)."""

    kind = "invalid"
    code = "password_unfit"
    message = "This password cannot be used: {reason}. Choose one of {least_length} to {most_length} characters."
    field = "new_password"


class InvalidResetToken(Refusal):
    """The link of a password reset is unknown, was used or has expired; they look the same from outside."""

    kind = "gone"
    code = "invalid_reset_token"
    message = "This link was used already or has expired: ask for another one."


class AccountUserUnreachable(Refusal):
    """No mail can be written to this user."""

    kind = "conflict"
    code = "account_user_unreachable"
    message = "The user {username} has no e-mail address to send a link to: set one first."


class TooManyPasswordResets(Refusal):
    """As many resets were asked for as may be within an hour."""

    kind = "too_many"
    code = "too_many_password_resets"
    message = "{most} password resets were started within an hour already: use the last one, or try again later."


class InvalidLoginLink(Refusal):
    """The login link is unknown, was used or has expired; they look the same from outside."""

    kind = "gone"
    code = "invalid_login_link"
    message = "This login link was used already or has expired: make another one."


class PasswordResetBeingSent(Refusal):
    """Another delivery of the same event is sending the mail at this moment."""

    kind = "conflict"
    code = "password_reset_being_sent"
    message = "The mail of the password reset {reset_id} is being sent."
