"""The application: the routes put together, and what holds for every request."""

import re
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from chassis import context as contexts
from chassis.errors import Refusal
from gateway import agency_api, errors
from gateway.account_pages import create_pages
from gateway.account_pages.host import LOCAL, Hosts
from gateway.app.cross_origin import CrossOrigin, allow
from gateway.app.document import CONVERTERS, document_of
from gateway.app.observation import NO_ROUTE, AccessLog, Line, count, now
from gateway.auth import Keys
from gateway.clients import Clients, Rpc
from gateway.limits import HARDLY_ANY, HEADROOM, InMemory, Limits
from gateway.routes import (
    CALLER,
    Routes,
    UndeclaredScope,
    account_users,
    accounts,
    agency,
    api_keys,
    assets,
    billing_profiles,
    branding,
    catalog,
    clocks,
    domains,
    events,
    invoices,
    lifecycle,
    notices,
    public,
    quotes,
    statements,
    templates,
    transfers,
    users,
    views,
)
from gateway.routes import (
    credits as credits_,
)
from gateway.schemas import encoded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY_LIMIT_BYTES = 1_000_000
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
LONGEST_PATH_LOGGED = 200
DEFAULT_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
)
"""On every answer that does not say otherwise."""

ROUTES: tuple[Routes, ...] = (
    agency.routes,
    lifecycle.routes,
    users.routes,
    api_keys.routes,
    catalog.routes,
    quotes.routes,
    accounts.routes,
    account_users.routes,
    views.routes,
    billing_profiles.routes,
    branding.routes,
    domains.routes,
    assets.routes,
    templates.routes,
    transfers.routes,
    invoices.routes,
    statements.routes,
    credits_.routes,
    notices.routes,
    events.routes,
    clocks.routes,
)


class Json(DefaultJSONProvider):
    """JSON as the whole gateway writes it."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        """Encode."""
        return encoded(obj)


class Gateway(Flask):
    """Flask, with a context, a request id, security headers and a line in the log for every request, however it ends."""

    json_provider_class = Json

    def __init__(self, access_log: AccessLog, *, pages: Flask, hosts: Hosts) -> None:
        super().__init__("gateway", static_folder=None)
        self._access_log = access_log
        self.pages = pages
        self.hosts = hosts
        self.cross_origin: CrossOrigin | None = None

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request within a context of its own."""
        began = time.perf_counter()
        request_id = environ.get("HTTP_X_REQUEST_ID")
        if request_id is not None and REQUEST_ID.fullmatch(request_id) is None:
            request_id = None
        context = contexts.new_context(request_id=request_id, traceparent=environ.get("HTTP_TRACEPARENT"))

        # Headers are added here, to a plain list: through werkzeug's they cost three times as much.
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            given = {name for name, _ in headers}
            headers.extend(header for header in DEFAULT_HEADERS if header[0] not in given)
            headers.append(("X-Request-Id", context.request_id))
            headroom = environ.get(HEADROOM)
            if headroom is not None:
                headers.extend(headroom.headers())
            if self.cross_origin is not None and not hosted:
                headers.extend(self.cross_origin.headers(environ))
            self._observe(environ, context, status=int(status[:3]), seconds=time.perf_counter() - began)
            return start_response(status, headers, exc_info)

        hosted = environ.get("PATH_INFO") not in agency_api.PATHS and self.hosts.account_of(environ.get("HTTP_HOST", "")) is not None
        with contexts.activated(context):
            return self.pages.wsgi_app(environ, start) if hosted else super().wsgi_app(environ, start)

    def _observe(self, environ: "WSGIEnvironment", context: contexts.Context, *, status: int, seconds: float) -> None:
        request = environ["werkzeug.request"]
        caller = environ.get(CALLER)
        count(route=request.url_rule.rule if request.url_rule else NO_ROUTE, method=request.method, status=status, seconds=seconds)
        self._access_log.add(
            Line(
                ended_at=now(),
                request_id=context.request_id,
                trace_id=context.trace_id(),
                agency_id=caller.agency_id if caller else None,
                actor=caller.key_id if caller else None,
                method=request.method,
                path=request.path[:LONGEST_PATH_LOGGED],
                status=status,
                seconds=seconds,
            )
        )


def create_app(
    rpc: Rpc, *, access_log: AccessLog, hosts: Hosts = LOCAL, limits: Limits | None = None, origins: Iterable[str] = ()
) -> Gateway:
    """Put the application together, with `limits` or hardly any; programs in browsers are let in from `origins`.

    Raises `UndeclaredScope` where a route says no scope.
    """
    clients = Clients.over(rpc)
    app = Gateway(access_log, pages=create_pages(clients, hosts), hosts=hosts)
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False  # what differs by a slash is another address: a redirect would be an answer in HTML
    app.extensions["comptoir-services"] = clients
    app.extensions["comptoir-keys"] = Keys(clients.identity)
    app.extensions["comptoir-limits"] = InMemory(HARDLY_ANY) if limits is None else limits
    app.extensions["comptoir-hosts"] = hosts
    app.url_map.converters |= CONVERTERS
    app.register_blueprint(public.routes)
    app.register_blueprint(agency_api.routes)
    for blueprint in ROUTES:
        app.register_blueprint(blueprint)
    app.extensions["comptoir-documentation"] = public.documentation_of(app, partial(document_of, ROUTES))
    app.cross_origin = allow(app, origins)
    app.register_error_handler(Refusal, errors.of_refusal)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, errors.of_failure)
    refuse_undeclared(app)
    return app


def _of_http(error: HTTPException) -> Response:
    """Answer what werkzeug and Flask refuse."""
    return agency_api.of_http(error) if request.path in agency_api.PATHS else errors.of_http(error)


def refuse_undeclared(app: Flask) -> None:
    """Raise `UndeclaredScope` for a route that is neither one of `Routes`, nor public, nor the agency API's, whose table has the scopes."""
    declared = {f"{blueprint.name}.{endpoint}" for blueprint in ROUTES for endpoint in blueprint.scopes}
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in declared and rule.endpoint.partition(".")[0] not in {public.routes.name, agency_api.routes.name}:
            raise UndeclaredScope(f"{rule.rule} says no scope: declare it by a method of Routes, or among the public ones.")
