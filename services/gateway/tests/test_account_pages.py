"""The account's own pages: what holds for every one, and for closed accounts."""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chassis import context as contexts
from gateway.account_pages.host import Hosts
from gateway.account_pages.words import TEXTS

from .conftest import AGENCY_ID, Front
from .pages import (
    ASKED,
    BRAND,
    DISABLED,
    FR,
    LOGO,
    OPENED,
    OVER,
    PAGES,
    SESSION,
    Browse,
    Browser,
    browser_on,
    refusing,
)


@pytest.fixture
def browse(front: Callable[..., Front]) -> Browse:
    return partial(browser_on, front)


# --- every page ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_a_script_is_framed_or_kept_and_each_says_whom_to_ask(browse: Browse, path: str) -> None:
    """R0.70, R0.72."""
    browser = browse(identity__session=lambda _: SESSION, accounts__transfer_to_confirm=lambda _: ASKED).keep_session()
    answer = browser.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '<a href="mailto:support@agency.example">' in answer.text
    assert "omptoir" not in answer.text


def test_a_branded_account_is_shown_as_its_brand_alone(browse: Browse) -> None:
    """R0.113."""
    browser = browse({"brand": BRAND}, accounts__branding_of_name=lambda _: logo_answer())
    page = browser.get("/login").text
    assert "<title>Connexion – Acme Mail</title>" in page
    assert '<img src="/logo" alt="Acme Mail">' in page
    assert "Acme\nLyon" in page
    style = browser.get("/style.css")
    assert style.content_type.startswith("text/css")
    assert "--primary: #8b0000; --on-primary: #ffffff" in style.text
    logo = browser.get("/logo")
    assert (logo.data, logo.content_type) == (LOGO, "image/png")
    assert logo.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in logo.headers["Content-Security-Policy"]
    again = browser.get("/logo", If_None_Match=logo.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert "omptoir" not in page + style.text + str(logo.headers)


def logo_answer() -> dict[str, Any]:
    return {"logo": {"content_type": "image/png", "data": base64.b64encode(LOGO).decode()}}


@pytest.mark.parametrize(
    "colours", [{"primary_colour": "#ffff00"}, {"primary_colour": "#777777", "text_colour": "#888888"}, {"primary_colour": "red;} * {x"}]
)
def test_colours_that_cannot_be_read_on_one_another_are_left_out(browse: Browse, colours: dict[str, Any]) -> None:
    style = browse({"brand": {**BRAND, "text_colour": None, **colours}}).get("/style.css").text
    assert "--primary: #1f3a8a; --on-primary: #ffffff" in style


def test_an_account_without_a_logo_has_none_at_its_address(browse: Browse) -> None:
    assert browse(accounts__branding_of_name=lambda _: {"logo": None}).get("/logo").status_code == 404


def test_a_host_without_an_account_is_a_page_in_the_visitor_s_language(front: Callable[..., Front]) -> None:
    browser = Browser(front(accounts__account_page=refusing("not_found", "account_not_found")))
    answer = browser.get("/login", Accept_Language="pt-BR, pt;q=0.9")
    assert answer.status_code == 404
    assert TEXTS["pt"]["problem"]["not_found"] in answer.text
    assert "mailto" not in answer.text
    malformed = browser.client.get("/login", base_url="http://-.localhost")
    assert (malformed.status_code, len(browser.asked("accounts.account_page"))) == (404, 1)


def test_a_service_that_is_away_is_a_page_too(browse: Browse) -> None:
    answer = browse(identity__log_in=refusing("unavailable", "unavailable")).send("/login", username="admin", password="p")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert FR["problem"]["away"] in answer.text


def test_a_defect_of_ours_is_a_page_that_says_nothing_of_it(browse: Browse) -> None:
    answer = browse(identity__log_in=lambda _: {}).send("/login", username="admin", password="p")
    assert answer.status_code == 500
    assert "KeyError" not in answer.text


def test_calls_are_made_for_the_account_s_agency(browse: Browse) -> None:
    seen: list[str | None] = []

    def log_in(_request: dict[str, Any]) -> Any:
        seen.append(contexts.current().agency_id)
        return OPENED

    browse(identity__log_in=log_in).send("/login", username="admin", password="right")
    assert seen == [AGENCY_ID]


# --- closed accounts ----------------------------------------------------------------------------------------------------------------------


def test_a_disabled_account_shows_the_agency_s_message(browse: Browse) -> None:
    """R0.17."""
    answer = browse({**DISABLED, "message": "Call <us> about your invoice."}).get("/login")
    assert answer.status_code == 403
    assert "Call &lt;us&gt; about your invoice." in answer.text
    assert "<form" not in answer.text
    assert FR["disabled"]["text"] in browse(DISABLED).get("/forgotten-password").text


@pytest.mark.parametrize("status", ["expired", "archived"])
def test_an_account_that_is_over_leads_to_the_agency(browse: Browse, status: str) -> None:
    """R0.70."""
    browser = browse({**OVER, "status": status, "message": "Of the time before.", "agency_email": "a?b&c@agency.example"})
    answer = browser.get("/login")
    assert 'href="mailto:a%3Fb%26c@agency.example"' in answer.text
    assert "Of the time before." not in answer.text
    assert browser.get("/sso?token=t").status_code == 403


def test_an_account_that_is_being_opened_says_so(browse: Browse) -> None:
    """R0.48."""
    assert FR["creating"]["text"] in browse({**OVER, "status": "creating"}).get("/").text


# --- hosts and words ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "account"),
    [
        ("bakery.hosted.example", {"name": "bakery"}),
        ("BAKERY.Hosted.example:8443", {"name": "bakery"}),
        ("mail.bakery.example", {"custom_domain": "mail.bakery.example"}),
        ("Mail.Bakery.example:443", {"custom_domain": "mail.bakery.example"}),
        ("bakery.hosted.example.evil.example", {"custom_domain": "bakery.hosted.example.evil.example"}),
        ("api.hosted.example", None),
        ("localhost:8000", None),
        ("10.0.0.7:8000", None),
        ("[::1]:8000", None),
        ("mail_.bakery.example", None),
        (".example", None),
        ("", None),
    ],
)
def test_a_host_is_an_account_s_by_name_or_by_custom_domain_or_it_is_rest_s(host: str, account: dict[str, str] | None) -> None:
    """R0.21, R0.114."""
    assert Hosts.of("https://{name}.hosted.example/login", api_host="API.hosted.example").account_of(host) == account


@pytest.mark.parametrize("host", ["mail.bakery.example", "10.0.0.7", "deep.bakery.localhost", "localhost"])
def test_without_a_host_of_its_own_rest_is_wherever_no_account_is(host: str) -> None:
    hosts = Hosts.of("http://{name}.localhost:8000/login")
    assert (hosts.account_of(host), hosts.account_of("bakery.localhost:8000")) == (None, {"name": "bakery"})


def test_an_account_s_host_has_no_rest_and_the_api_s_host_has_no_pages(browse: Browse) -> None:
    browser = browse()
    assert browser.get("/v1/accounts").content_type.startswith("text/html")
    assert browser.client.get("/login", base_url="http://localhost:8000").content_type == "application/problem+json"


def test_every_language_says_everything() -> None:
    def names(texts: Any, path: str = "") -> set[str]:
        return {path} if isinstance(texts, str) else {name for key, inner in texts.items() for name in names(inner, f"{path}.{key}")}

    assert set(TEXTS) == {"en", "fr", "pt", "es"}
    for texts in TEXTS.values():
        assert names(texts) == names(TEXTS["en"])
        assert "omptoir" not in str(texts)
