"""Signing in and out."""

from http import HTTPStatus

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Refusal
from gateway.account_pages import forms
from gateway.account_pages.doorway import digest, session_token, signed_in
from gateway.account_pages.writing import hosts, message, page, words
from gateway.clients import Json, services

routes = Blueprint("logins", __name__)


@routes.get("/")
def get_home() -> AnyResponse:
    """Greet who is signed in; everybody else signs in first."""
    session = signed_in()
    return redirect("/login") if session is None else page("home.html", username=session["user"]["username"])


@routes.get("/login")
def get_login() -> AnyResponse:
    """Ask for username and password."""
    return page("login.html")


@routes.post("/login")
def post_login() -> AnyResponse:
    """Sign in. Whichever of the two was wrong reads the same (R0.81); so does every password during a lock (R0.80, R0.83)."""
    try:
        opened = services().identity.tell(
            "log_in",
            idempotency_key=None,
            account_id=g.account["account_id"],
            username=request.form.get("username", ""),
            password=request.form.get("password", ""),
        )
    except Refusal as refusal:
        if refusal.code == "login_locked":
            return locked(refusal, back="/login")
        if refusal.code == "login_failed" or refusal.kind == "invalid":
            return page("failed.html", failed=words()["failed"], back="/login", status=HTTPStatus.FORBIDDEN)
        raise
    return _welcome(opened)


def locked(refusal: Refusal, *, back: str) -> Response:
    """Say that no password is looked at now, and that the way to a new one is open (R0.80, R0.82)."""
    answer = page("failed.html", failed=words()["locked"], back=back, status=HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(refusal.details["retry_after_seconds"])
    return answer


@routes.post("/logout")
def post_logout() -> AnyResponse:
    """End the session."""
    token = session_token()
    if token is not None:
        services().identity.tell("log_out", idempotency_key=None, token_digest=digest(token))
    answer = redirect("/login", HTTPStatus.SEE_OTHER)
    forms.forget(answer, "session", is_secure=hosts().is_secure)
    return answer


@routes.get("/sso")
def get_sso() -> AnyResponse:
    """Sign in by a link of the agency's, once (R0.15, R0.97); not while the account is cancelled (R0.98)."""
    return _by_link(request.args.get("token", ""))


@routes.get("/admin/main.php")
def get_main() -> AnyResponse:
    """Sign in by the same link, where programs of the agency API put its token (`singlesignon`)."""
    return _by_link(request.args.get("_ssot", ""))


def _by_link(token: str) -> AnyResponse:
    if not g.account["agency_can_log_in"]:
        return _back_to_login(words()["problem"]["link_closed"], status=HTTPStatus.FORBIDDEN)
    if request.method == "HEAD":  # a program that looks where the link leads must not use it up
        return Response(status=HTTPStatus.NO_CONTENT)
    try:
        opened = services().identity.tell("use_login_link", idempotency_key=None, token=token)
    except Refusal as refusal:
        if refusal.kind in {"gone", "invalid"}:
            return _back_to_login(words()["problem"]["link"], status=HTTPStatus.GONE)
        raise
    if opened["user"]["account_id"] != g.account["account_id"]:
        return _back_to_login(words()["problem"]["link"], status=HTTPStatus.GONE)
    return _welcome(opened)


def _welcome(opened: Json) -> AnyResponse:
    answer = redirect("/", HTTPStatus.SEE_OTHER)
    forms.keep(answer, "session", opened["session_token"], is_secure=hosts().is_secure)
    return answer


def _back_to_login(text: str, *, status: HTTPStatus) -> Response:
    return message(words()["problem"]["title"], text, status=status, link="/login", link_text=words()["failed"]["back"])
