"""What each page does: it asks identity and accounts, and shows what they say."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Refusal
from gateway.account_pages import forms
from gateway.account_pages.host import Hosts
from gateway.account_pages.words import FALLBACK, TEXTS, texts_in
from gateway.clients import Json, services

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
CLOSED = {"disabled": "disabled", "expired": "expired", "archived": "expired"}
"""Status of an account nobody can sign in to → the page that says so."""
BRAND = {"name": None, "primary_colour": "#1f3a8a", "text_colour": "#ffffff", "footer": None, "has_logo": False}
"""What an account looks like that was not branded; its name is the account's."""
WRONG_LOGIN = frozenset({"login_failed", "login_locked"})
"""Both read the same: whether a user exists, and whether this was the right password, is nobody's to know (R0.83)."""
PASSWORD_FAULTS = {
    "password_too_short": "too_short",
    "password_too_long": "too_long",
    "password_like_name": "like_name",
    "login_failed": "wrong_password",
    "login_locked": "wrong_password",
}

log = structlog.get_logger()
pages = Blueprint("pages", __name__)


# --- before and after every page --------------------------------------------------------------------------------------------------------


@pages.before_request
def find_account() -> AnyResponse | None:
    """Find whose host this is; say so where nobody can sign in there now."""
    account = services().accounts.ask("account_page", name=hosts().account_name(request.host) or "")
    g.account = account
    g.brand = {**BRAND, "name": account["name"], **{name: value for name, value in (account["brand"] or {}).items() if value is not None}}
    if request.method == "POST":
        forms.check_form(request, is_secure=hosts().is_secure)
    if account["status"] in CLOSED and request.endpoint not in {"pages.get_style", "pages.get_logo"}:
        return page("closed.html", closed=CLOSED[account["status"]], message=account["message"], agency_email=account["agency_email"])
    return None


def hosts() -> Hosts:
    """The hosts, as the running application knows them."""
    known: Hosts = current_app.extensions["comptoir-hosts"]
    return known


def page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """Write a page in the account's language and looks; where it has a form, only this browser can send it."""
    is_secure = hosts().is_secure
    account: Json = getattr(g, "account", {"language": _preferred_language(), "name": "Comptoir"})
    token = forms.form_token(request, is_secure=is_secure)
    values.setdefault("brand", getattr(g, "brand", {**BRAND, "name": account["name"]}))
    written = render_template(template, texts=texts_in(account["language"]), language=account["language"], form_token=token, **values)
    answer = make_response(written, status)
    answer.headers["Content-Security-Policy"] = POLICY
    forms.keep(answer, "form", token, is_secure=is_secure)
    return answer


def message(
    title: str, text: str, *, status: HTTPStatus = HTTPStatus.OK, link: str | None = None, link_text: str | None = None
) -> Response:
    """Write a page that says one thing."""
    return page("message.html", title=title, text=text, link=link, link_text=link_text, status=status)


def words() -> Mapping[str, Any]:
    """What the account's language says."""
    return texts_in(g.account["language"])


def _preferred_language() -> str:
    return request.accept_languages.best_match(sorted(TEXTS)) or FALLBACK


# --- signing in and out -----------------------------------------------------------------------------------------------------------------


@pages.get("/")
def get_home() -> AnyResponse:
    """Greet who is signed in; everybody else signs in first."""
    session = signed_in()
    return redirect("/login") if session is None else page("home.html", username=session["username"])


@pages.get("/login")
def get_login() -> AnyResponse:
    """Ask for username and password."""
    return page("login.html")


@pages.post("/login")
def post_login() -> AnyResponse:
    """Sign in; whatever is wrong reads the same (R0.80, R0.81, R0.83)."""
    try:
        session = services().identity.tell(
            "log_in",
            idempotency_key=None,
            account_id=g.account["account_id"],
            username=request.form.get("username", ""),
            password=request.form.get("password", ""),
        )
    except Refusal as refusal:
        if refusal.code in WRONG_LOGIN or refusal.kind == "invalid":
            return page("failed.html", status=HTTPStatus.FORBIDDEN)
        raise
    return _welcome(session)


@pages.post("/logout")
def post_logout() -> AnyResponse:
    """End the session."""
    token = session_token()
    if token is not None:
        services().identity.tell("log_out", idempotency_key=None, token_digest=_digest(token))
    answer = redirect("/login", HTTPStatus.SEE_OTHER)
    forms.forget(answer, "session", is_secure=hosts().is_secure)
    return answer


@pages.get("/sso")
def get_sso() -> AnyResponse:
    """Sign in by a link of the agency's, once (R0.15, R0.97)."""
    try:
        session = services().identity.tell("use_login_link", idempotency_key=None, token_digest=_digest(request.args.get("token", "")))
    except Refusal as refusal:
        if refusal.kind in {"not_found", "gone", "invalid", "conflict"}:
            return message(
                words()["problem"]["title"],
                words()["problem"]["link"],
                status=HTTPStatus.GONE,
                link="/login",
                link_text=words()["failed"]["back"],
            )
        raise
    return _welcome(session)


def _welcome(session: Json) -> AnyResponse:
    answer = redirect("/", HTTPStatus.SEE_OTHER)
    forms.keep(answer, "session", session["session_token"], is_secure=hosts().is_secure)
    return answer


