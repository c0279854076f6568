"""What comes before every page: whose host this is, whether it is open, and who is signed in."""

import hashlib
import re
from http import HTTPStatus

from flask import g, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Refusal
from gateway.account_pages import forms
from gateway.account_pages.writing import hosts, page
from gateway.clients import Json, services

NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""What the name of an account can look like: nobody need be asked about any other."""
BY_LINK = frozenset({"logins.get_sso", "logins.get_main"})
ALWAYS_OPEN = frozenset({"looks.get_style", "looks.get_logo", "transfers.get_transfer", "transfers.post_transfer"})
"""Also while nobody can sign in: an account that has expired can still change hands."""
CLOSED_AS = {"disabled": "disabled", "creating": "creating"}
"""Status of an account nobody can sign in to → what its page says, unless it is over."""
OVER = "expired"
SSO = "sso"


def find_account() -> AnyResponse | None:
    """Find whose host this is; say so where nobody can sign in there now."""
    asked = hosts().account_of(request.host)
    if asked is None or ("name" in asked and NAME.fullmatch(asked["name"]) is None):
        raise NotFound
    g.account = services().accounts.ask("account_page", **asked)
    if request.method == "POST":
        forms.check_form(request, is_secure=hosts().is_secure)
    if request.endpoint in ALWAYS_OPEN or _is_open():
        return None
    closed = CLOSED_AS.get(g.account["status"], OVER)
    return page("closed.html", closed=closed, message=g.account["message"], status=HTTPStatus.FORBIDDEN)


def _is_open() -> bool:
    """Whether its users can sign in; or else whether this is the agency, by its link (R0.97, R0.98)."""
    if g.account["can_log_in"]:
        return True
    return bool(g.account["agency_can_log_in"]) and (request.endpoint in BY_LINK or signed_in() is not None)


def session_token() -> str | None:
    """The token that the browser brings along."""
    return request.cookies.get(forms.cookie_name("session", is_secure=hosts().is_secure)) or None


def digest(token: str) -> str:
    """What identity knows a token by."""
    return hashlib.sha256(token.encode()).hexdigest()


def signed_in() -> Json | None:
    """Who is signed in on this host, as identity knows it; None where nobody is, or not any more in the way that they came."""
    if "session" not in g:
        g.session = _session()
    found: Json | None = g.session
    return found


def _session() -> Json | None:
    token = session_token()
    if token is None:
        return None
    try:
        session = services().identity.ask("session", token_digest=digest(token))
    except Refusal as refusal:
        if refusal.kind == "unauthenticated":
            return None
        raise
    may_stay = g.account["agency_can_log_in" if session["via"] == SSO else "can_log_in"]
    return session if may_stay and session["user"]["account_id"] == g.account["account_id"] else None
