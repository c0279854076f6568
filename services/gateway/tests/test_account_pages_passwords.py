"""The account's own pages: new passwords, and answers to transfers."""

from collections.abc import Callable
from functools import partial

import pytest

from .conftest import Front
from .pages import (
    ACCOUNT_ID,
    ASKED,
    BY_SSO,
    ELSEWHERE,
    FR,
    HOST,
    LOCKED,
    OVER,
    SESSION,
    Browse,
    Method,
    browser_on,
    refusing,
)


@pytest.fixture
def browse(front: Callable[..., Front]) -> Browse:
    return partial(browser_on, front)


# --- passwords ----------------------------------------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_answered_alike_for_everybody(browse: Browse) -> None:
    """R0.77."""
    browser = browse(identity__request_password_reset=lambda _: {})
    answers = [browser.send("/forgotten-password", email=email) for email in (" client@acme.example", "nobody@acme.example")]
    assert answers[0].status_code == 200
    assert answers[0].text == answers[1].text
    assert browser.asked("identity.request_password_reset")[0] == {"account_id": ACCOUNT_ID, "email": "client@acme.example"}


def test_what_is_no_address_is_said_beside_its_field(browse: Browse) -> None:
    """R0.77."""
    answer = browse(identity__request_password_reset=refusing("invalid", "invalid_request")).send("/forgotten-password", email="me")
    assert answer.status_code == 422
    assert FR["problem"]["email"] in answer.text
    assert 'aria-invalid="true" aria-describedby="fault"' in answer.text
    away = browse(identity__request_password_reset=refusing("unavailable", "unavailable")).send("/forgotten-password", email="a@b.example")
    assert away.status_code == 503


def test_a_mailed_link_sets_a_new_password(browse: Browse) -> None:
    """R0.77."""
    browser = browse(identity__reset_password=lambda _: {"account_id": ACCOUNT_ID, "username": "admin"})
    answer = browser.send("/reset-password", opened="/reset-password?token=t", token="t", new_password="long enough for us")
    assert browser.asked("identity.reset_password") == [{"token": "t", "new_password": "long enough for us"}]
    assert FR["reset"]["done_title"] in answer.text
    assert 'href="/login"' in answer.text


def test_a_reset_link_that_is_dead_says_so_and_leads_to_another(browse: Browse) -> None:
    browser = browse(identity__reset_password=refusing("gone", "invalid_reset_token"))
    answer = browser.send("/reset-password", opened="/reset-password?token=t", token="t", new_password="long enough for us")
    assert answer.status_code == 410
    assert 'href="/forgotten-password"' in answer.text


def test_a_password_that_is_unfit_is_said_beside_its_field_and_the_link_still_works(browse: Browse) -> None:
    browser = browse(identity__reset_password=refusing("invalid", "password_unfit", reason="short"))
    answer = browser.send("/reset-password", opened="/reset-password?token=t", token="t<", new_password="short")
    assert answer.status_code == 422
    assert FR["problem"]["unfit"] in answer.text
    assert 'name="token" value="t&lt;"' in answer.text
    assert 'aria-describedby="hint fault" autofocus aria-invalid="true"' in answer.text


@pytest.mark.parametrize(("code", "fault"), [("password_unfit", "unfit"), ("current_password_wrong", "wrong_current")])
def test_what_is_wrong_in_the_settings_is_said_beside_its_field(browse: Browse, code: str, fault: str) -> None:
    """R0.76."""
    browser = browse(identity__session=lambda _: SESSION, identity__change_password=refusing("invalid", code)).keep_session()
    answer = browser.send("/settings/password", current_password="old", new_password="short")
    assert answer.status_code == 422
    assert FR["problem"][fault] in answer.text


def test_guessing_the_current_password_locks_as_at_the_login(browse: Browse) -> None:
    """R0.80."""
    browser = browse(identity__session=lambda _: SESSION, identity__change_password=LOCKED).keep_session()
    answer = browser.send("/settings/password", current_password="wrong", new_password="long enough for us")
    assert answer.status_code == 429
    assert f'<a href="/settings/password">{FR["settings"]["back"]}</a>' in answer.text


