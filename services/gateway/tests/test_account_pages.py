"""The account's own pages, over services that a test answers for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis.errors import Refused
from gateway.account_pages.host import Hosts
from gateway.account_pages.words import TEXTS

from .conftest import Front

HOST = "bakery.localhost:8000"
ACCOUNT = {
    "account_id": "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "name": "bakery",
    "status": "active",
    "language": "fr",
    "message": None,
    "agency_email": "support@agency.example",
    "brand": None,
}
SESSION = {"session_token": "s" * 43, "expires_at": "2026-11-22T22:00:00Z"}
SIGNED_IN = {"account_id": ACCOUNT["account_id"], "username": "admin", "via": "password"}
PAGES = ("/login", "/forgotten-password", "/reset-password?token=t", "/settings/password", "/")


def refusing(kind: str, code: str) -> Callable[[dict[str, Any]], Any]:
    def refuse(_request: dict[str, Any]) -> Any:
        raise Refused(kind=kind, code=code, message="No.")

    return refuse


class Browser:
    """A person on an account's host."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.client: FlaskClient = front.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", headers=headers)

    def send(self, path: str, *, opened: str | None = None, **fields: str) -> TestResponse:
        """Open a page, fill in its form, and send it."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(opened or path).text)
        assert found is not None
        return self.client.post(path, base_url=f"http://{HOST}", data={"form_token": found[1], **fields})


@pytest.fixture
def browse(front: Callable[..., Front]) -> Callable[..., Browser]:
    def make(account: dict[str, Any] | None = None, **methods: Callable[[dict[str, Any]], Any]) -> Browser:
        shown = {**ACCOUNT, **(account or {})}
        return Browser(front(**{"accounts__account_page": lambda _request: shown, **methods}))

    return make


def test_the_login_page_is_in_the_account_s_language_and_can_be_read_aloud(browse: Callable[..., Browser]) -> None:
    answer = browse().get("/login")
    assert answer.status_code == 200
    assert '<html lang="fr">' in answer.text
    assert "<h1>Connexion</h1>" in answer.text
    for field in re.findall(r'<input id="(\w+)"', answer.text):
        assert f'<label for="{field}">' in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_a_script_or_can_be_framed(browse: Callable[..., Browser], path: str) -> None:
    answer = browse(identity__session=lambda _request: SIGNED_IN).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def test_signing_in_sets_a_cookie_no_script_reads(browse: Callable[..., Browser]) -> None:
    browser = browse(identity__log_in=lambda _request: SESSION, identity__session=lambda _request: SIGNED_IN)
    answer = browser.send("/login", username="admin", password="right")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "admin" in browser.get("/").text


def test_over_https_cookies_are_secure_and_bound_to_the_host(front: Callable[..., Front]) -> None:
    from gateway.app import create_app  # noqa: PLC0415

    served = front(accounts__account_page=lambda _request: ACCOUNT)
    app = create_app(served.services, access_log=served.log, hosts=Hosts.of("https://{name}.hosted.example/login"))
    answer = app.test_client().get("/login", base_url="https://bakery.hosted.example")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-form=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize("code", ["login_failed", "login_locked"])
def test_whatever_was_wrong_reads_the_same_and_leads_back(browse: Callable[..., Browser], code: str) -> None:
    """R0.80, R0.81, R0.82, R0.83."""
    answer = browse(identity__log_in=refusing("unauthenticated", code)).send("/login", username="admin", password="wrong")
    assert answer.status_code == 403
    assert TEXTS["fr"]["failed"]["text"].split(".")[0].replace("’", "’") in answer.text
    assert 'href="/login"' in answer.text
    assert 'href="/forgotten-password"' in answer.text
    same = browse(identity__log_in=refusing("unauthenticated", "login_failed")).send("/login", username="x", password="y")
    assert answer.text == same.text


def test_a_form_of_another_site_is_refused(browse: Callable[..., Browser]) -> None:
    browser = browse(identity__log_in=lambda _request: SESSION)
    browser.get("/login")
    without = browser.client.post("/login", base_url=f"http://{HOST}", data={"username": "admin", "password": "right"})
    assert without.status_code == 403
    assert "Set-Cookie" not in "".join(name for name, _ in without.headers if name == "session")
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/login").text)
    assert token is not None
    foreign = browser.client.post(
        "/login", base_url=f"http://{HOST}", data={"form_token": token[1]}, headers={"Origin": "http://elsewhere.example"}
    )
    assert foreign.status_code == 403


def test_a_disabled_account_shows_the_agency_s_message(browse: Callable[..., Browser]) -> None:
    """R0.17."""
    answer = browse({"status": "disabled", "message": "Call <us> about your invoice."}).get("/login")
    assert "Call &lt;us&gt; about your invoice." in answer.text
    assert "<form" not in answer.text


@pytest.mark.parametrize("status", ["expired", "archived"])
def test_an_expired_account_leads_to_the_agency(browse: Callable[..., Browser], status: str) -> None:
    answer = browse({"status": status}).get("/login")
    assert 'href="mailto:support@agency.example"' in answer.text


def test_a_forgotten_password_is_answered_alike_for_everybody(browse: Callable[..., Browser]) -> None:
    """R0.77."""
    asked: list[dict[str, Any]] = []
    browser = browse(identity__request_password_reset=lambda request: asked.append(request) or {})
    answer = browser.send("/forgotten-password", email="somebody@example.com")
    assert answer.status_code == 200
    assert asked == [{"account_id": ACCOUNT["account_id"], "email": "somebody@example.com"}]


def test_a_reset_link_that_is_dead_says_so_and_leads_to_another(browse: Callable[..., Browser]) -> None:
    browser = browse(identity__reset_password=refusing("gone", "reset_link_dead"))
    answer = browser.send("/reset-password", opened="/reset-password?token=t", token="t", new_password="long enough for us")
    assert answer.status_code == 410
    assert 'href="/forgotten-password"' in answer.text


def test_a_password_that_is_too_short_is_said_beside_its_field(browse: Callable[..., Browser]) -> None:
    """R0.76."""
    browser = browse(identity__session=lambda _request: SIGNED_IN, identity__change_password=refusing("invalid", "password_too_short"))
    browser.client.set_cookie("session", "s" * 43, domain="bakery.localhost")
    answer = browser.send("/settings/password", current_password="old", new_password="short")
    assert answer.status_code == 422
    assert TEXTS["fr"]["problem"]["too_short"] in answer.text.replace("&#39;", "'")


def test_who_came_by_the_agency_s_link_sets_a_password_without_the_old_one(browse: Callable[..., Browser]) -> None:
    """R0.79."""
    browser = browse(identity__session=lambda _request: {**SIGNED_IN, "via": "sso"})
    browser.client.set_cookie("session", "s" * 43, domain="bakery.localhost")
    assert "current_password" not in browser.get("/settings/password").text


def test_an_sso_link_signs_in_once(browse: Callable[..., Browser]) -> None:
    """R0.15, R0.97."""
    assert browse(identity__use_login_link=lambda _request: SESSION).get("/sso?token=t").headers["Location"] == "/"
    used = browse(identity__use_login_link=refusing("gone", "login_link_used")).get("/sso?token=t")
    assert used.status_code == 410


def test_a_session_of_another_account_opens_nothing_here(browse: Callable[..., Browser]) -> None:
    browser = browse(identity__session=lambda _request: {**SIGNED_IN, "account_id": "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B4E"})
    browser.client.set_cookie("session", "s" * 43, domain="bakery.localhost")
    assert browser.get("/").headers["Location"] == "/login"


def test_a_host_without_an_account_is_a_page_in_the_visitor_s_language(front: Callable[..., Front]) -> None:
    browser = Browser(front(accounts__account_page=refusing("not_found", "account_not_found")))
    answer = browser.get("/login", **{"Accept-Language": "pt-BR, pt;q=0.9"})
    assert answer.status_code == 404
    assert TEXTS["pt"]["problem"]["not_found"] in answer.text


def test_a_service_that_is_away_is_a_page_too(browse: Callable[..., Browser]) -> None:
    answer = browse(identity__log_in=refusing("unavailable", "unavailable")).send("/login", username="admin", password="p")
    assert answer.status_code == 503
    assert TEXTS["fr"]["problem"]["away"] in answer.text


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("bakery.hosted.example", "bakery"),
        ("BAKERY.Hosted.example:8443", "bakery"),
        ("hosted.example", None),
        ("deep.bakery.hosted.example", None),
        ("bakery.hosted.example.evil.example", None),
        ("", None),
    ],
)
def test_only_a_label_under_the_hosted_domain_is_an_account_s_host(host: str, name: str | None) -> None:
    assert Hosts.of("https://{name}.hosted.example/login").account_name(host) == name


def test_every_language_says_everything() -> None:
    def names(texts: Any, path: str = "") -> set[str]:
        return {path} if isinstance(texts, str) else {name for key, inner in texts.items() for name in names(inner, f"{path}.{key}")}

    assert set(TEXTS) == {"en", "fr", "pt", "es"}
    for texts in TEXTS.values():
        assert names(texts) == names(TEXTS["en"])
