"""Whether an account's custom domain points at it (R0.22, R0.114)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RECHECK_AFTER = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


class CheckState(StrEnum):
    """How far the check of a custom domain is."""

    NONE = "none"
    PENDING = "pending"
    VERIFIED = "verified"
    FAILED = "failed"


class LookUpFault(StrEnum):
    """Why a look-up in DNS found no CNAME."""

    NAME_UNKNOWN = "name_unknown"
    CNAME_MISSING = "cname_missing"
    DNS_SILENT = "dns_silent"


ELSEWHERE = "cname_elsewhere"

REASONS: Mapping[str, str] = {
    LookUpFault.NAME_UNKNOWN: "DNS does not know {custom_domain}: add a CNAME record that points to {expected}.",
    LookUpFault.CNAME_MISSING: "{custom_domain} has no CNAME record: add one that points to {expected}.",
    LookUpFault.DNS_SILENT: "The name servers of {custom_domain} did not answer.",
    ELSEWHERE: "The CNAME record of {custom_domain} points to {target}: let it point to {expected}.",
}
"""By the code that says why a domain is not verified (yet)."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a check stands after a look-up; `next_check_at` where there is another one."""

    state: CheckState
    code: str | None
    reason: str | None
    next_check_at: datetime | None


def verdict_on(*, custom_domain: str, expected: str, target: str | None, fault: str | None, started_at: datetime, now: datetime) -> Verdict:
    """Judge what DNS said of a domain: its CNAME is `expected`, or another look-up follows hourly for three days.

    `target` is what the CNAME points to; where there is none, `fault` is one of `LookUpFault`.
    """
    if target is not None and target.lower().removesuffix(".") == expected.lower():
        return Verdict(state=CheckState.VERIFIED, code=None, reason=None, next_check_at=None)
    code = ELSEWHERE if target is not None else LookUpFault(str(fault)).value
    reason = REASONS[code].format(custom_domain=custom_domain, expected=expected, target=target)
    if now >= started_at + GIVE_UP_AFTER:
        return Verdict(state=CheckState.FAILED, code=code, reason=reason, next_check_at=None)
    return Verdict(state=CheckState.PENDING, code=code, reason=reason, next_check_at=now + RECHECK_AFTER)
