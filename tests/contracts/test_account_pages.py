"""Claims about what the account's own pages ask the services and make of their answers, page by page."""

import re
from http import HTTPStatus

import pytest
from werkzeug.test import TestResponse

from gateway.app import create_app
from gateway.app.observation import AccessLog
from tests.architecture.tree import ROOT, hold

from .golden import Json, examples
from .rpc import RPC, StandIn
from .surface import methods

GOLDEN = examples(ROOT / RPC)
PAGE = "accounts/account_page"
OPEN = {**GOLDEN[PAGE]["answer"], "status": "active", "can_log_in": True}
HOST = "http://acme.localhost"
NEW_PASSWORD = {"current_password": "correct horse battery", "new_password": "another horse battery"}
ANSWER = {"transfer": "trf_01KAMV7Q9ZC4S2T1X8RJ5N6B3D", "token": "t"}
LOOKS = {"/style.css": PAGE, "/logo": "accounts/branding_of_name"}
ASKS = {
    "/": "identity/session",
    "/login": PAGE,
    "/forgotten-password": PAGE,
    "/reset-password?token=t": PAGE,
    "/settings/password": "identity/session",
    "/sso?token=t": "identity/use_login_link",
    "/admin/main.php?_ssot=t": "identity/use_login_link",
    "/transfer?transfer=trf_01KAMV7Q9ZC4S2T1X8RJ5N6B3D&token=t": "accounts/transfer_to_confirm",
    **LOOKS,
}
"""Address → the last method that it asks."""
SENDS: list[tuple[str, dict[str, str], str]] = [
    ("/login", {"username": "marie", "password": "correct horse battery"}, "identity/log_in"),
    ("/logout", {}, "identity/log_out"),
    ("/forgotten-password", {"email": "client@acme.example"}, "identity/request_password_reset"),
    ("/reset-password", {"token": "t", "new_password": "another horse battery"}, "identity/reset_password"),
    ("/settings/password", NEW_PASSWORD, "identity/change_password"),
    ("/transfer", {**ANSWER, "answer": "confirm"}, "accounts/confirm_transfer"),
    ("/transfer", {**ANSWER, "answer": "decline"}, "accounts/decline_transfer"),
]
"""Address, form → the last method that it asks."""


class Pages:
    """The pages of an account that is open, over services that answer by their examples; somebody is signed in."""

    def __init__(self) -> None:
        self.services = StandIn(caller="gateway", methods=methods(), golden=GOLDEN, answers={PAGE: OPEN})
        self._client = create_app(self.services, access_log=AccessLog()).test_client()
        self._client.set_cookie("session", "s", domain="acme.localhost")

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self._client.get(path, base_url=HOST)

    def send(self, path: str, form: dict[str, str]) -> TestResponse:
        """Send a form of a page; whoever sends it is signed in."""
        token = re.search(r'name="form_token" value="([^"]+)"', self.get("/login").text)
        assert token is not None
        self._client.set_cookie("session", "s", domain="acme.localhost")
        return self._client.post(path, base_url=HOST, data={"form_token": token[1], **form})


@pytest.fixture
def pages() -> Pages:
    return Pages()


def closed(shown: Json) -> bool:
    """Whether nobody can sign in."""
    return not shown["can_log_in"] and not shown["agency_can_log_in"]


@pytest.mark.parametrize(("path", "method"), ASKS.items(), ids=ASKS)
def test_a_page_shows_whatever_the_services_answer(pages: Pages, path: str, method: str) -> None:
    for _ in [OPEN] if method == PAGE else pages.services.answer_variants(method):
        assert pages.get(path).status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        assert pages.services.asked[-1] == method
    for shown in pages.services.answer_variants(PAGE):
        status = pages.get(path).status_code
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR
        assert path in LOOKS or "transfer" in path or not closed(shown) or status == HTTPStatus.FORBIDDEN
    hold(pages.services.wrong)


@pytest.mark.parametrize(("path", "form", "method"), SENDS, ids=[method for _, _, method in SENDS])
def test_a_form_asks_what_the_door_takes_and_shows_how_it_refuses(pages: Pages, path: str, form: dict[str, str], method: str) -> None:
    assert pages.send(path, form).status_code < HTTPStatus.BAD_REQUEST
    assert pages.services.asked[-1] == method
    refusal = GOLDEN[method]["refusal"]
    if refusal is not None:
        pages.services.refusals[method] = refusal
        assert HTTPStatus.BAD_REQUEST <= pages.send(path, form).status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    hold(pages.services.wrong)


def test_every_page_is_among_them(pages: Pages) -> None:
    app = create_app(pages.services, access_log=AccessLog()).pages
    asked = {("GET", path.partition("?")[0]) for path in ASKS} | {("POST", path) for path, _, _ in SENDS}
    assert {(method, rule.rule) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - {"HEAD"}} == asked
