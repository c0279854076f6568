"""The account's own pages as their people meet them: in a browser, with a keyboard, by the mail that arrives, in their agency's time."""

import base64
import hmac
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import TRANSFER_LINK_SECRET, Agency, Platform

TRIAL = {"pricing_version": "V1", "product": "EM", "plan": "Trial"}
CLIENT = "martin@bakery.example"
PATIENCE_MILLISECONDS = 10_000
WRONG = "a wrong horse battery"
BY_RESET, IN_SETTINGS, BY_AGENCY = "a horse by mail", "a horse in the settings", "a horse of the agency"
RESET_LINK = re.compile(r"http://\S+/reset-password\?token=\S+")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window without cookies; what a page may not load or run makes the test fail."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    opened = context.new_page()
    refused: list[str] = []
    opened.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None)
    yield opened
    context.close()
    assert refused == []


class Account:
    """A client's account, opened by an agency whose clock moves when told to."""

    def __init__(self, agency: Agency, **changes: Any) -> None:
        self.agency = agency
        self.name = f"bakery-{new_id('n')[-10:].lower()}"
        asked = {"name": self.name, "plan": TRIAL, "client_name": "Boulangerie Martin", "client_email": CLIENT, "country": "FR"}
        opened = agency.post("/v1/accounts", {**asked, "language": "en", "time_zone": "Europe/Paris", **changes})
        assert opened.status_code == requests.codes.accepted, opened.text
        self.id = opened.json()["id"]
        agency.until_status(self.id, "active")
        self.credentials: dict[str, str] = agency.post(f"/v1/accounts/{self.id}/credentials").json()
        self.login_url = self.credentials["login_url"]
        self.origin = self.login_url.removesuffix("/login")

    def put(self, what: str, body: dict[str, Any]) -> None:
        """Have the agency put something."""
        url = f"{self.agency.url}/v1/accounts/{self.id}/{what}"
        answer = requests.put(url, json=body, headers={"Authorization": f"Bearer {self.agency.key}"}, timeout=15)
        assert answer.status_code == requests.codes.ok, answer.text

    def enable(self) -> None:
        """Have the agency lift its suspension."""
        url = f"{self.agency.url}/v1/accounts/{self.id}/suspension"
        assert requests.delete(url, headers={"Authorization": f"Bearer {self.agency.key}"}, timeout=15).ok


class Clock:
    """The time of an agency in test mode."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._clock = agency.post("/v1/test-clocks").json()

    def advance(self, **delta: float) -> None:
        """Move it."""
        to = (datetime.fromisoformat(self._clock["now"]) + timedelta(**delta)).isoformat()
        moved = self._agency.post(f"/v1/test-clocks/{self._clock['id']}/advance", {"to": to})
        assert moved.status_code == requests.codes.ok, moved.text
        self._clock = moved.json()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def sign_in(page: Page, password: str, username: str = "admin") -> str:
    """Fill in the login form and send it; give the heading of what comes."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return heading(page)


def sign_in_by_keyboard(page: Page, password: str) -> str:
    """The same, by keys alone: the fields come first, in their order, and Enter sends."""
    for key_or_text in ("admin", password):
        page.keyboard.press("Tab")
        page.keyboard.type(key_or_text)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return heading(page)


def set_password(page: Page, new: str, current: str | None = None) -> str:
    """Fill in the form for a new password and send it; give the heading of what comes."""
    if current is not None:
        page.get_by_label("Current password").fill(current)
    page.get_by_label("New password").fill(new)
    page.get_by_role("button").click()
    return heading(page)


