"""The rules of identity: what keys and passwords look like, and what is kept of them."""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum

from chassis.ids import new_id

ADMIN_USERNAME = "admin"  # R0.79: the first user of every account

MOST_BASIS_POINTS = 10_000

KEY_RANDOM_LENGTH = 43  # 43 of 62 characters: 256 bits
KEY_SHOWN_LENGTH = 4  # characters of the random part that stay readable in `prefix`; 232 bits stay unknown

# Crockford's base 32 in lower case: no i, l, o, u, so nothing read aloud or retyped can be taken for something else.
READABLE_CHARACTERS = "0123456789abcdefghjkmnpqrstvwxyz"
PASSWORD_GROUPS = 4
PASSWORD_GROUP_LENGTH = 5  # 4 × 5 of 32 characters: 100 bits


class Programme(StrEnum):
    """Who is billed: the agency (reseller) or its client (commission)."""

    RESELLER = "reseller"
    COMMISSION = "commission"


class Language(StrEnum):
    """The languages in which the platform writes."""

    ENGLISH = "en"
    FRENCH = "fr"
    PORTUGUESE = "pt"
    SPANISH = "es"


class Entitlement(StrEnum):
    """What the platform has granted to an agency beyond the ordinary (R1.2)."""

    SNAPSHOTS = "snapshots"


class Role(StrEnum):
    """What an account user may do inside the account."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API key may do; `admin` may do everything its agency may."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    CREDITS_READ = "credits:read"
    CREDITS_WRITE = "credits:write"
    SNAPSHOTS_READ = "snapshots:read"
    SNAPSHOTS_WRITE = "snapshots:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class DraftKey:
    """An API key before it is kept: the secret is for its holder alone, the rest is what we keep."""

    id: str
    prefix: str
    keyed_digest: bytes
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What opens an account, in plain: given once to the agency, kept nowhere."""

    username: str
    password: str = field(repr=False)


def draft_key(*, test_mode: bool, pepper: bytes) -> DraftKey:
    """Draw a key: `ck_live_` or `ck_test_` and 256 random bits in letters and digits."""
    random_part = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(KEY_RANDOM_LENGTH))
    mode = "ck_test_" if test_mode else "ck_live_"
    secret = mode + random_part
    return DraftKey(
        id=new_id("key"),
        prefix=mode + random_part[:KEY_SHOWN_LENGTH],
        keyed_digest=keyed_digest(pepper=pepper, digest=digest_of(secret)),
        secret=secret,
    )


def digest_of(secret: str) -> str:
    """Give the SHA-256 of a key in hexadecimal: all of a key that travels between the gateway and identity."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_digest(*, pepper: bytes, digest: str) -> bytes:
    """Give the HMAC-SHA256 of a key's digest: all of a key that is stored, useless without the pepper."""
    return hmac.digest(pepper, digest.encode(), "sha256")


def readable_password() -> str:
    """Draw a password of 100 random bits that a person can read and type, such as `7k2mw-9hq4r-vb3tn-ze6pd`."""
    groups = ("".join(secrets.choice(READABLE_CHARACTERS) for _ in range(PASSWORD_GROUP_LENGTH)) for _ in range(PASSWORD_GROUPS))
    return "-".join(groups)
