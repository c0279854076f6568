"""The agency API: `api.php`, for the programs that agencies have already, mapped onto what REST does too. It has no rules of its own.

Whatever happens is HTTP 200, and `result_code` says how it went; what went wrong, and what to do, is a sentence.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

import structlog
from flask import Blueprint, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from chassis import context as contexts
from chassis.errors import InvalidRequest, Refusal
from gateway.account_pages.host import Hosts
from gateway.agency_api.asking import Asked, sent
from gateway.agency_api.callers import caller_of, key_of, masked
from gateway.agency_api.table import ACTIONS, CALLED, FORM, Action
from gateway.agency_api.writing import DEFAULT_FORMAT, FAILED, FORMATS, OK, written
from gateway.errors import ActionUnknown, OutputUnknown, ParameterMissing, VerbRefused, of_status
from gateway.schemas.agency import AGENCY_API_PATHS

PATHS = tuple(AGENCY_API_PATHS)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CALL = re.compile(rb"\s*[A-Za-z]{1,20} (?:%s)(?:\?(\S*)|\s)" % b"|".join(re.escape(path.encode()) for path in PATHS))
"""How a call begins, and its query."""
LONGEST_SHOWN = 60
UNKNOWN = "result"
"""What an answer is called where no call is known."""

log = structlog.get_logger()
routes = Blueprint("agency_api", __name__)


@routes.route(PATHS[0], methods=METHODS, endpoint="call")
@routes.route(PATHS[1], methods=METHODS, endpoint="call_as_admin")
def call() -> Response:
    """Do what `api_action` says, for whoever has the key."""
    given = g.given = sent(request)
    if given.get("api_output", DEFAULT_FORMAT) not in FORMATS:
        raise OutputUnknown(output=given["api_output"][:LONGEST_SHOWN])
    caller = caller_of(request, given)
    name = given.get("api_action", "")
    action = ACTIONS.get(name)
    if action is None:
        raise ActionUnknown(action=name[:LONGEST_SHOWN], allowed=", ".join(ACTIONS))
    caller.needs(action.scope)
    if request.method not in action.verbs:
        raise VerbRefused(action=name, allowed=" or ".join(verb for verb in action.verbs if verb != "HEAD"))
    asked = Asked(
        caller=caller, action=name, given=_known(name, action, {**_implied(), **given}), masked_key=masked(key_of(request, given))
    )
    with contexts.changed(agency_id=caller.agency_id, actor=caller.key_id):
        said = action.does(asked)
    return _answer(OK, said.message, said.members)


@routes.errorhandler(Refusal)
def of_refusal(refusal: Refusal) -> Response:
    """Say why not, and what to do."""
    if refusal.kind == "internal" or refusal.code == "malformed_call":  # the call was ours: the caller cannot mend it
        log.error("a service failed", code=refusal.code, reason=refusal.text)
        return _answer(FAILED, _our_failure())
    return _answer(FAILED, sentence_of(refusal))


@routes.errorhandler(HTTPException)
def of_http(error: HTTPException) -> Response:
    """Say what of the request could not be read: it is too large, mostly; or that it came by a method that no call has."""
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        return of_refusal(VerbRefused(action="a call", allowed="GET or POST"))
    return _answer(FAILED, _sentence(of_status(error.code or 500)[2]))


@routes.errorhandler(Exception)
def of_failure(error: Exception) -> Response:
    """Say that the defect is ours: the log has the trace, the caller the request id that finds it."""
    log.error("a request failed", exc_info=error)
    return _answer(FAILED, _our_failure())


def unread(begun: bytes, detail: str) -> Response | None:
    """Answer a request of which only this was read, if it is a call: HTTP 200, as ever, and why it was not done."""
    call = CALL.match(begun)
    if call is None:
        return None
    output = dict(parse_qsl((call[1] or b"").decode("latin-1"))).get("api_output", DEFAULT_FORMAT)
    return written(output if output in FORMATS else DEFAULT_FORMAT, action=UNKNOWN, code=FAILED, message=_sentence(detail), members={})


def sentence_of(refusal: Refusal) -> str:
    """Give what a refusal says, every field under the name that programs have for it."""
    if refusal.code != InvalidRequest.code:
        return refusal.text
    return " ".join(f"{CALLED.get(error['field'], error['field'])}: {error['message']}" for error in refusal.details.get("errors", ()))


def _implied() -> Mapping[str, str]:
    """Give what the host says: one that is an account's means that account, for calls that programs make there."""
    known: Hosts = current_app.extensions["comptoir-hosts"]
    host = known.account_of(request.host) or {}
    return {"account": host["name"]} if "name" in host else {}


def _known(name: str, action: Action, given: Mapping[str, str]) -> dict[str, str]:
    """Give the parameters of a call that say something; raise `ParameterMissing` for the first of those it needs that does not."""
    place = "in the body, as a form" if action.verbs == FORM else "in the address"
    known = {each: given[each].strip() for each in (*action.needs, *action.takes) if given.get(each, "").strip()}
    for needed in action.needs:
        if needed not in known:
            raise ParameterMissing(action=name, parameter=needed, place=place)
    return known


def _sentence(detail: str) -> str:
    """Say what HTTP itself has against a request; where that is no more than that it is none, how one is made."""
    unread = of_status(HTTPStatus.BAD_REQUEST)[2]
    return f"{detail} Send the parameters in the address, or in the body as a form of UTF-8." if detail == unread else detail


def _our_failure() -> str:
    _, _, detail = of_status(500)
    return f"{detail} It is {contexts.current().request_id}."


def _answer(code: int, message: str, members: Mapping[str, object] | None = None) -> Response:
    given = g.get("given", request.args)  # where the body could not be read, the address has to do
    output, action = given.get("api_output", DEFAULT_FORMAT), given.get("api_action", "")
    return written(
        output if output in FORMATS else DEFAULT_FORMAT,
        action=action if action in ACTIONS else UNKNOWN,
        code=code,
        message=message,
        members=dict(members or {}),
    )
