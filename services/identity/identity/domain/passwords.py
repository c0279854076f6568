"""What passwords look like."""

import secrets
from dataclasses import dataclass, field

# Crockford's base 32 in lower case: no i, l, o, u, so nothing read aloud or retyped can be taken for something else.
READABLE_CHARACTERS = "0123456789abcdefghjkmnpqrstvwxyz"
PASSWORD_GROUPS = 4
PASSWORD_GROUP_LENGTH = 5  # 4 × 5 of 32 characters: 100 bits


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What opens an account, in plain: given once to the agency, kept nowhere."""

    username: str
    password: str = field(repr=False)


def readable_password() -> str:
    """Draw a password of 100 random bits that a person can read and type, such as `7k2mw-9hq4r-vb3tn-ze6pd`."""
    groups = ("".join(secrets.choice(READABLE_CHARACTERS) for _ in range(PASSWORD_GROUP_LENGTH)) for _ in range(PASSWORD_GROUPS))
    return "-".join(groups)
