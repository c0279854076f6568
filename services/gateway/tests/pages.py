"""An account's host, and a person who browses it, over services that a test answers for."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.errors import Refused
from gateway.account_pages.words import TEXTS

from .conftest import AGENCY_ID, Front

HOST = "bakery.localhost:8000"
ACCOUNT_ID = "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
ACCOUNT = {
    "account_id": ACCOUNT_ID,
    "agency_id": AGENCY_ID,
    "name": "bakery",
    "status": "active",
    "language": "fr",
    "can_log_in": True,
    "agency_can_log_in": True,
    "message": None,
    "agency_email": "support@agency.example",
    "brand": None,
}
BRAND = {"brand_name": "Acme Mail", "primary_colour": "#8b0000", "text_colour": None, "footer_text": "Acme\nLyon", "has_logo": True}
DISABLED = {"status": "disabled", "can_log_in": False}
CANCELLED = {"status": "cancelled", "agency_can_log_in": False}
OVER = {"can_log_in": False, "agency_can_log_in": False}
USER = {"account_id": ACCOUNT_ID, "username": "admin"}
OPENED = {"session_token": "s" * 43, "expires_at": "2026-11-22T22:00:00Z", "via": "password", "user": USER}
SESSION = {"agency_id": AGENCY_ID, "via": "password", "expires_at": "2026-11-22T22:00:00Z", "user": USER}
BY_SSO = {**SESSION, "via": "sso"}
ELSEWHERE = {**USER, "account_id": "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B4E"}
ASKED = {
    "id": "trf_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "account_id": ACCOUNT_ID,
    "direction": "in",
    "account_host": HOST,
    "agency_email": "hello@other.example",
    "expires_at": "2026-11-29T10:00:00Z",
}
LOGO = b"\x89PNG and so on"
FR = TEXTS["fr"]
PAGES = ("/login", "/forgotten-password", "/reset-password?token=t", "/settings/password", "/", "/transfer?transfer=trf_1&token=t", "/none")

Method = Callable[[dict[str, Any]], Any]


def refusing(kind: str, code: str, **details: Any) -> Method:
    def refuse(_request: dict[str, Any]) -> Any:
        raise Refused(kind=kind, code=code, message="No.", details=details)

    return refuse


LOCKED = refusing("too_many", "login_locked", until="2026-11-22T10:05:00+00:00", retry_after_seconds=42)
LOGGED_OUT = refusing("unauthenticated", "invalid_session")


class Browser:
    """A person on an account's host."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.client: FlaskClient = front.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", headers={name.replace("_", "-"): value for name, value in headers.items()})

    def send(self, path: str, *, opened: str | None = None, **fields: str) -> TestResponse:
        """Open a page, fill in its form, and send it."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(opened or path).text)
        assert found is not None
        return self.client.post(path, base_url=f"http://{HOST}", data={"form_token": found[1], **fields})

    def keep_session(self) -> "Browser":
        self.client.set_cookie("session", "s" * 43, domain="bakery.localhost")
        return self

    def asked(self, method: str) -> list[dict[str, Any]]:
        """What this method was asked."""
        return [request for name, request in self.front.services.asked() if name == method]


Browse = Callable[..., Browser]


def browser_on(front: Callable[..., Front], account: dict[str, Any] | None = None, **methods: Method) -> Browser:
    """A person on the host of an account like `ACCOUNT`, with these changes."""
    shown = {**ACCOUNT, **(account or {})}
    return Browser(front(**{"accounts__account_page": lambda _request: shown, **methods}))
