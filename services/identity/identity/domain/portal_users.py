"""The persons of an agency: roles, invitations, and the owner that there always is."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.ids import new_id
from identity.domain.api_keys import digest_of, keyed_digest, random_text

INVITATION_LIFETIME = timedelta(days=7)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
"""Of a portal user's own choice: long enough that nobody guesses it, short enough that hashing it takes no time of others."""


class PortalRole(StrEnum):
    """What a person may do in the name of the agency."""

    OWNER = "owner"
    ADMIN = "admin"
    BILLING = "billing"
    SUPPORT = "support"
    VIEWER = "viewer"


class PortalUserStatus(StrEnum):
    """Whether the invitation was accepted."""

    INVITED = "invited"
    ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class DraftInvitation:
    """An invitation before it is kept: the token is for the person invited alone, the rest is what we keep."""

    id: str
    keyed_digest: bytes
    token: str = field(repr=False)


def draft_invitation(*, pepper: bytes) -> DraftInvitation:
    """Draw an invitation, its token of 256 random bits."""
    token = random_text()
    return DraftInvitation(id=new_id("ivt"), keyed_digest=keyed_digest(pepper=pepper, digest=digest_of(token)), token=token)


def invitation_ends(*, invited_at: datetime) -> datetime:
    """Say from when on an invitation cannot be accepted any more."""
    return invited_at + INVITATION_LIFETIME


def is_over(*, ends_at: datetime, now: datetime) -> bool:
    """Whether an invitation that ends then cannot be accepted now."""
    return now >= ends_at


def may_stop_owning(status: str, *, other_owners: Iterable[str]) -> bool:
    """Whether an owner of this status may go, or take another role, beside other owners of these statuses.

    An active one only while another active one stays: who is invited may never come. One who is invited while any other stays.
    """
    return any(other == PortalUserStatus.ACTIVE or status == PortalUserStatus.INVITED for other in other_owners)
