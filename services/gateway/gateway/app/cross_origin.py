"""Browsers' programs from other origins (CORS): refused by browsers unless their origin is allowed by configuration, and only for /v1."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

WITHIN = "/v1/"
METHODS = "GET, POST, PUT, PATCH, DELETE"
SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, traceparent"
READ = "Content-Disposition, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = 600
"""How long a browser may keep the answer to a preflight."""


class CrossOrigin:
    """Knows the origins whose programs may ask. They send a key as a header: what a browser adds by itself (credentials) is not allowed."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, environ: "WSGIEnvironment") -> list[tuple[str, str]]:
        """What an answer says to a browser."""
        if not environ.get("PATH_INFO", "").startswith(WITHIN):
            return []
        origin = environ.get("HTTP_ORIGIN")
        if origin not in self._origins:
            return [("Vary", "Origin")]
        return [("Vary", "Origin"), ("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", READ)]

    def preflight(self) -> Response | None:
        """Answer what a browser asks before it sends a request for a program, which has no key yet; None: this is none, or not allowed."""
        asked = request.headers
        if (
            request.method != "OPTIONS"
            or "Access-Control-Request-Method" not in asked
            or asked.get("Origin") not in self._origins
            or not request.path.startswith(WITHIN)
        ):
            return None
        allowed = {
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": SENT,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        response = Response(status=HTTPStatus.NO_CONTENT, headers=allowed)
        del response.headers["Content-Type"]
        return response


def allow(app: Flask, origins: Iterable[str]) -> CrossOrigin | None:
    """Let programs from these origins in; None: there are none, and no request is looked at for it."""
    cross_origin = CrossOrigin(origins) if origins else None
    if cross_origin is not None:
        app.before_request(cross_origin.preflight)
    return cross_origin
