"""Getting into an account: what the lifecycle allows when, and what identity is asked for it, over a real broker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import errors, usecases
from accounts.domain import Kind
from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, MovingClock, Peer, ServiceDatabase, ServiceProcess
from chassis.testing.bus import refusal_of
from chassis.unit_of_work import Units

from .factories import activated, failed, opened

Call = dict[str, Any]
MARIE = {"username": "marie", "email": "marie@acme.example", "name": None, "role": "editor"}
PASSWORD = "correct horse battery"
CHECKS = [
    usecases.account_to_log_in_to,
    usecases.account_to_manage_users_of,
    usecases.account_to_reset_password_of,
]


def user(asked: Call) -> Call:
    """A user as identity shows it."""
    return {
        "id": asked.get("user_id") or new_id("usr"),
        "account_id": asked["account_id"],
        "username": "marie",
        "email": asked.get("email") or MARIE["email"],
        "name": asked.get("name"),
        "role": asked.get("role") or "editor",
        "created_at": "2026-01-31T10:00:00Z",
        "password_changed_at": None,
        "version": 1,
    }


class Identity:
    """Identity, as far as these doors ask it; a link of its is new each time."""

    def __init__(self) -> None:
        self.links = 0

    def create_login_link(self, _: Call) -> Call:
        self.links += 1
        return {"token": f"token+{self.links}", "expires_at": "2026-01-31T10:01:00Z"}

    @staticmethod
    def issue_credentials(_: Call) -> Call:
        return {"username": "admin", "password": PASSWORD}

    @staticmethod
    def create_account_user(asked: Call) -> Call:
        return {**user(asked), "password": PASSWORD}

    @staticmethod
    def remove_account_user(asked: Call) -> Call:
        raise Refused(kind="conflict", code="last_admin", message="The last.", details={"username": asked["user_id"]})

    @staticmethod
    def start_password_reset(_: Call) -> Call:
        return {"email": "owner@client.example", "expires_at": "2026-01-31T10:30:00Z"}


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Accounts as it runs, before a stand-in for identity, with an account that is active and paid for."""

    bus: Bus
    database: ServiceDatabase
    identity: Peer
    reference: Call

    def call(self, method: str, *, key: str | None = None, **request: Any) -> Call:
        answer: Call = self.bus.call("accounts", method, {**self.reference, **request}, idempotency_key=key)
        return answer

    def refused(self, method: str, *, key: str | None = None, **request: Any) -> Refused:
        return refusal_of(lambda: self.call(method, key=key, **request))

    def cancel(self) -> None:
        assert self.call("cancel_account", reason=None)["status"] == "cancelled"


@pytest.fixture
def doors(
    run_service: Callable[..., ServiceProcess], peer: Callable[..., Peer], bus: Bus, database: ServiceDatabase, units: Units, agency_id: str
) -> Doors:
    standing = Identity()
    identity = peer(
        "identity",
        create_login_link=standing.create_login_link,
        issue_credentials=standing.issue_credentials,
        create_account_user=standing.create_account_user,
        update_account_user=user,
        remove_account_user=standing.remove_account_user,
        start_password_reset=standing.start_password_reset,
    )
    with units.begin() as uow:
        account_id = activated(uow, agency_id, name="acme").id
    with units.begin() as uow:
        usecases.record_payment(uow, account_id=account_id, purpose="renewal", period_ends_at=datetime.now(UTC) + timedelta(days=30))
    assert run_service("accounts", database).running
    return Doors(bus=bus, database=database, identity=identity, reference={"agency_id": agency_id, "account_id": account_id})


@pytest.mark.parametrize("check", CHECKS)
def test_who_gets_in_is_for_accounts_that_are_there_and_ones_own(units: Units, agency_id: str, check: Any) -> None:
    """R0.2."""
    with units.begin() as uow:
        own, creating, others = activated(uow, agency_id), opened(uow, agency_id), activated(uow, new_id("agy"))
    with units.begin() as uow:
        assert check(uow, agency_id=agency_id, account_id=own.id).id == own.id
        with pytest.raises(errors.NotNow):
            check(uow, agency_id=agency_id, account_id=creating.id)
        with pytest.raises(errors.AccountNotFound):
            check(uow, agency_id=agency_id, account_id=others.id)