def session_token() -> str | None:
    """The token that the browser brings along."""
    return request.cookies.get(forms.cookie_name("session", is_secure=hosts().is_secure)) or None


def signed_in() -> Json | None:
    """Who is signed in on this host, as identity knows it; None where nobody is."""
    token = session_token()
    if token is None:
        return None
    try:
        session = services().identity.ask("session", token_digest=_digest(token))
    except Refusal as refusal:
        if refusal.kind in {"unauthenticated", "not_found"}:
            return None
        raise
    return session if session["account_id"] == g.account["account_id"] else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# --- passwords --------------------------------------------------------------------------------------------------------------------------


@pages.get("/forgotten-password")
def get_forgotten_password() -> AnyResponse:
    """Ask for the address the link goes to (R0.77); open during a lock too (R0.82)."""
    return page("forgotten.html")


@pages.post("/forgotten-password")
def post_forgotten_password() -> AnyResponse:
    """Have the link sent, if there is such a user; the answer does not say (R0.77)."""
    services().identity.tell(
        "request_password_reset", idempotency_key=None, account_id=g.account["account_id"], email=request.form.get("email", "")
    )
    return message(words()["forgotten"]["sent_title"], words()["forgotten"]["sent"], link="/login", link_text=words()["failed"]["back"])


@pages.get("/reset-password")
def get_reset_password() -> AnyResponse:
    """Ask for the new password; the link is used up when it is given, not when it is opened."""
    return page("password.html", words=words()["reset"], action="/reset-password", token=request.args.get("token", ""), asks_current=False)


@pages.post("/reset-password")
def post_reset_password() -> AnyResponse:
    """Set the new password by the link."""
    token = request.form.get("token", "")
    try:
        services().identity.tell(
            "reset_password", idempotency_key=None, token_digest=_digest(token), new_password=request.form.get("new_password", "")
        )
    except Refusal as refusal:
        fault = PASSWORD_FAULTS.get(refusal.code)
        if fault is not None:
            reset = words()["reset"]
            return page(
                "password.html",
                words=reset,
                action="/reset-password",
                token=token,
                asks_current=False,
                fault=fault,
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        if refusal.kind in {"not_found", "gone", "invalid", "conflict"}:
            reset = words()["reset"]
            return message(
                reset["dead_title"],
                reset["dead"],
                status=HTTPStatus.GONE,
                link="/forgotten-password",
                link_text=words()["forgotten"]["title"],
            )
        raise
    return message(words()["reset"]["done_title"], words()["reset"]["done"], link="/login", link_text=words()["login"]["title"])


@pages.get("/settings/password")
def get_settings_password() -> AnyResponse:
    """Ask for the current and the new password (R0.76); one who came by the agency's link has no current one to give (R0.79)."""
    session = signed_in()
    if session is None:
        return redirect("/login")
    return _settings_page(session)


@pages.post("/settings/password")
def post_settings_password() -> AnyResponse:
    """Change the password (R0.76)."""
    session = signed_in()
    token = session_token()
    if session is None or token is None:
        return redirect("/login", HTTPStatus.SEE_OTHER)
    try:
        services().identity.tell(
            "change_password",
            idempotency_key=None,
            token_digest=_digest(token),
            current_password=request.form.get("current_password"),
            new_password=request.form.get("new_password", ""),
        )
    except Refusal as refusal:
        fault = PASSWORD_FAULTS.get(refusal.code)
        if fault is None:
            raise
        return _settings_page(session, fault=fault, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return message(words()["reset"]["done_title"], words()["settings"]["done"], link="/", link_text=words()["home"]["title"])


def _settings_page(session: Json, *, fault: str | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    settings = words()["settings"]
    return page(
        "password.html", words=settings, action="/settings/password", asks_current=session["via"] != "sso", fault=fault, status=status
    )


# --- looks ------------------------------------------------------------------------------------------------------------------------------


@pages.get("/style.css")
def get_style() -> Response:
    """Give the style sheet, in the account's colours."""
    return Response(render_template("style.css", brand=g.brand), mimetype="text/css", headers={"Cache-Control": "private, max-age=60"})


# --- what goes wrong --------------------------------------------------------------------------------------------------------------------


def of_refusal(refusal: Refusal) -> AnyResponse:
    """Show a refusal that no page has words of its own for."""
    if refusal.kind == "not_found":
        return _problem("not_found", HTTPStatus.NOT_FOUND)
    log.warning("a page could not be shown", code=refusal.code, reason=refusal.text)
    return _problem("away", HTTPStatus.SERVICE_UNAVAILABLE)


def of_failure(error: Exception) -> AnyResponse:
    """Show what Flask refuses, a foreign form, or a defect of ours."""
    if isinstance(error, forms.ForeignForm):
        return _problem("form", HTTPStatus.FORBIDDEN)
    if isinstance(error, HTTPException) and error.code is not None and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _problem("not_found", HTTPStatus(error.code))
    log.error("a page failed", exc_info=error)
    return _problem("away", HTTPStatus.INTERNAL_SERVER_ERROR)


def _problem(name: str, status: HTTPStatus) -> Response:
    language = g.account["language"] if "account" in g else _preferred_language()
    texts = texts_in(language)["problem"]
    return message(texts["title"], texts[name], status=status)
