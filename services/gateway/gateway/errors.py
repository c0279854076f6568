"""Problems (RFC 9457): the one place where refusals become HTTP."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from flask import Response
from werkzeug.exceptions import HTTPException

from chassis import context as contexts
from chassis.errors import InvalidRequest, Refusal
from gateway.schemas import encoded

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
"""What an unavailable service is given to come back; its outage is longer or a moment, nobody knows which."""
PASSING = frozenset({"too_many", "unavailable"})
"""Kinds of refusals after which the same request may do: they say how long to wait, as Retry-After and in the problem."""


class Malformed(Refusal):
    """The request is not what its media type says."""

    kind = "malformed"
    code = "malformed_request"
    message = "{reason}"


class KeyMissing(Refusal):
    """The request says nothing about who makes it."""

    kind = "unauthenticated"
    code = "api_key_missing"
    message = "Send your API key: Authorization: Bearer ck_live_…"


class KeyInvalid(Refusal):
    """No such key, or a revoked one."""

    kind = "unauthenticated"
    code = "invalid_api_key"
    message = "The API key is not valid."


class ScopeMissing(Refusal):
    """The key is valid and may not do this."""

    kind = "forbidden"
    code = "scope_missing"
    message = "This key does not have the scope {scope}, which this needs."


TOO_BUSY = "too_busy"
"""The code of what is refused because too much is under way."""


class RateLimited(Refusal):
    """The key has used up its budget for now."""

    kind = "too_many"
    code = "rate_limited"
    message = "This key has used up its requests for now: try again in {retry_after_seconds} s."


class AgencyKeyInvalid(Refusal):
    """No such key, as the agency API says it: only what every key begins with is told."""

    kind = "unauthenticated"
    code = "invalid_api_key"
    message = "Authentication for API key '{masked}' failed."


class AgencyKeyMissing(Refusal):
    """A call of the agency API that says nothing about who makes it."""

    kind = "unauthenticated"
    code = "api_key_missing"
    message = "Send your API key as api_key in the address, as api_pass beside api_user, or in the header Api-Token."


class ActionUnknown(Refusal):
    """The agency API has no such call."""

    code = "action_unknown"
    message = "There is no call '{action}': api_action is one of {allowed}."
    field = "api_action"


class OutputUnknown(Refusal):
    """The agency API does not write like this."""

    code = "output_unknown"
    message = "api_output is xml, json or serialize, and not '{output}'."
    field = "api_output"


class VerbRefused(Refusal):
    """A call of the agency API was made by a method that it is not made by."""

    code = "verb_refused"
    message = "Send {action} by {allowed}."


class ParameterMissing(Refusal):
    """A call of the agency API lacks what it is about."""

    code = "parameter_missing"
    message = "{action} needs the parameter {parameter}: send it {place}."


class ParameterInvalid(Refusal):
    """A parameter of the agency API has a value that cannot be understood."""

    code = "parameter_invalid"
    message = "{parameter} cannot be '{given}': {expected}."


class BodyUnreadable(Refusal):
    """The body of a call of the agency API is broken off, or not carried as HTTP says."""

    kind = "malformed"
    code = "body_unreadable"
    message = "The body cannot be read: send it whole, as a form (application/x-www-form-urlencoded). Nothing was done."


class TextUnreadable(Refusal):
    """The parameters of a call of the agency API are in another encoding than ours."""

    kind = "malformed"
    code = "text_unreadable"
    message = "The parameters are not UTF-8: send them in that encoding. Nothing was done."


class AccountOfNameUnknown(Refusal):
    """The agency has no account of this name."""

    kind = "not_found"
    code = "account_not_found"
    message = "You have no account '{account}': account_list shows those you have."


class NotOffered(Refusal):
    """The call exists where the programs were written, and what it is about does not exist here."""

    kind = "conflict"
    code = "not_offered"
    message = "{reason}"


class LinkUnknown(Refusal):
    """A link to an account's own pages that is about another account."""

    kind = "not_found"
    code = "link_unknown"
    message = "This account knows no such link."


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A type of problem: its HTTP status and what it is called, in a word for machines and in a sentence for people."""

    status: int
    name: str
    title: str

    @property
    def type(self) -> str:
        """The URI reference that identifies it, and where a person can read about it."""
        return f"/docs#{self.name}"


PROBLEMS: Mapping[str, Problem] = {
    kind: Problem(status=status, name=name, title=title)
    for kind, status, name, title in (
        ("malformed", 400, "malformed", "The request cannot be read."),
        ("unauthenticated", 401, "unauthenticated", "The request does not say who makes it."),
        ("forbidden", 403, "forbidden", "The key may not do this."),
        ("not_found", 404, "not-found", "There is nothing here, or it is not yours."),
        ("conflict", 409, "conflict", "The state of things does not allow this now."),
        ("gone", 410, "gone", "This was given once and is not given again."),
        ("stale", 412, "precondition-failed", "It has changed since you read it."),
        ("invalid", 422, "invalid", "A field has a value that cannot be."),
        ("too_many", 429, "too-many", "Too many requests."),
        ("internal", 500, "internal", "Something failed on our side."),
        ("unavailable", 503, "unavailable", "A service behind this one is away."),
        ("timeout", 504, "timeout", "No answer came in time."),
    )
}
"""By the kind of the refusal (docs/writing-a-service.md)."""

HTTP_PROBLEMS: Mapping[int, tuple[Problem, str, str]] = {
    404: (PROBLEMS["not_found"], "no_such_route", "There is nothing at this address."),
    405: (
        Problem(status=405, name="method-not-allowed", title="This address does not take this method."),
        "method_not_allowed",
        "Use one of the methods of the Allow header.",
    ),
    413: (Problem(status=413, name="body-too-large", title="The body is too large."), "body_too_large", "A body is smaller than 1 MB."),
    414: (
        Problem(status=414, name="address-too-long", title="The address is too long."),
        "address_too_long",
        "A request line, which is the method and the address, has 8190 bytes at most.",
    ),
    415: (
        Problem(status=415, name="unsupported-media-type", title="The body has a type that is not read here."),
        "unsupported_media_type",
        "Send JSON, with Content-Type: application/json.",
    ),
    431: (
        Problem(status=431, name="headers-too-large", title="The headers are too large."),
        "headers_too_large",
        "There are 100 headers at most, each of 8190 bytes at most.",
    ),
}
"""What the HTTP layer itself refuses, by status: type, code and detail."""

EVERY_PROBLEM = sorted({*PROBLEMS.values(), *(problem for problem, *_ in HTTP_PROBLEMS.values())}, key=lambda each: each.status)


def members(
    problem: Problem, code: str, detail: str, errors: Sequence[Mapping[str, str]] = (), *, retry_after_seconds: int | None = None
) -> dict[str, Any]:
    """The problem as its JSON object; how long to wait is in it where that is known."""
    waiting = {} if retry_after_seconds is None else {"retry_after_seconds": retry_after_seconds}
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
        **waiting,
        "request_id": contexts.current().request_id,
    }


def of_status(status: int) -> tuple[Problem, str, str]:
    """Type, code and detail of what the HTTP layer refuses with this status; whatever it has no words for is malformed, or our failure."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PROBLEMS["internal"], "internal_error", "Something failed on our side. The request id finds it in our logs."
    return HTTP_PROBLEMS.get(status) or (PROBLEMS["malformed"], Malformed.code, "The request cannot be read.")


