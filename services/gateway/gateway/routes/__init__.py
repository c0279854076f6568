"""How every route is declared: its scope, what it reads, what it answers, how it may refuse; and how all of them are found."""

import functools
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow
from flask import Request, Response, current_app, request
from webargs.core import is_json, missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from chassis import context as contexts
from chassis import schemas as shapes
from chassis.errors import InvalidRequest, VersionMismatch
from gateway import limits
from gateway.auth import Keys, Scope
from gateway.errors import Malformed
from gateway.routes.headers import ETAG_PARAMETER, IDEMPOTENCY_PARAMETER, IF_MATCH_PARAMETER
from gateway.routes.pdf import PDF_ANSWERS
from gateway.schemas import Json, encoded
from gateway.schemas.examples import example_of

View = Callable[..., Any]
Responses = dict[HTTPStatus, list[Any]]
"""What an operation may answer, as flask-smorest documents it: descriptions, or names of shared ones."""

READING = frozenset({"GET", "HEAD"})

CALLER = "comptoir.caller"
"""Where the WSGI environment says who asked, once it is known."""

LONGEST_VERSION = 10
"""Digits; a version that is longer is none of ours."""
DEEPEST = 20
"""Levels of objects and lists in a body; no body here has more than four."""
TOO_DEEP = f"The body is nested more than {DEEPEST} levels deep."
LONGEST_NUMBER_SHOWN = 40
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL keeps nowhere, and halves of surrogate pairs, which UTF-8 has no bytes for."""
KEY = re.compile(r"[\x20-\x7e]{1,255}")
"""An Idempotency-Key: printable ASCII, 255 characters at most."""

ALWAYS_POSSIBLE = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_URI_TOO_LONG,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
BODY_FAULTS = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

VERSION = re.compile(r'"([0-9]{1,18})"')
"""An ETag that is a version, as RFC 9110 (13.1.1) compares it here: never a weak one."""


class UndeclaredScope(TypeError):
    """A route does not say who may take it: the application does not start."""


class _Reader(FlaskParser):
    """Reads what callers send, strictly: one JSON object, no member and no query parameter we do not know, nothing that cannot be kept."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION)  # the schema says

    def load_json(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Read the body; none at all is an empty object."""
        del schema
        body = req.get_data(cache=False)
        req.stream.read(1)  # werkzeug stops at the limit without a word: reading on is what raises where there is more
        if not body:
            return missing
        if not is_json(req.mimetype):
            raise UnsupportedMediaType
        try:
            value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object)
        except RecursionError:
            raise Malformed(reason=TOO_DEEP) from None
        except ValueError as error:
            raise Malformed(reason=f"The body is no JSON: {error}.") from None
        if not isinstance(value, dict):
            raise Malformed(reason="The body must be one JSON object.")
        _refuse_unstorable(_texts(value))
        return value

    def load_querystring(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Read the query."""
        _refuse_unstorable(req.args.items(multi=True))
        return super().load_querystring(req, schema)

    def handle_error(self, error: marshmallow.ValidationError, *_arguments: object, **_options: object) -> Any:
        """Name every field at fault."""
        (messages,) = error.messages.values() if isinstance(error.messages, dict) else (error.messages,)  # by location, and there is one
        raise InvalidRequest(errors=sorted(shapes.problems(messages), key=_by_name_where_unknown)) from None


class Routes(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """The routes of one noun. Each declares its scope: there is no other way to add one."""

    ARGUMENTS_PARSER = _Reader()

    def __init__(self, noun: str, description: str) -> None:
        super().__init__(noun, __name__, description=description)
        self.scopes: dict[str, Scope] = {}

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: View | None = None, *arguments: Any, **options: Any) -> None:
        """Refuse (`UndeclaredScope`) every way to add a route but those below."""
        if endpoint not in self.scopes:
            raise UndeclaredScope(f"{rule} says no scope: declare it by {type(self).__name__}.get, .post, …, with scope=…")
        super().add_url_rule(rule, endpoint, view_func, *arguments, **options)

    def get(
        self,
        rule: str,
        *,
        scope: Scope,
        answer: type[marshmallow.Schema],
        query: type[marshmallow.Schema] | None = None,
        refuses: tuple[HTTPStatus, ...] = (),
        has_etag: bool = False,
    ) -> Callable[[View], View]:
        """Declare `view(caller, [query,] *, [path parameters])`, which answers with what `answer` describes."""
        possible = [*ALWAYS_POSSIBLE, *refuses]
        success: Responses = {HTTPStatus.OK: [_answer(HTTPStatus.OK, answer, *(["ETag"] if has_etag else []))]}
        if has_etag:
            success[HTTPStatus.NOT_MODIFIED] = [{"description": "What you have is still right.", "content_type": None}]
        parameters = [ETAG_PARAMETER] if has_etag else []
        return self._declared(rule, "GET", scope, success | _problems(possible), parameters, arguments=(query, "query" if query else None))

    def get_pdf(self, rule: str, *, scope: Scope, refuses: tuple[HTTPStatus, ...] = ()) -> Callable[[View], View]:
        """Declare `view(caller, *, [path parameters])`, which answers with a PDF (`pdf.printed`) and its ETag."""
        responses = PDF_ANSWERS | _problems([*ALWAYS_POSSIBLE, *refuses])
        return self._declared(rule, "GET", scope, responses, [ETAG_PARAMETER], arguments=(None, None))

    def post(
        self,
        rule: str,
        *,
        scope: Scope,
        body: type[marshmallow.Schema],
        answer: type[marshmallow.Schema],
        status: HTTPStatus = HTTPStatus.OK,
        refuses: tuple[HTTPStatus, ...] = (),
        has_address: bool | None = None,
    ) -> Callable[[View], View]:
        """Declare `view(caller, body, *, [path parameters])`, which does something and answers `status` with what `answer` describes.

        `has_address`: what is made has one, and the view answers by `created`; it is so unless the status is 200, or this says otherwise.
        """
        possible = [*ALWAYS_POSSIBLE, *BODY_FAULTS, *refuses]
        located = status is not HTTPStatus.OK if has_address is None else has_address
        success: Responses = {status: [_answer(status, answer, *(["Location"] if located else []))]}
        return self._declared(rule, "POST", scope, success | _problems(possible), [IDEMPOTENCY_PARAMETER], arguments=(body, "json"))

    def patch(
        self,
        rule: str,
        *,
        scope: Scope,
        body: type[marshmallow.Schema],
        answer: type[marshmallow.Schema],
        refuses: tuple[HTTPStatus, ...] = (),
        has_etag: bool = False,
    ) -> Callable[[View], View]:
        """Declare `view(caller, body, *, [path parameters])`, which changes what the body names and answers with all of it as it is now.

        `has_etag`: the view passes `expected_version()` on, and answers by `single`.
        """
        possible = [*ALWAYS_POSSIBLE, *BODY_FAULTS, *refuses, *([HTTPStatus.PRECONDITION_FAILED] if has_etag else [])]
        success: Responses = {HTTPStatus.OK: [_answer(HTTPStatus.OK, answer, *(["ETag"] if has_etag else []))]}
        parameters = [IDEMPOTENCY_PARAMETER, *([IF_MATCH_PARAMETER] if has_etag else [])]
        return self._declared(rule, "PATCH", scope, success | _problems(possible), parameters, arguments=(body, "json"))

    def put(
        self,
        rule: str,
        *,
        scope: Scope,
        body: type[marshmallow.Schema],
        answer: type[marshmallow.Schema],
        status: HTTPStatus = HTTPStatus.OK,
        refuses: tuple[HTTPStatus, ...] = (),
        has_etag: bool = False,
    ) -> Callable[[View], View]:
        """Declare `view(caller, body, *, [path parameters])`, which makes it what the body says and answers `status` with `answer`.

        `has_etag`: as of `patch`.
        """
        possible = [*ALWAYS_POSSIBLE, *BODY_FAULTS, *refuses, *([HTTPStatus.PRECONDITION_FAILED] if has_etag else [])]
        success: Responses = {status: [_answer(status, answer, *(["ETag"] if has_etag else []))]}
        parameters = [IDEMPOTENCY_PARAMETER, *([IF_MATCH_PARAMETER] if has_etag else [])]
        return self._declared(rule, "PUT", scope, success | _problems(possible), parameters, arguments=(body, "json"))

    def delete(
        self,
        rule: str,
        *,
        scope: Scope,
        answer: type[marshmallow.Schema] | None = None,
        refuses: tuple[HTTPStatus, ...] = (),
    ) -> Callable[[View], View]:
        """Declare `view(caller, *, [path parameters])`, which takes it away and answers with `answer`; None: 204 (`removed()`), no body."""
        possible = [*ALWAYS_POSSIBLE, *refuses]
        success: Responses = (
            {HTTPStatus.OK: [_answer(HTTPStatus.OK, answer)]}
            if answer is not None
            else {HTTPStatus.NO_CONTENT: [{"description": "It is not there any more.", "content_type": None}]}
        )
        return self._declared(rule, "DELETE", scope, success | _problems(possible), [IDEMPOTENCY_PARAMETER], arguments=(None, None))

    def _declared(
        self,
        rule: str,
        method: str,
        scope: Scope,
        responses: Responses,
        parameters: list[Json],
        arguments: tuple[type[marshmallow.Schema] | None, str | None],
    ) -> Callable[[View], View]:
        schema, location = arguments
        if "<" in rule:  # what is no address of anything is refused before anybody asks what it is
            responses = dict(sorted((responses | _problems([HTTPStatus.NOT_FOUND])).items()))

        def declare(view: View) -> View:
            reading = view
            if schema is not None:
                shape = schema()  # once: to make one costs as much as to read a request by it
                required = any(field.required for field in shape.fields.values())  # none at all is an empty object
                options = {"required": required, "example": example_of(schema)} if location == "json" else {}
                reading = self.arguments(shape, location=location, **options)(view)

            @functools.wraps(view)
            def guarded(**path: str) -> Any:
                environ = request.environ
                caller = keys().caller(environ.get("HTTP_AUTHORIZATION"))
                environ[CALLER] = caller  # for the access log
                limits.admit(caller)
                caller.needs(scope)
                if location != "query" and environ.get("QUERY_STRING"):
                    raise _invalid(request.args or ["?"], "unknown_field", "Unknown query parameter: there are none here.")
                with contexts.changed(agency_id=caller.agency_id, actor=caller.key_id):
                    return reading(caller, **path)

            # flask-smorest keeps a function's documentation in this attribute. Its own decorators would add eight calls to every request.
            documentation = vars(guarded).setdefault("_apidoc", dict(getattr(reading, "_apidoc", {})))
            documentation.setdefault("arguments", {"parameters": [], "responses": {}})
            documentation["arguments"]["parameters"] = [*documentation["arguments"]["parameters"], *parameters]
            documentation["arguments"]["responses"] = {}
            documentation["response"] = {"responses": responses}
            documentation["manual_doc"] = {"operationId": view.__name__, "x-scope": scope.value, "security": [{"key": [scope.value]}]}
            self.scopes[view.__name__] = scope
            self.add_url_rule(rule, view.__name__, guarded, methods=[method])
            return view

        return declare


def keys() -> Keys:
    """The callers, as the running application knows them."""
    known: Keys = current_app.extensions["comptoir-keys"]
    return known


def idempotency_key() -> str | None:
    """The Idempotency-Key of this request; raises `InvalidRequest` where it is not printable or too long."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and KEY.fullmatch(key) is None:
        raise _invalid(["Idempotency-Key"], "invalid", "A key has 1 to 255 printable ASCII characters.")
    return key


def expected_version() -> int | None:
    """The version that the caller wants to change, by If-Match; None: whichever there is.

    Raises `VersionMismatch` where it cannot be the version of anything, `InvalidRequest` where it is more than one.
    """
    etag = request.headers.get("If-Match", "*").strip()
    if etag == "*":
        return None
    if "," in etag:
        raise _invalid(["If-Match"], "invalid", "Send one ETag, that of what you have.")
    version = VERSION.fullmatch(etag)
    if version is None:
        raise VersionMismatch
    return int(version[1])


def single(resource: Json, *, version: object = None) -> Response:
    """One resource with its ETag, or 304 where the caller has it already. `version`: what changes with it, where it says so itself."""
    body = None
    if version is None:
        body = encoded(resource)
        version = hashlib.blake2b(body.encode(), digest_size=12).hexdigest()
    if request.method in READING and "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(str(version)):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = Response(body or encoded(resource), content_type="application/json")
    response.headers["ETag"] = f'"{version}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def created(resource: Json, location: str, status: HTTPStatus = HTTPStatus.CREATED) -> tuple[Json, HTTPStatus, Mapping[str, str]]:
    """Something that is new, or will be (202), and where it is found from now on."""
    return resource, status, {"Location": location}


def removed() -> Response:
    """Nothing is left to show."""
    response = Response(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    return response


def _answer(status: HTTPStatus, answer: type[marshmallow.Schema], *headers: str) -> Json:
    described: Json = {"description": status.phrase, "schema": answer, "example": example_of(answer), "content_type": None}
    if headers:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return described


def _problems(possible: list[HTTPStatus]) -> Responses:
    return {status: [f"Problem{status.value}"] for status in sorted(possible)}


def _invalid(names: Iterable[str], code: str, message: str) -> InvalidRequest:
    return InvalidRequest(errors=[{"field": name, "code": code, "message": message} for name in names])


def _by_name_where_unknown(error: Mapping[str, str]) -> str:
    """Known fields come in order of declaration; marshmallow gives the unknown ones in any."""
    return error["field"] if error["code"] == "unknown_field" else ""


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a value of JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number[:LONGEST_NUMBER_SHOWN]} is larger than any number here")
    return value


def _object(members: list[tuple[str, Any]]) -> Json:
    """An object whose names are unique: what is meant by a name given twice, no two readers agree upon (RFC 8259, 4)."""
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("an object has a name twice")
    return value


def _texts(value: Any, path: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    """Every text in a body, names included, with the path to it; raises `Malformed` where it is too deep."""
    if isinstance(value, str):
        yield path, value
        return
    if not isinstance(value, (dict, list)):
        return
    if depth > DEEPEST:
        raise Malformed(reason=TOO_DEEP)
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path, depth + 1)
        return
    for name, inner in value.items():
        inner_path = f"{path}.{name}" if path else name
        yield inner_path, name
        yield from _texts(inner, inner_path, depth + 1)


def _refuse_unstorable(texts: Iterable[tuple[str, str]]) -> None:
    for path, text in texts:
        if UNSTORABLE.search(text):
            raise _invalid(
                [UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", path)], "invalid", "NUL and lone surrogates are not possible in a text."
            )
