"""Which codes each operation may refuse with: those of the gateway, by one rule, and those of the services behind it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from chassis.errors import DeadlineExceeded, InternalError, InvalidRequest, TooBusy, Unavailable
from gateway import errors
from gateway.schemas import Json

MEMBER = "x-codes"
NO_ROUTE = errors.HTTP_PROBLEMS[HTTPStatus.NOT_FOUND][1]

OURS: Mapping[int, frozenset[str]] = {
    HTTPStatus.BAD_REQUEST: frozenset({errors.Malformed.code}),
    HTTPStatus.UNAUTHORIZED: frozenset({errors.KeyMissing.code, errors.KeyInvalid.code}),
    HTTPStatus.FORBIDDEN: frozenset({errors.ScopeMissing.code}),
    HTTPStatus.UNPROCESSABLE_ENTITY: frozenset({InvalidRequest.code}),
    HTTPStatus.TOO_MANY_REQUESTS: frozenset({errors.RateLimited.code}),
    HTTPStatus.INTERNAL_SERVER_ERROR: frozenset({InternalError.code}),
    HTTPStatus.SERVICE_UNAVAILABLE: frozenset({Unavailable.code, TooBusy.code}),
    HTTPStatus.GATEWAY_TIMEOUT: frozenset({DeadlineExceeded.code}),
    **{status: frozenset({code}) for status, (_, code, _) in errors.HTTP_PROBLEMS.items() if status != HTTPStatus.NOT_FOUND},
}
"""What an operation that may answer with a status answers of the gateway's own."""

REFUSALS: Mapping[str, Mapping[str, list[str]]] = json.loads((Path(__file__).parents[1] / "refusals.json").read_text())
"""Kind → codes that the services refuse an operation with; read off their code (`make openapi`)."""


def say_codes(document: Json) -> None:
    """Add to every operation `x-codes`: its codes by the status that they come with."""
    for path, item in document["paths"].items():
        for operation in item.values():
            if "operationId" in operation:
                operation[MEMBER] = _codes(operation, has_parts="{" in path)


def _codes(operation: Json, *, has_parts: bool) -> dict[str, list[str]]:
    statuses = [int(status) for status in operation["responses"] if int(status) >= HTTPStatus.BAD_REQUEST]
    found = {status: set(OURS.get(status, ())) for status in statuses}
    if has_parts:
        found[HTTPStatus.NOT_FOUND].add(NO_ROUTE)
    for kind, codes in REFUSALS.get(operation["operationId"], {}).items():
        found.setdefault(errors.PROBLEMS[kind].status, set()).update(codes)
    return {str(int(status)): sorted(found[status]) for status in sorted(found)}
