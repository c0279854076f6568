"""What API keys look like, and what is kept of them."""

import hashlib
import hmac
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chassis.ids import new_id
from identity.domain.words import Scope

KEY_RANDOM_LENGTH = 43  # 43 of 62 characters: 256 bits
KEY_SHOWN_LENGTH = 4  # characters of the random part that stay readable in `prefix`; 232 bits stay unknown

OVERLAP_SECONDS = 86_400
LONGEST_OVERLAP_SECONDS = 604_800
"""How long a key that was rotated still opens: a day unless said otherwise, a week at most."""


@dataclass(frozen=True, kw_only=True)
class DraftKey:
    """An API key before it is kept: the secret is for its holder alone, the rest is what we keep."""

    id: str
    prefix: str
    keyed_digest: bytes
    keyed_md5_digest: bytes
    secret: str = field(repr=False)


def draft_key(*, test_mode: bool, pepper: bytes) -> DraftKey:
    """Draw a key: `ck_live_` or `ck_test_` and 256 random bits in letters and digits."""
    random_part = random_text()
    mode = "ck_test_" if test_mode else "ck_live_"
    secret = mode + random_part
    return DraftKey(
        id=new_id("key"),
        prefix=mode + random_part[:KEY_SHOWN_LENGTH],
        keyed_digest=keyed_digest(pepper=pepper, digest=digest_of(secret)),
        keyed_md5_digest=keyed_digest(pepper=pepper, digest=digest_of(md5_of(secret))),
        secret=secret,
    )


def random_text() -> str:
    """Draw 256 random bits in letters and digits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(KEY_RANDOM_LENGTH))


def digest_of(secret: str) -> str:
    """Give the SHA-256 of a key in hexadecimal: all of a key that travels between the gateway and identity."""
    return hashlib.sha256(secret.encode()).hexdigest()


def md5_of(secret: str) -> str:
    """Give the md5 of a key in hexadecimal, which opens the agency API for programs that send no password otherwise (decision 0019).

    md5 adds no safety, and need not: of 256 random bits nobody finds the md5 by trying.
    """
    return hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()


def keyed_digest(*, pepper: bytes, digest: str) -> bytes:
    """Give the HMAC-SHA256 of a key's digest: all of a key that is stored, useless without the pepper."""
    return hmac.digest(pepper, digest.encode(), "sha256")


def opens(*, revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    """Whether a key opens the door now."""
    return revoked_at is None and (expires_at is None or now < expires_at)


def scopes_beyond(own: Iterable[str], *, wanted: Iterable[str]) -> list[str]:
    """Name the scopes that a key with these of its own may not give to another key, in order; `admin` may give every one."""
    has = set(own)
    return [] if Scope.ADMIN in has else sorted(set(wanted) - has)
