"""Refusals: everything a service may answer instead of doing what it was asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, get_args

Kind = Literal[
    "malformed",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "gone",
    "stale",
    "invalid",
    "too_many",
    "unavailable",
    "timeout",
    "internal",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))
MOST_ERRORS = 50


class Refusal(Exception):
    """A named answer «no». Subclasses set `kind`, `code` and `message`; what fills the message becomes `details`.

    On the bus: ``{"kind": …, "code": …, "message": …, "details": {…}}``; the field at fault, where there is one, is `details["field"]`.
    """

    kind: Kind = "invalid"
    code: str = "refused"
    message: ClassVar[str] = "The request was refused."
    field: str | None = None

    def __init__(self, **details: Any) -> None:
        self.details: dict[str, Any] = details
        self.text = self.message.format(**details)
        super().__init__(self.text)

    def to_wire(self) -> dict[str, Any]:
        """This refusal as the JSON object that crosses the bus; what JSON has no form for crosses as text."""
        details = self.details if self.field is None else {**self.details, "field": self.field}
        return {"kind": self.kind, "code": self.code, "message": self.text, "details": json.loads(json.dumps(details, default=str))}


class Refused(Refusal):
    """A refusal that another service answered, as it came."""

    message = "{text}"

    def __init__(self, *, kind: str, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text=message)
        self.details = dict(details or {})
        self.kind = kind if kind in KINDS else "internal"  # type: ignore[assignment]  # checked by the condition itself
        self.code = code
        self.field = self.details.pop("field", None)

    @classmethod
    def from_wire(cls, error: Mapping[str, Any]) -> "Refused":
        """Read the `error` member of a reply; members that a stranger left out are filled in."""
        details = error.get("details")
        return cls(
            kind=str(error.get("kind", "internal")),
            code=str(error.get("code", "internal_error")),
            message=str(error.get("message") or error.get("value") or "The service failed without saying why."),
            details=details if isinstance(details, dict) else None,
        )


class InvalidRequest(Refusal):
    """The request does not have the shape its schema asks for; `details["errors"]` has one entry a field: field, code, message.

    Of many it names the first `MOST_ERRORS` and counts the others, so that an answer is not many times as long as what it answers.
    """

    kind = "invalid"
    code = "invalid_request"
    message = "{summary}"

    def __init__(self, *, errors: Sequence[Mapping[str, str]]) -> None:
        listed = list(errors)
        first = listed[0]
        more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
        super().__init__(summary=f"{first['field']}: {first['message']}{more}")
        self.details = {"errors": [dict(error) for error in listed[:MOST_ERRORS]]}


class MalformedCall(Refusal):
    """An RPC whose body is no JSON object, or whose method does not exist."""

    kind = "malformed"
    code = "malformed_call"
    message = "{reason}"


class IdempotencyKeyReused(Refusal):
    """The same idempotency key came with another request than the first time."""

    kind = "invalid"
    code = "idempotency_key_reused"
    message = "This idempotency key was used for a different request before: send a new key with a new request."
    field = "Idempotency-Key"


class VersionMismatch(Refusal):
    """The caller wants to change a version that is not the one there is (any more): it would undo what it has not seen."""

    kind = "stale"
    code = "version_mismatch"
    message = "This has changed since you read it: read it again, and send your change with its new ETag."
    field = "If-Match"


class OutcomeUnknown(Refusal):
    """A command without idempotency key came a second time from the broker: whether the first run finished is unknown, so it is not run."""

    kind = "unavailable"
    code = "outcome_unknown"
    message = (
        "The service was interrupted while it worked on this: look at the result before you send it again, or send it with an"
        " idempotency key."
    )


class InvalidCursor(Refusal):
    """A list was asked to go on from a cursor that no list gave out."""

    kind = "invalid"
    code = "invalid_cursor"
    message = "This cursor was not given out by this list: start again without it."
    field = "cursor"


class Unavailable(Refusal):
    """A service, the broker or the database cannot be reached now; nothing is known to have happened."""

    kind = "unavailable"
    code = "service_unavailable"
    message = "{service} cannot be reached right now: {reason}. Try again in a moment."


class TooBusy(Unavailable):
    """As many calls are in flight as this process allows."""

    code = "too_busy"


class DeadlineExceeded(Refusal):
    """No answer came in time, or the work was not begun because nobody waits for it any more."""

    kind = "timeout"
    code = "deadline_exceeded"
    message = "{service}.{method} did not answer in time."


class InternalError(Refusal):
    """The service failed in a way it has no name for; the log of the same request id says how."""

    kind = "internal"
    code = "internal_error"
    message = "Something failed on our side. The request id finds it in our logs."