def test_a_changed_password_ends_the_session(browse: Browse) -> None:
    """R0.76."""
    browser = browse(identity__session=lambda _: SESSION, identity__change_password=lambda _: {}).keep_session()
    answer = browser.send("/settings/password", current_password="old", new_password="long enough for us")
    assert FR["reset"]["done_title"] in answer.text
    assert browser.client.get_cookie("session", domain="bakery.localhost") is None
    [asked] = browser.asked("identity.change_password")
    assert (asked["current_password"], asked["new_password"]) == ("old", "long enough for us")


def test_who_came_by_the_agency_s_link_sets_a_password_without_the_old_one(browse: Browse) -> None:
    """R0.79."""
    browser = browse(identity__session=lambda _: BY_SSO, identity__change_password=lambda _: {}).keep_session()
    assert "current_password" not in browser.get("/settings/password").text
    browser.send("/settings/password", new_password="long enough for us")
    assert browser.asked("identity.change_password")[0]["current_password"] is None


def test_a_change_that_cannot_be_made_now_is_no_fault_of_the_form(browse: Browse) -> None:
    browser = browse(identity__session=lambda _: SESSION, identity__change_password=refusing("timeout", "deadline_exceeded")).keep_session()
    assert browser.send("/settings/password", current_password="old", new_password="long enough for us").status_code == 503


# --- transfers ----------------------------------------------------------------------------------------------------------------------------


LINK = "/transfer?transfer=trf_1&token=t"


@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_client_sees_what_is_asked_and_answers_it_also_where_the_account_has_expired(browse: Browse, direction: str) -> None:
    """R0.56, R0.57."""
    for button, said in (("confirm", "confirmed"), ("decline", "declined")):
        methods = {
            f"accounts__{button}_transfer": lambda _: {},
            "accounts__transfer_to_confirm": lambda _: {**ASKED, "direction": direction},
        }
        browser = browse({**OVER, "status": "expired"}, **methods)
        assert FR["transfer"][direction].format(agency="hello@other.example", account=HOST) in browser.get(LINK).text
        answer = browser.send("/transfer", opened=LINK, transfer="trf_1", token="t", answer=button)
        assert (answer.status_code, FR["transfer"][said] in answer.text) == (200, True)
        assert browser.asked(f"accounts.{button}_transfer") == [{"transfer_id": "trf_1", "token": "t"}]


def test_no_answer_is_none(browse: Browse) -> None:
    browser = browse(accounts__transfer_to_confirm=lambda _: ASKED)
    assert FR["transfer"]["confirm"] in browser.send("/transfer", opened=LINK, transfer="trf_1", token="t").text


@pytest.mark.parametrize(
    ("refusal", "status", "said"),
    [
        (refusing("gone", "transfer_link_used", state="confirmed"), 410, "used"),
        (refusing("gone", "transfer_link_used", state="expired"), 410, "expired"),
        (refusing("gone", "transfer_expired"), 410, "expired"),
        (refusing("not_found", "transfer_not_found"), 404, "unknown"),
        (refusing("invalid", "invalid_request"), 404, "unknown"),
        (lambda _: {**ASKED, "account_id": ELSEWHERE["account_id"]}, 404, "unknown"),
    ],
    ids=["confirmed", "ended", "late", "none", "malformed", "elsewhere"],
)
def test_a_link_that_asks_nothing_any_more_says_so_kindly(browse: Browse, refusal: Method, status: int, said: str) -> None:
    """R0.56."""
    browser = browse(accounts__transfer_to_confirm=refusal)
    for answer in (browser.get(LINK), browser.send("/transfer", opened="/login", transfer="trf_1", token="t", answer="confirm")):
        assert (answer.status_code, FR["transfer"][said] in answer.text) == (status, True)
    assert browser.asked("accounts.confirm_transfer") == []


def test_a_transfer_that_cannot_be_shown_now_is_a_page(browse: Browse) -> None:
    assert browse(accounts__transfer_to_confirm=refusing("unavailable", "unavailable")).get("/transfer").status_code == 503
