"""The lifecycle: one table decides commands and events alike."""

from collections.abc import Mapping
from enum import StrEnum

from accounts import errors
from accounts.domain.words import Status


class Verb(StrEnum):
    """What can be done to an account."""

    ACTIVATE = "activate"
    FAIL = "fail"
    CHANGE_PLAN = "change_plan"
    CLAIM_CREDENTIALS = "claim_credentials"


LIFECYCLE: Mapping[Verb, Mapping[Status, Status]] = {
    Verb.ACTIVATE: {Status.CREATING: Status.ACTIVE},
    Verb.FAIL: {Status.CREATING: Status.FAILED},
    Verb.CHANGE_PLAN: {Status.ACTIVE: Status.ACTIVE},
    Verb.CLAIM_CREDENTIALS: {Status.ACTIVE: Status.ACTIVE},
}
"""Verb → status it is possible in → status it leads to: the one table that decides commands and events alike."""

AGENCY_VERBS = (Verb.CHANGE_PLAN, Verb.CLAIM_CREDENTIALS)
"""What an agency can ask for; the rest happens by itself."""


def possible(status: str, verb: Verb) -> bool:
    """Whether the lifecycle allows `verb` in `status`."""
    return status in LIFECYCLE[verb]


def status_after(status: str, verb: Verb) -> Status:
    """Tell the status that `verb` leads to; refuse by `NotNow`, with what is possible, where it leads nowhere."""
    if not possible(status, verb):
        raise errors.NotNow(
            action=verb,
            status=status,
            possible_while=list(LIFECYCLE[verb]),
            possible_now=[other for other in AGENCY_VERBS if possible(status, other)],
        )
    return LIFECYCLE[verb][Status(status)]
