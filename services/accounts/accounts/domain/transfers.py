"""Accounts that change hands (R0.53 to R0.57): asked for by an agency, confirmed by the client, completed by the platform."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from accounts import errors

CONFIRM_WITHIN = timedelta(days=7)


class Direction(StrEnum):
    """Whether the agency gets the account or gives it up."""

    IN = "in"
    OUT = "out"


class TransferState(StrEnum):
    """How far a transfer is."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"


class TransferVerb(StrEnum):
    """What can become of a transfer."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    COMPLETE = "complete"
    EXPIRE = "expire"


TRANSFERS: Mapping[TransferVerb, Mapping[TransferState, TransferState]] = {
    TransferVerb.CONFIRM: {TransferState.REQUESTED: TransferState.CONFIRMED},
    TransferVerb.DECLINE: {TransferState.REQUESTED: TransferState.DECLINED},
    TransferVerb.COMPLETE: {TransferState.CONFIRMED: TransferState.COMPLETED},
    TransferVerb.EXPIRE: {TransferState.REQUESTED: TransferState.EXPIRED},
}
"""Verb → state it is possible in → state it leads to."""


@dataclass(frozen=True, kw_only=True)
class TransferLinks:
    """What the links to confirm are made and known by: a secret shared with who writes them, never with who carries them."""

    secret: bytes = field(repr=False)

    def token_of(self, transfer_id: str) -> str:
        """Make the token of a transfer's link: an HMAC-SHA256 of its id, so that it is kept nowhere."""
        digest = hmac.digest(self.secret, f"transfer:{transfer_id}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def knows(self, transfer_id: str, token: str) -> bool:
        """Tell whether this is the token of the transfer, in the time that any comparison takes."""
        return bool(self.secret) and hmac.compare_digest(self.token_of(transfer_id).encode(), token.encode())


def transfer_state_after(verb: TransferVerb, *, state: str, expires_at: datetime, now: datetime) -> TransferState:
    """Tell what `verb` makes of a transfer; refuse where its link was used, its time is over, or the client has not confirmed."""
    after = TRANSFERS[verb].get(TransferState(state))
    if verb is TransferVerb.COMPLETE:
        if after is None:
            raise errors.TransferNotConfirmed(state=state)
        return after
    if after is None:
        raise errors.TransferLinkUsed(state=state)
    if now >= expires_at and verb is not TransferVerb.EXPIRE:
        raise errors.TransferExpired(expires_at=expires_at.isoformat())
    return after


def same_mailbox(one: str, other: str) -> bool:
    """Tell whether two addresses are the same but for case, which no mail server of today minds."""
    return one.casefold() == other.casefold()
