"""An agency looks after who gets into an account: it gives its people access, goes in itself, and has passwords set anew."""

import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import Agency, Platform, unique_name
from .test_opening_an_account import TRIAL, account_request

PASSWORD = "another horse battery"


@pytest.fixture(scope="module")
def agency(platform: Platform) -> Agency:
    return platform.agency()


def opened(agency: Agency) -> dict[str, Any]:
    """An account that is active."""
    answer = agency.post("/v1/accounts", account_request(unique_name(), plan=TRIAL))
    assert answer.status_code == requests.codes.accepted, answer.text
    return agency.until_status(answer.json()["id"], "active")


def log_in(platform: Platform, account_id: str, username: str, password: str) -> dict[str, Any]:
    asked = {"account_id": account_id, "username": username, "password": password}
    answer: dict[str, Any] = platform.bus.call("identity", "log_in", asked, idempotency_key=new_id("idk"))
    return answer


def test_a_further_user_gets_in_with_a_role_and_is_gone_when_removed(platform: Platform, agency: Agency) -> None:
    """R3.4, R3.5."""
    account = opened(agency)
    users = f"/v1/accounts/{account['id']}/users"
    [admin] = agency.get(users).json()["data"]
    assert (admin["username"], admin["role"]) == ("admin", "admin")
    marie = {"username": "Marie", "email": "marie@client.example", "role": "editor"}
    made, repeated = (agency.post(users, marie, key=f"marie {account['id']}") for _ in range(2))
    assert (made.status_code, repeated.json()) == (requests.codes.created, {**made.json(), "password": None})
    entered = log_in(platform, account["id"], "marie", made.json()["password"])
    assert (entered["via"], entered["user"]["role"]) == ("password", "editor")

    last = agency.send("DELETE", f"{users}/{admin['id']}")
    assert (last.status_code, last.json()["code"]) == (requests.codes.conflict, "last_admin")
    promoted = agency.send("PATCH", made.headers["Location"], {"role": "admin"})
    assert (promoted.status_code, promoted.json()["role"]) == (requests.codes.ok, "admin")
    assert agency.send("DELETE", f"{users}/{admin['id']}").status_code == requests.codes.no_content
    assert [user["username"] for user in agency.get(users).json()["data"]] == ["marie"]
    assert agency.get(f"{users}/{admin['id']}").status_code == requests.codes.not_found


def test_the_agency_goes_in_by_a_link_and_sets_a_password_until_it_has_cancelled(platform: Platform, agency: Agency) -> None:
    """R0.15, R0.79, R0.97, R0.98."""
    account = opened(agency)
    links = f"/v1/accounts/{account['id']}/login-links"
    link = agency.post(links)
    assert link.status_code == requests.codes.created, link.text
    url = urlsplit(link.json()["url"])
    assert (url.netloc, url.path) == (account["host"], "/sso")
    [token] = parse_qs(url.query)["token"]
    entered = platform.bus.call("identity", "use_login_link", {"token": token}, idempotency_key=new_id("idk"))
    assert (entered["via"], entered["user"]["username"]) == ("sso", "admin")
    digest = hashlib.sha256(entered["session_token"].encode()).hexdigest()
    chosen = {"token_digest": digest, "current_password": None, "new_password": PASSWORD}
    platform.bus.call("identity", "change_password", chosen, idempotency_key=new_id("idk"))

    cancelled = agency.send("PUT", f"/v1/accounts/{account['id']}/cancellation", {})
    assert (cancelled.status_code, cancelled.json()["status"]) == (requests.codes.ok, "cancelled")
    refused = agency.post(links)
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.conflict, "not_in_this_status")
    shown = {action["action"]: action for action in agency.get(f"/v1/accounts/{account['id']}/actions").json()["data"]}
    assert shown["log_in"]["reason"] == refused.json()["detail"]
    assert log_in(platform, account["id"], "admin", PASSWORD)["via"] == "password", "the account's own login works"


def test_the_agency_has_a_user_sent_the_link_for_a_new_password_as_often_as_may_be(platform: Platform, agency: Agency) -> None:
    """R0.78."""
    account = opened(agency)
    resets = f"/v1/accounts/{account['id']}/password-resets"
    client = account["client_email"]
    started = agency.post(resets)
    assert (started.status_code, started.json()["email"]) == (requests.codes.accepted, client)
    eventually(lambda: platform.mailbox.subjects_to(client), what="the mail with the link")
    statuses = [agency.post(resets).status_code for _ in range(4)]
    assert statuses == [requests.codes.accepted] * 4
    surplus = agency.post(resets)
    assert (surplus.status_code, surplus.json()["code"]) == (requests.codes.too_many_requests, "too_many_password_resets")
    assert 3000 < int(surplus.headers["Retry-After"]) <= 3600
    assert surplus.json()["retry_after_seconds"] == int(surplus.headers["Retry-After"])
    unknown = agency.post(resets, {"username": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (requests.codes.not_found, "account_user_not_found")
