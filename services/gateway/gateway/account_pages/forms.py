"""Forms that only our own pages can send, and the cookies of who is signed in."""

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request
from werkzeug.wrappers import Response

SECONDS_KEPT = 12 * 3600
TOKEN_BYTES = 32
LONGEST_TOKEN = 200


class ForeignForm(Exception):
    """The form was not sent by a page of ours: another site's, or one that is too old."""


def cookie_name(word: str, *, is_secure: bool) -> str:
    """Name a cookie; `__Host-` makes browsers refuse it from any other host, and needs HTTPS (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{word}" if is_secure else word


def form_token(request: Request, *, is_secure: bool) -> str:
    """The token that a form of this browser carries: that of its cookie, or a new one."""
    given = request.cookies.get(cookie_name("form", is_secure=is_secure), "")
    return given if 0 < len(given) <= LONGEST_TOKEN else secrets.token_urlsafe(TOKEN_BYTES)


def check_form(request: Request, *, is_secure: bool) -> None:
    """Raise `ForeignForm` where the form carries not the token of the browser's cookie, or says that it comes from elsewhere."""
    kept = request.cookies.get(cookie_name("form", is_secure=is_secure), "")
    given = request.form.get("form_token", "")
    if not kept or not hmac.compare_digest(kept.encode(), given.encode()):
        raise ForeignForm
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignForm


def keep(response: Response, word: str, value: str, *, is_secure: bool, seconds: int = SECONDS_KEPT) -> None:
    """Set a cookie that no script reads and no other site's form brings along."""
    response.set_cookie(
        cookie_name(word, is_secure=is_secure), value, max_age=seconds, httponly=True, secure=is_secure, samesite="Lax", path="/"
    )


def forget(response: Response, word: str, *, is_secure: bool) -> None:
    """Take a cookie back."""
    response.delete_cookie(cookie_name(word, is_secure=is_secure), httponly=True, secure=is_secure, samesite="Lax", path="/")
