"""How far the opening of an account is (decision 0002)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from accounts.domain.lifecycle import Verb, possible
from accounts.domain.words import Kind, Part, Status

AWAITED: Mapping[Kind, frozenset[Part]] = {
    Kind.PAID: frozenset(Part),
    Kind.TRIAL: frozenset({Part.ADMIN_USER, Part.WORKSPACE}),
    Kind.SANDBOX: frozenset({Part.ADMIN_USER, Part.WORKSPACE}),
}
"""What an account of each kind waits for: nobody pays for a trial or a sandbox."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an account could not be opened: a stable code, and a sentence for people."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """How far the opening of an account is. Facts come in any order and any number of times; once it has ended nothing changes it."""

    status: str
    missing: frozenset[str]
    failure: Failure | None = None


def with_part(provisioning: Provisioning, part: Part) -> Provisioning:
    """Note that a part is there; the last one activates the account."""
    if not possible(provisioning.status, Verb.ACTIVATE):
        return provisioning
    missing = provisioning.missing - {part}
    status = provisioning.status if missing else Status.ACTIVE
    return replace(provisioning, missing=missing, status=status)


def without_part(provisioning: Provisioning, part: Part, failure: Failure) -> Provisioning:
    """Note that a part was refused for good: the account fails, unless the part is not waited for or is there already."""
    return _failed(provisioning, failure) if part in provisioning.missing else provisioning


def given_up(provisioning: Provisioning) -> Provisioning:
    """Fail the account: its deadline passed with something still missing."""
    missing = ", ".join(sorted(part.replace("_", " ") for part in provisioning.missing))
    reason = f"The account was not ready in time; still missing: {missing}."
    return _failed(provisioning, Failure(code="provisioning_timed_out", reason=reason))


def _failed(provisioning: Provisioning, failure: Failure) -> Provisioning:
    if not possible(provisioning.status, Verb.FAIL):
        return provisioning
    return replace(provisioning, status=Status.FAILED, failure=failure)