def test_the_agency_is_not_let_into_what_is_cancelled_though_its_users_still_are(units: Units, clock: MovingClock, agency_id: str) -> None:
    """R0.98."""
    with units.begin() as uow:
        reference = {"agency_id": agency_id, "account_id": activated(uow, agency_id, kind=Kind.TRIAL).id}
    with units.begin() as uow:
        usecases.cancel_account(uow, **reference, reason=None)
    with units.begin() as uow:
        with pytest.raises(errors.NotNow) as caught:
            usecases.account_to_log_in_to(uow, **reference)
        assert caught.value.details["possible_while"] == ["active", "disabled"]
        usecases.account_to_manage_users_of(uow, **reference)
        usecases.account_to_reset_password_of(uow, **reference)
    clock.advance(days=16)
    for check in CHECKS:
        with units.begin() as uow, pytest.raises(errors.NotNow):
            check(uow, **reference)


def test_a_login_link_is_on_the_accounts_host_and_another_one_each_time(doors: Doors) -> None:
    """R0.15, R0.97, R0.98."""
    first, again = (doors.call("create_login_link", key="k1") for _ in range(2))
    host = f"https://{doors.call('account')['host']}"
    assert first == {"url": f"{host}/sso?token=token%2B1", "expires_at": "2026-01-31T10:01:00Z"}
    assert again["url"] == f"{host}/sso?token=token%2B2"
    assert doors.identity.calls == [("create_login_link", doors.reference)] * 2
    assert "token%2B" not in doors.database.everything()
    doors.cancel()
    refusal = doors.refused("create_login_link", key="k1")
    assert (refusal.kind, refusal.code, refusal.details["possible_while"]) == ("conflict", "not_in_this_status", ["active", "disabled"])
    assert len(doors.identity.calls) == 2


def test_a_user_is_made_once_per_key_and_its_password_is_told_once_and_kept_nowhere(doors: Doors) -> None:
    """R3.5."""
    made = doors.call("create_account_user", key="k1", **MARIE)
    assert made["password"] == PASSWORD
    doors.cancel()
    assert doors.call("create_account_user", key="k1", **MARIE) == {**made, "password": None}, "whatever happened in between"
    assert doors.identity.calls == [("create_account_user", {**doors.reference, **MARIE})]
    assert PASSWORD not in doors.database.everything()
    assert doors.refused("create_account_user", key="k1", **{**MARIE, "role": "admin"}).code == "idempotency_key_reused"


def test_a_user_is_changed_and_what_identity_refuses_is_refused(doors: Doors) -> None:
    """R3.4, R3.5."""
    user_id = new_id("usr")
    asked = {"user_id": user_id, "email": None, "name": "Marie Curie", "role": "viewer", "expected_version": 1}
    changed = [doors.call("update_account_user", key="k1", **asked) for _ in range(2)]
    assert changed[0] == changed[1] == {**user({**doors.reference, **asked}), "id": user_id}
    refusal = doors.refused("remove_account_user", user_id=user_id)
    assert (refusal.kind, refusal.code, refusal.details) == ("conflict", "last_admin", {"username": user_id})
    assert doors.identity.calls == [
        ("update_account_user", {**doors.reference, **asked}),
        ("remove_account_user", {**doors.reference, "user_id": user_id}),
    ]


def test_the_agency_starts_a_password_reset(doors: Doors) -> None:
    """R0.78."""
    answer = {"email": "owner@client.example", "expires_at": "2026-01-31T10:30:00Z"}
    assert [doors.call("start_password_reset", key="k1", username=None) for _ in range(2)] == [answer] * 2
    assert doors.identity.calls == [("start_password_reset", {**doors.reference, "username": None})]


def test_credentials_can_come_with_an_account_that_is_still_being_created_and_not_with_one_that_failed(
    units: Units, agency_id: str
) -> None:
    """For programs that want a password with their account."""
    with units.begin() as uow:
        creating, gone = opened(uow, agency_id, name="creating"), failed(uow, agency_id, name="failed")
        assert usecases.account_to_issue(uow, agency_id=agency_id, account_id=creating.id).id == creating.id
        with pytest.raises(errors.NotNow) as caught:
            usecases.account_to_issue(uow, agency_id=agency_id, account_id=gone.id)
        assert caught.value.details["status"] == "failed"


def test_identity_is_asked_for_a_password_each_time_and_it_is_kept_nowhere(doors: Doors) -> None:
    for _ in range(2):
        issued = doors.call("issue_credentials", key="issue")
        assert issued == {"login_url": "https://acme.comptoir.example/login", "username": "admin", "password": PASSWORD}
    asked = {"email": "hello@acme.example", "account_name": "acme", "language": "fr"}
    assert doors.identity.calls == [("issue_credentials", {**doors.reference, **asked})] * 2
    assert PASSWORD not in doors.database.everything()
