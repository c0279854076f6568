"""Logging in as others meet it: a process on the bus, its relay, a mail server."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of
from chassis.testing.mail import MailServer
from identity.domain import digest_of

from .factories import EMAIL, WRONG, token_in

NEW = "another horse battery"


class Account:
    """An account on the bus, its first user prepared, its credentials claimed."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.reference = {"agency_id": new_id("agy"), "account_id": new_id("acc")}
        self.id = self.reference["account_id"]
        self.call("prepare_admin_user", **self.reference, email=EMAIL, account_name="acme", language="fr")
        self.password = self.call("claim_credentials", **self.reference)["password"]

    def call(self, method: str, *, key: str | None = None, **request: Any) -> Any:
        return self.bus.call("identity", method, request, idempotency_key=key, timeout_seconds=30)

    def refused(self, method: str, **request: Any) -> Refused:
        return refusal_of(lambda: self.call(method, **request))

    def log_in(self, password: str, username: str = "admin") -> Any:
        return self.call("log_in", account_id=self.id, username=username, password=password)


@pytest.fixture
def account(identity: ServiceProcess, bus: Bus) -> Account:
    assert identity.running
    return Account(bus)


@pytest.fixture
def relay(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("identity", database, command="relay", API_KEY_PEPPER="p" * 32)


def test_a_user_logs_in_is_known_by_its_session_and_logs_out(account: Account) -> None:
    opened = account.log_in(account.password)
    assert (opened["via"], opened["user"]["username"], opened["user"]["email"]) == ("password", "admin", EMAIL)
    shown = {"token_digest": digest_of(opened["session_token"])}
    found = account.call("session", **shown)
    assert (found["agency_id"], found["user"]) == (account.reference["agency_id"], opened["user"])
    for _ in range(2):
        assert account.call("log_out", **shown) == {}
    refusal = account.refused("session", **shown)
    assert (refusal.kind, refusal.code) == ("unauthenticated", "invalid_session")


def test_of_fifty_wrong_attempts_at_once_five_are_looked_at(account: Account, database: ServiceDatabase) -> None:
    """R0.80, R0.83."""

    def outcome(_: int) -> str:
        return refusal_of(lambda: account.log_in(WRONG)).code

    with ThreadPoolExecutor(max_workers=10) as pool:
        assert Counter(pool.map(outcome, range(50))) == {"login_failed": 4, "login_locked": 46}
    refusal = refusal_of(lambda: account.log_in(account.password))
    assert (refusal.kind, refusal.code) == ("too_many", "login_locked")
    assert 0 < refusal.details["retry_after_seconds"] <= 300
    assert [name for name, _ in database.emitted()] == ["account_login_locked"]


def test_a_forgotten_password_is_set_by_the_mailed_link_though_the_mail_server_was_away(
    account: Account, relay: ServiceProcess, mail_server: MailServer, bus: Bus, database: ServiceDatabase, identity: ServiceProcess
) -> None:
    """R0.77, R0.78, R0.82."""
    seen = bus.collect("identity")
    mail_server.stop()
    assert account.call("request_password_reset", key="once", account_id=account.id, email=EMAIL) == {}
    assert account.call("request_password_reset", key="once", account_id=account.id, email=EMAIL) == {}
    assert account.call("request_password_reset", account_id=account.id, email="nobody@acme.example") == {}
    events = seen.wait_for("identity.password_reset_requested", "identity.password_reset_requested")
    eventually(lambda: identity.text().count("mail_unavailable") + identity.text().count("does not take mail") >= 1)
    mail_server.start()
    eventually(lambda: mail_server.messages, what="a mail")
    for event in events:  # as a broker delivers them again
        bus.publish_envelope("identity", "password_reset_requested", event)
    token = token_in(mail_server.messages[0])
    account.log_in(account.password)
    assert account.call("reset_password", token=token, new_password=NEW) == {"account_id": account.id, "username": "admin"}
    assert account.refused("reset_password", token=token, new_password=NEW).code == "invalid_reset_token"
    assert account.log_in(NEW)["user"]["username"] == "admin"
    seen.wait_for("identity.account_password_changed")
    assert sorted(seen.names()) == ["identity.account_password_changed"] + ["identity.password_reset_requested"] * 4
    assert account.call("start_password_reset", **account.reference)["email"] == EMAIL
    eventually(lambda: len(mail_server.messages) == 2, what="the mail that the agency started")
    assert len({mail["Message-ID"] for mail in mail_server.messages}) == 2
    assert bus.parked() == []
    everything = database.everything() + identity.text() + relay.text() + str(seen.events())
    for secret in (token, NEW, account.password):
        assert secret not in everything


def test_the_agency_gets_in_by_a_link_and_sets_a_password(account: Account, database: ServiceDatabase, identity: ServiceProcess) -> None:
    """R0.15, R0.79, R0.97."""
    link = account.call("create_login_link", **account.reference)
    opened = account.call("use_login_link", token=link["token"])
    assert (opened["via"], opened["user"]["username"]) == ("sso", "admin")
    assert account.refused("use_login_link", token=link["token"]).code == "invalid_login_link"
    session = {"token_digest": digest_of(opened["session_token"])}
    assert account.refused("change_password", **session, new_password="short").code == "password_unfit"
    assert account.call("change_password", **session, new_password=NEW) == {}
    assert account.refused("session", **session).code == "invalid_session"
    assert account.log_in(NEW)["via"] == "password"
    everything = database.everything() + identity.text()
    for secret in (link["token"], opened["session_token"], NEW):
        assert secret not in everything


def test_a_user_is_created_once_per_key_and_its_password_is_shown_once(account: Account, database: ServiceDatabase) -> None:
    """R3.5."""
    wanted = {**account.reference, "username": "marie", "email": "marie@acme.example", "role": "editor"}
    first, again = (account.call("create_account_user", key="marie", **wanted) for _ in range(2))
    password = first.pop("password")
    assert again.pop("password") is None
    assert first == again == account.call("account_user", **account.reference, user_id=first["id"])
    assert account.log_in(password, "marie")["user"] == first
    assert password not in database.everything()
    assert account.call("account_users", **account.reference)["total"] == 2
    changed = account.call("update_account_user", **account.reference, user_id=first["id"], role="viewer")
    assert (changed["role"], changed["version"]) == ("viewer", 2)
    assert account.call("remove_account_user", **account.reference, user_id=first["id"]) == changed
    assert account.refused("account_user", **account.reference, user_id=first["id"]).code == "account_user_not_found"


@pytest.mark.parametrize(("field", "value"), [("username", "-marie"), ("username", "m" * 65), ("email", "nowhere"), ("role", "owner")])
def test_a_user_with_a_value_outside_its_rule_is_refused_by_field(account: Account, field: str, value: str) -> None:
    wanted = {**account.reference, "username": "marie", "email": "marie@acme.example", "role": "editor", field: value}
    refusal = account.refused("create_account_user", **wanted)
    assert [error["field"] for error in refusal.details["errors"]] == [field]
