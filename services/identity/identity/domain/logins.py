"""Logging in: how often a password may be tried, and what the tokens look like that stand for somebody who did."""

import hmac
import math
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)
"""R0.80."""
FAILURES_KEPT = timedelta(days=7)
"""Wrong attempts are counted together until one succeeds, a lock ends, or nobody has tried for this long."""

SESSION_LASTS = timedelta(hours=12)
LOGIN_LINK_LASTS = timedelta(seconds=60)
RESET_LASTS = timedelta(minutes=30)
MOST_RESETS = 5
RESETS_COUNTED_OVER = timedelta(hours=1)
ENDED_KEPT = timedelta(days=7)
"""How long a session, a link or a reset stays on record after it opens nothing any more."""

TOKEN_BYTES = 32  # 256 bits


class Via(StrEnum):
    """How somebody got in: with a password, or by a login link of the agency (SSO)."""

    PASSWORD = "password"  # noqa: S105  the word, no secret
    SSO = "sso"


class StartedBy(StrEnum):
    """Who asked for a password reset (R0.77, R0.78)."""

    CLIENT = "client"
    AGENCY = "agency"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The wrong attempts at one username of one account, whether or not there is such a user."""

    failures: int = 0
    last_failed_at: datetime | None = None
    locked_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at a password: whether the right one would be taken, and the tally if it turns out to be wrong."""

    may_succeed: bool
    tally: Tally


def seconds_to_next_reset(first_asked_at: datetime, *, now: datetime) -> int:
    """Tell in how many seconds another reset may be asked for, where `first_asked_at` is the oldest of as many as are allowed."""
    return math.ceil((first_asked_at + RESETS_COUNTED_OVER - now).total_seconds())


def begin_attempt(tally: Tally, *, now: datetime) -> Attempt:
    """Count an attempt as wrong before it is looked at, so that of any number of them at once five are.

    The fifth locks: for five minutes none is looked at, the right password neither (R0.80, R0.83).
    """
    if _is_locked(tally, now=now):
        return Attempt(may_succeed=False, tally=tally)
    begins_anew = tally.locked_until is not None or (tally.last_failed_at is not None and tally.last_failed_at <= now - FAILURES_KEPT)
    failures = 1 if begins_anew else tally.failures + 1
    locked_until = now + LOCKED_FOR if failures == MOST_FAILURES else None
    return Attempt(may_succeed=True, tally=Tally(failures=failures, last_failed_at=now, locked_until=locked_until))


def after_success(tally: Tally, *, attempt: Attempt) -> Tally:
    """Forget what was counted, but for a lock that another attempt brought about while this one was looked at."""
    locked_meanwhile = tally.locked_until is not None and attempt.tally.locked_until is None
    return tally if locked_meanwhile else Tally()


def after_new_password(tally: Tally, *, now: datetime) -> Tally:
    """Forget what was counted, but for a lock: the new password has to wait for its end too (R0.83)."""
    return tally if _is_locked(tally, now=now) else Tally()


def new_token() -> str:
    """Draw a token of 256 bits that can stand in a URL and in a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def reset_token(*, pepper: bytes, reset_id: str) -> str:
    """Give the token of a password reset: who has the pepper can make it again from the id, so that it is kept and sent nowhere else."""
    return urlsafe_b64encode(hmac.digest(pepper, f"password_reset:{reset_id}".encode(), "sha256")).decode().rstrip("=")


def _is_locked(tally: Tally, *, now: datetime) -> bool:
    return tally.locked_until is not None and now < tally.locked_until