def response(
    problem: Problem, code: str, detail: str, errors: Sequence[Mapping[str, str]] = (), *, retry_after_seconds: int | None = None
) -> Response:
    """The problem as a response."""
    body = members(problem, code, detail, errors, retry_after_seconds=retry_after_seconds)
    headers = {"Cache-Control": "no-store"}
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    return Response(encoded(body), status=problem.status, content_type=MEDIA_TYPE, headers=headers)


def of_refusal(refusal: Refusal) -> Response:
    """Answer a refusal, ours or that of a service."""
    if refusal.kind == "internal" or refusal.code == "malformed_call":  # the call was ours: the client cannot mend it
        log.error("a service failed", code=refusal.code, reason=refusal.text)
        return response(*of_status(HTTPStatus.INTERNAL_SERVER_ERROR))
    problem = PROBLEMS[refusal.kind]
    wait_seconds = refusal.details.get("retry_after_seconds", RETRY_AFTER_SECONDS) if refusal.kind in PASSING else None
    answer = response(problem, refusal.code, refusal.text, _errors(refusal), retry_after_seconds=wait_seconds)
    if refusal.kind == "unauthenticated":
        answer.headers["WWW-Authenticate"] = 'Bearer realm="comptoir"'
    return answer


def of_http(error: HTTPException) -> Response:
    """Answer what werkzeug and Flask refuse: an unknown address, a wrong method, a body that is too large."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = response(*of_status(status))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def of_failure(error: Exception) -> Response:
    """Answer a defect of ours: the log has the trace, the caller the request id that finds it."""
    log.error("a request failed", exc_info=error)
    return response(*of_status(HTTPStatus.INTERNAL_SERVER_ERROR))


@contextmanager
def fields_called(inner: str, public: str) -> Iterator[None]:
    """Run the block; a refusal about the service's field `inner`, or one within, is about the caller's field `public` (empty: the body)."""
    try:
        yield
    except Refusal as refusal:
        refusal.field = _renamed(refusal.field, inner, public)
        for error in refusal.details.get("errors", ()):
            error["field"] = _renamed(error["field"], inner, public)
        raise


def _renamed(field: str | None, inner: str, public: str) -> str | None:
    if field is None or re.fullmatch(rf"{inner}(\..+)?", field) is None:
        return field
    return (public + field.removeprefix(inner)).removeprefix(".") or None


def _errors(refusal: Refusal) -> Sequence[Mapping[str, str]]:
    if refusal.code == InvalidRequest.code:
        return refusal.details.get("errors", ())  # type: ignore[no-any-return]  # the chassis makes them so
    if refusal.field is None:
        return ()
    return [{"field": refusal.field, "code": refusal.code, "message": refusal.text}]
