"""Refusals about changing the settings of an account."""

from chassis.errors import Refusal


class VersionMismatch(Refusal):
    """The account has changed since the caller read it (RFC 9110, 13.1.1)."""

    kind = "stale"
    code = "version_mismatch"
    message = "The account has changed since you read it: it is at version {version} now. Read it again."
    field = "If-Match"
