"""The users of accounts: what they are called, and which passwords they may choose."""

from dataclasses import dataclass, field

from chassis.ids import new_id
from identity import errors
from identity.domain.passwords import readable_password
from identity.domain.words import folded

LEAST_PASSWORD_LENGTH = 12
MOST_PASSWORD_LENGTH = 128


@dataclass(frozen=True, kw_only=True)
class DraftUser:
    """A user before it is kept: its password, in plain, is for whoever made it alone."""

    id: str
    password: str = field(repr=False)


def draft_user() -> DraftUser:
    """Draw a user's id and first password."""
    return DraftUser(id=new_id("usr"), password=readable_password())


def check_password(password: str, *, username: str, account_name: str | None) -> None:
    """Raise `PasswordUnfit` for a password that is too short, too long, or the name of the user or of the account (R0.76)."""
    if len(password) < LEAST_PASSWORD_LENGTH:
        raise _unfit(f"it has fewer than {LEAST_PASSWORD_LENGTH} characters")
    if len(password) > MOST_PASSWORD_LENGTH:
        raise _unfit(f"it has more than {MOST_PASSWORD_LENGTH} characters")
    if folded(password) in {username, account_name}:
        raise _unfit("it is a name that others know")


def _unfit(reason: str) -> errors.PasswordUnfit:
    return errors.PasswordUnfit(reason=reason, least_length=LEAST_PASSWORD_LENGTH, most_length=MOST_PASSWORD_LENGTH)
