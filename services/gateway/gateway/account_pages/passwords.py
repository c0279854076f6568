"""New passwords: forgotten and set by a mailed link, or changed in the settings."""

from http import HTTPStatus

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Refusal
from gateway.account_pages import forms
from gateway.account_pages.doorway import SSO, digest, session_token, signed_in
from gateway.account_pages.logins import locked
from gateway.account_pages.writing import hosts, message, page, words
from gateway.clients import Json, services

FAULTS = {"password_unfit": "unfit", "current_password_wrong": "wrong_current"}
"""What identity finds wrong with the form, and what the page says about it."""

routes = Blueprint("passwords", __name__)


@routes.get("/forgotten-password")
def get_forgotten_password() -> AnyResponse:
    """Ask for the address the link goes to (R0.77); open during a lock too (R0.82)."""
    return page("forgotten.html")


@routes.post("/forgotten-password")
def post_forgotten_password() -> AnyResponse:
    """Have the link sent, if there is such a user; the answer does not say (R0.77)."""
    email = request.form.get("email", "").strip()
    try:
        services().identity.tell("request_password_reset", idempotency_key=None, account_id=g.account["account_id"], email=email)
    except Refusal as refusal:
        if refusal.kind == "invalid":
            return page("forgotten.html", fault="email", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        raise
    forgotten = words()["forgotten"]
    return message(forgotten["sent_title"], forgotten["sent"], link="/login", link_text=words()["failed"]["back"])


@routes.get("/reset-password")
def get_reset_password() -> AnyResponse:
    """Ask for the new password; the link is used up when it is given, not when it is opened."""
    return _reset_page(request.args.get("token", ""))


@routes.post("/reset-password")
def post_reset_password() -> AnyResponse:
    """Set the new password by the link."""
    token = request.form.get("token", "")
    try:
        services().identity.tell("reset_password", idempotency_key=None, token=token, new_password=request.form.get("new_password", ""))
    except Refusal as refusal:
        if refusal.code == "invalid_reset_token":
            reset, forgotten = words()["reset"], words()["forgotten"]
            return message(
                reset["dead_title"], reset["dead"], status=HTTPStatus.GONE, link="/forgotten-password", link_text=forgotten["title"]
            )
        fault = _fault(refusal)
        return _reset_page(token, fault=fault, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _changed()


@routes.get("/settings/password")
def get_settings_password() -> AnyResponse:
    """Ask for the current and the new password (R0.76); one who came by the agency's link has no current one to give (R0.79)."""
    session = signed_in()
    return redirect("/login") if session is None else _settings_page(session)


@routes.post("/settings/password")
def post_settings_password() -> AnyResponse:
    """Change the password (R0.76)."""
    session, token = signed_in(), session_token()
    if session is None or token is None:
        return redirect("/login", HTTPStatus.SEE_OTHER)
    try:
        services().identity.tell(
            "change_password",
            idempotency_key=None,
            token_digest=digest(token),
            current_password=request.form.get("current_password"),
            new_password=request.form.get("new_password", ""),
        )
    except Refusal as refusal:
        if refusal.code == "login_locked":
            return locked(refusal, back="/settings/password")
        return _settings_page(session, fault=_fault(refusal), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _changed()


def _fault(refusal: Refusal) -> str:
    """Name what is wrong with the form; raise what is not the form's."""
    fault = FAULTS.get(refusal.code, "unfit" if refusal.kind == "invalid" else None)
    if fault is None:
        raise refusal
    return fault


def _reset_page(token: str, *, fault: str | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    reset = words()["reset"]
    return page("password.html", form=reset, action="/reset-password", token=token, asks_current=False, fault=fault, status=status)


def _settings_page(session: Json, *, fault: str | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
    settings = words()["settings"]
    asks_current = session["via"] != SSO
    return page("password.html", form=settings, action="/settings/password", asks_current=asks_current, fault=fault, status=status)


def _changed() -> AnyResponse:
    """Say that it is done; every session of the user has ended, this one too."""
    reset = words()["reset"]
    answer = message(reset["done_title"], reset["done"], link="/login", link_text=words()["login"]["title"])
    forms.forget(answer, "session", is_secure=hosts().is_secure)
    return answer