def test_a_client_is_locked_out_gets_back_in_and_manages_its_password(platform: Platform, page: Page) -> None:
    """R0.70, R0.72, R0.76, R0.77, R0.80–R0.83: five wrong attempts, a reset by mail, five minutes on the agency's clock."""
    agency = platform.agency()
    account, clock = Account(agency), Clock(agency)
    password = account.credentials["password"]

    page.goto(account.login_url)
    assert heading(page) == "Sign in"
    assert page.get_by_role("contentinfo").get_by_role("link").get_attribute("href") == f"mailto:{agency.notification_email}"
    for attempt in range(5):
        answered = sign_in_by_keyboard(page, WRONG) if attempt == 0 else sign_in(page, WRONG)
        assert answered == ("Sign-in failed" if attempt < 4 else "Too many attempts")
        expect(page.get_by_role("alert")).to_contain_text("five minutes")
        page.get_by_role("link", name="Back to sign in").click()
        assert (heading(page), page.url) == ("Sign in", account.login_url)
    assert sign_in(page, password) == "Too many attempts"
    warning = page.get_by_role("alert").inner_text()

    page.get_by_role("link", name="Reset the password").click()
    page.get_by_label("E-mail address").fill(CLIENT)
    page.get_by_role("button", name="Send the link").click()
    assert heading(page) == "Look into your mailbox"
    [mail] = eventually(lambda: platform.mailbox.bodies_to(CLIENT), what="the mail with the link")
    link = RESET_LINK.search(mail)
    assert link is not None
    assert link[0].startswith(f"{account.origin}/")
    page.goto(link[0])
    assert set_password(page, BY_RESET) == "The password is changed"
    page.goto(link[0])
    assert set_password(page, BY_RESET) == "This link does not work any more"
    page.goto(account.login_url)
    assert sign_in(page, BY_RESET) == "Too many attempts"
    assert page.get_by_role("alert").inner_text() == warning

    clock.advance(minutes=5)
    page.goto(account.login_url)
    assert sign_in_by_keyboard(page, BY_RESET) == "Welcome"
    assert "admin" in page.get_by_role("main").inner_text()
    [session] = [cookie for cookie in page.context.cookies() if cookie["name"] == "session"]
    assert (session["httpOnly"], session["sameSite"], session["domain"]) == (True, "Lax", f"{account.name}.localhost")

    page.get_by_role("link", name="Change the password").click()
    assert set_password(page, IN_SETTINGS, current=WRONG) == "Change the password"
    assert page.get_by_label("Current password").get_attribute("aria-invalid") == "true"
    expect(page.get_by_role("alert")).to_contain_text("not right")
    assert set_password(page, account.name, current=BY_RESET) == "Change the password"
    assert set_password(page, IN_SETTINGS, current=BY_RESET) == "The password is changed"
    page.goto(f"{account.origin}/")
    assert sign_in(page, IN_SETTINGS) == "Welcome"
    page.get_by_role("button", name="Sign out").click()
    assert (heading(page), page.url) == ("Sign in", account.login_url)


def test_the_agency_comes_by_a_link_and_closes_the_account_to_its_users(platform: Platform, page: Page) -> None:
    """R0.15, R0.17, R0.79, R0.97, R0.98."""
    agency = platform.agency()
    account, clock = Account(agency), Clock(agency)

    def link() -> str:
        asked = {"agency_id": agency.id, "account_id": account.id}
        made = platform.bus.call("identity", "create_login_link", asked, idempotency_key=new_id("idk"))
        return f"{account.origin}/sso?token={made['token']}"

    used = link()
    page.goto(used)
    assert heading(page) == "Welcome"
    page.get_by_role("link", name="Change the password").click()
    assert page.get_by_label("Current password").count() == 0
    assert set_password(page, BY_AGENCY) == "The password is changed"
    page.goto(used)
    assert heading(page) == "Something is wrong"
    page.get_by_role("link", name="Back to sign in").click()
    assert sign_in(page, BY_AGENCY) == "Welcome"

    account.put("suspension", {"message": "Please call us about your invoice."})
    page.goto(f"{account.origin}/settings/password")
    assert heading(page) == "This account is paused"
    assert page.get_by_role("alert").inner_text() == "Please call us about your invoice."
    page.goto(link())
    assert heading(page) == "Welcome"
    account.enable()
    account.put("cancellation", {"reason": "Moved away."})
    page.goto(link())
    assert "cancelled" in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Back to sign in").click()
    assert sign_in(page, BY_AGENCY) == "Welcome"

    clock.advance(days=16)

    def has_expired() -> bool:
        page.goto(account.login_url)
        return heading(page) == "This account has expired"

    eventually(has_expired, what="accounts knows the time")
    assert page.get_by_role("main").get_by_role("link").get_attribute("href") == f"mailto:{agency.notification_email}"


def test_a_client_agrees_to_a_transfer_by_the_link_that_is_mailed_to_it(platform: Platform, page: Page) -> None:
    """R0.56, R0.113: in its language, and under its brand alone."""
    agency, other = platform.agency(), platform.agency(notification_email="hello@other.example")
    account = Account(agency, language="fr")
    account.put("branding", {"brand_name": "Ma Boulangerie", "primary_colour": "#7a1f1f", "text_colour": "#ffffff"})
    wanted = {
        "direction": "in",
        "account_host": account.origin.removeprefix("http://"),
        "client_email": CLIENT,
        "agency_email": "hello@other.example",
    }
    asked = other.post("/v1/transfers", wanted)
    assert asked.status_code == requests.codes.created, asked.text
    transfer = asked.json()["id"]
    token = (
        base64.urlsafe_b64encode(hmac.digest(TRANSFER_LINK_SECRET.encode(), f"transfer:{transfer}".encode(), "sha256")).decode().rstrip("=")
    )

    page.goto(f"{account.origin}/transfer?transfer={transfer}&token={token}")
    assert page.title() == "Transfert de votre compte – Ma Boulangerie"
    assert "hello@other.example" in page.get_by_role("main").inner_text()
    agree = page.get_by_role("button", name="Oui, j’accepte")
    assert agree.evaluate("button => getComputedStyle(button).backgroundColor") == "rgb(122, 31, 31)"
    assert "omptoir" not in page.content()
    agree.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Merci.")
    assert other.get(f"/v1/transfers/{transfer}").json()["state"] == "confirmed"
    page.goto(f"{account.origin}/transfer?transfer={transfer}&token={token}")
    expect(page.get_by_role("status")).to_contain_text("déjà répondu")
