"""The account's own pages: signing in and out, and the agency's links."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from gateway.account_pages.host import Hosts
from gateway.app import create_app

from .conftest import Front
from .pages import (
    ACCOUNT,
    ACCOUNT_ID,
    BY_SSO,
    CANCELLED,
    DISABLED,
    ELSEWHERE,
    FR,
    HOST,
    LOCKED,
    LOGGED_OUT,
    OPENED,
    SESSION,
    Browse,
    Method,
    browser_on,
    refusing,
)


@pytest.fixture
def browse(front: Callable[..., Front]) -> Browse:
    return partial(browser_on, front)


# --- signing in ---------------------------------------------------------------------------------------------------------------------------


def test_signing_in_sets_a_cookie_no_script_reads(browse: Browse) -> None:
    browser = browse(identity__log_in=lambda _: OPENED, identity__session=lambda _: SESSION)
    answer = browser.send("/login", username="admin", password="right")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.asked("identity.log_in") == [{"account_id": ACCOUNT_ID, "username": "admin", "password": "right"}]
    assert "admin" in browser.get("/").text


def test_over_https_cookies_are_secure_and_bound_to_the_host(front: Callable[..., Front]) -> None:
    served = front(accounts__account_page=lambda _request: ACCOUNT)
    app = create_app(served.services, access_log=served.log, hosts=Hosts.of("https://{name}.hosted.example/login"))
    answer = app.test_client().get("/login", base_url="https://bakery.hosted.example")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-form=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "refusal", [refusing("unauthenticated", "login_failed"), refusing("invalid", "invalid_request")], ids=["wrong", "malformed"]
)
def test_a_wrong_attempt_leads_back_to_the_login_page(browse: Browse, refusal: Method) -> None:
    """R0.81."""
    answer = browse(identity__log_in=refusal).send("/login", username="admin", password="wrong")
    assert answer.status_code == 403
    assert FR["failed"]["text"] in answer.text
    assert f'<a href="/login">{FR["failed"]["back"]}</a>' in answer.text


def test_a_lock_reads_the_same_whatever_is_tried_and_the_way_to_a_new_password_stays_open(browse: Browse) -> None:
    """R0.80, R0.82, R0.83."""
    browser = browse(identity__log_in=LOCKED, identity__request_password_reset=lambda _: {})
    wrong, right = (browser.send("/login", username="admin", password=password) for password in ("wrong", "right"))
    assert (right.status_code, right.headers["Retry-After"]) == (429, "42")
    assert right.text == wrong.text
    assert FR["locked"]["text"] in right.text
    assert 'href="/login"' in right.text
    assert 'href="/forgotten-password"' in right.text
    assert browser.send("/forgotten-password", email="client@acme.example").status_code == 200


def test_a_form_of_another_site_is_refused(browse: Browse) -> None:
    browser = browse(identity__log_in=lambda _: OPENED)
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/login").text)
    assert token is not None

    def sent(origin: str | None, **fields: str) -> int:
        headers = {} if origin is None else {"Origin": origin}
        return browser.client.post("/login", base_url=f"http://{HOST}", data={"username": "admin", **fields}, headers=headers).status_code

    assert sent(None) == 403
    assert sent("http://elsewhere.example", form_token=token[1]) == 403
    assert sent("null", form_token=token[1]) == 403
    assert browser.asked("identity.log_in") == []
    assert sent(f"http://{HOST}", form_token=token[1]) == 303


def test_a_session_ends_by_signing_out(browse: Browse) -> None:
    browser = browse(identity__session=lambda _: SESSION, identity__log_out=lambda _: {}).keep_session()
    answer = browser.send("/logout", opened="/")
    assert answer.headers["Location"] == "/login"
    assert len(browser.asked("identity.log_out")) == 1
    assert browser.client.get_cookie("session", domain="bakery.localhost") is None
    assert browser.send("/logout", opened="/login").headers["Location"] == "/login"
    assert len(browser.asked("identity.log_out")) == 1


@pytest.mark.parametrize("session", [lambda _: {**SESSION, "user": ELSEWHERE}, LOGGED_OUT], ids=["elsewhere", "over"])
def test_a_session_that_is_over_or_of_another_account_opens_nothing_here(browse: Browse, session: Method) -> None:
    browser = browse(identity__session=session).keep_session()
    assert browser.get("/").headers["Location"] == "/login"
    assert browser.get("/settings/password").headers["Location"] == "/login"
    assert browser.send("/settings/password", opened="/login", new_password="long enough for us").headers["Location"] == "/login"


def test_identity_that_is_away_signs_nobody_out(browse: Browse) -> None:
    browser = browse(identity__session=refusing("unavailable", "unavailable")).keep_session()
    assert browser.get("/").status_code == 503


# --- SSO ----------------------------------------------------------------------------------------------------------------------------------


def test_an_sso_link_signs_in_once(browse: Browse) -> None:
    """R0.15, R0.97."""
    browser = browse(identity__use_login_link=lambda _: {**OPENED, "via": "sso"})
    assert browser.client.head("/sso?token=t", base_url=f"http://{HOST}").status_code == 204
    assert browser.asked("identity.use_login_link") == []
    answer = browser.get("/sso?token=t")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.asked("identity.use_login_link") == [{"token": "t"}]
    for refusal in (refusing("gone", "invalid_login_link"), refusing("invalid", "invalid_request")):
        used = browse(identity__use_login_link=refusal).get("/sso?token=t")
        assert used.status_code == 410
        assert 'href="/login"' in used.text
    away = browse(identity__use_login_link=refusing("timeout", "deadline_exceeded")).get("/sso?token=t")
    assert away.status_code == 503


def test_an_sso_link_of_another_account_signs_in_nowhere(browse: Browse) -> None:
    answer = browse(identity__use_login_link=lambda _: {**OPENED, "user": ELSEWHERE}).get("/sso?token=t")
    assert answer.status_code == 410
    assert "session" not in str(answer.headers.getlist("Set-Cookie"))


def test_a_cancelled_account_refuses_sso_and_lets_its_own_users_in(browse: Browse) -> None:
    """R0.98."""
    browser = browse(CANCELLED, identity__log_in=lambda _: OPENED, identity__session=lambda _: BY_SSO)
    refused = browser.get("/sso?token=t")
    assert refused.status_code == 403
    assert FR["problem"]["link_closed"] in refused.text
    assert browser.send("/login", username="admin", password="right").status_code == 303
    assert browser.get("/").headers["Location"] == "/login", "a session that the agency opened before is over, too"


def test_the_agency_gets_into_a_disabled_account_and_its_users_do_not(browse: Browse) -> None:
    """R0.97."""
    agency = browse(DISABLED, identity__use_login_link=lambda _: {**OPENED, "via": "sso"}, identity__session=lambda _: BY_SSO)
    assert agency.get("/sso?token=t").status_code == 303
    assert FR["home"]["title"] in agency.get("/").text
    user = browse(DISABLED, identity__session=lambda _: SESSION).keep_session()
    assert FR["disabled"]["title"] in user.get("/").text
