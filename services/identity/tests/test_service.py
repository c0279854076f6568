"""Identity as others meet it: a process on the bus."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of
from identity.domain import digest_of

from .factories import AGENCY

pytestmark = pytest.mark.usefixtures("identity")


def registered(bus: Bus, **changes: Any) -> str:
    agency_id: str = bus.call("identity", "register_agency", {**AGENCY, **changes})["id"]
    return agency_id


def refused(bus: Bus, method: str, payload: dict[str, Any], **options: Any) -> Refused:
    return refusal_of(lambda: bus.call("identity", method, payload, **options))


def test_an_agency_is_registered_once_per_key_and_found_again(bus: Bus) -> None:
    answer = bus.call("identity", "register_agency", AGENCY, idempotency_key="seed")
    assert bus.call("identity", "register_agency", AGENCY, idempotency_key="seed") == answer
    assert {**AGENCY, "id": answer["id"], "created_at": answer["created_at"]} == answer
    assert bus.call("identity", "agency", {"agency_id": answer["id"]}) == answer


def test_an_agency_changes_its_own_name(bus: Bus) -> None:
    agency_id = registered(bus)
    assert bus.call("identity", "update_agency", {"agency_id": agency_id, "name": "Atelier"})["name"] == "Atelier"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("programme", "friend"),
        ("currency", "euro"),
        ("discount_basis_points", 10_001),
        ("notification_email", "nowhere"),
        ("language", "de"),
        ("entitlements", ["everything"]),
        ("colour", "red"),
    ],
)
def test_an_agency_with_a_value_outside_its_list_is_refused_by_field(bus: Bus, field: str, value: object) -> None:
    refusal = refused(bus, "register_agency", {**AGENCY, field: value})
    assert (refusal.kind, refusal.code) == ("invalid", "invalid_request")
    assert [error["field"].partition(".")[0] for error in refusal.details["errors"]] == [field]


def test_a_new_key_opens_the_door_until_it_is_revoked(bus: Bus, database: ServiceDatabase) -> None:
    agency_id = registered(bus)
    bus.call("identity", "create_api_key", {"agency_id": agency_id, "name": "one that stays", "scopes": ["admin"]})
    key = bus.call("identity", "create_api_key", {"agency_id": agency_id, "name": "the shop", "scopes": ["admin"]})
    assert re.fullmatch(r"ck_live_[A-Za-z0-9]{43}", key["secret"])
    assert key["secret"].startswith(key["prefix"])
    digest = {"digest": digest_of(key["secret"])}
    for _ in range(2):
        assert bus.call("identity", "key_by_digest", digest) == {
            "key_id": key["id"],
            "agency_id": agency_id,
            "name": "the shop",
            "scopes": ["admin"],
            "test_mode": False,
            "owner": key["id"],
        }
    assert database.query("SELECT id FROM api_keys WHERE last_used_at IS NOT NULL") == [{"id": key["id"]}]
    assert bus.call("identity", "revoke_api_key", {"agency_id": agency_id, "key_id": key["id"]})["revoked_at"]
    refusal = refused(bus, "key_by_digest", digest)
    assert (refusal.kind, refusal.code) == ("unauthenticated", "invalid_api_key")


def test_a_key_with_a_scope_outside_the_list_is_refused(bus: Bus) -> None:
    wanted = {"agency_id": registered(bus), "name": "x", "scopes": ["accounts:delete"]}
    assert refused(bus, "create_api_key", wanted).details["errors"][0]["field"] == "scopes.0"


def test_repeating_the_creation_of_a_key_gives_the_same_key_without_its_secret(bus: Bus, database: ServiceDatabase) -> None:
    wanted = {"agency_id": registered(bus), "name": "the shop", "scopes": ["accounts:read"]}
    with ThreadPoolExecutor(max_workers=5) as pool:
        answers = list(pool.map(lambda _: bus.call("identity", "create_api_key", wanted, idempotency_key="k"), range(5)))
    answers.append(bus.call("identity", "create_api_key", wanted, idempotency_key="k"))
    secrets = [answer.pop("secret") for answer in answers]
    assert answers == [answers[0]] * 6
    assert [secret is None for secret in secrets].count(False) == 1
    assert len(database.query("SELECT id FROM api_keys")) == 1


def test_of_twenty_callers_with_one_idempotency_key_one_gets_the_credentials(
    bus: Bus, database: ServiceDatabase, identity: ServiceProcess
) -> None:
    """R0.52."""
    account = {"agency_id": registered(bus), "account_id": new_id("acc")}
    user = bus.call("identity", "prepare_admin_user", account, idempotency_key="prepare")
    assert bus.call("identity", "prepare_admin_user", account) == user
    assert user["username"] == "admin"

    def outcome(_: int) -> dict[str, Any] | str:
        try:
            answer: dict[str, Any] = bus.call("identity", "claim_credentials", account, idempotency_key="claim")
        except Refused as refusal:
            return f"{refusal.kind} {refusal.code}"
        return answer

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = list(pool.map(outcome, range(20)))
    assert outcomes.count("gone credentials_already_claimed") == 19
    (credentials,) = [found for found in outcomes if isinstance(found, dict)]
    assert credentials["username"] == "admin"
    assert outcome(0) == "gone credentials_already_claimed"

    (kept,) = database.query("SELECT password_hash FROM account_users")
    assert extract_parameters(kept["password_hash"]).type is Type.ID
    assert PasswordHasher().verify(kept["password_hash"], credentials["password"])
    assert credentials["password"] not in database.everything()
    assert credentials["password"] not in identity.text()


def test_credentials_that_come_with_an_account_are_made_anew_each_time_until_somebody_sets_a_password(
    bus: Bus, database: ServiceDatabase, identity: ServiceProcess
) -> None:
    """Who asks again has lost the answer, and nobody keeps it."""
    account = {"agency_id": registered(bus), "account_id": new_id("acc")}
    about = {"email": "client@acme.example", "account_name": "acme", "language": "fr"}
    first = bus.call("identity", "issue_credentials", {**account, **about}, idempotency_key="issue")
    second = bus.call("identity", "issue_credentials", {**account, **about}, idempotency_key="issue")
    assert (first["username"], second["username"]) == ("admin", "admin")
    assert first["password"] != second["password"]
    bus.call("identity", "prepare_admin_user", {**account, **about})
    (kept,) = database.query("SELECT password_hash FROM account_users")
    assert PasswordHasher().verify(kept["password_hash"], second["password"])
    assert refused(bus, "claim_credentials", account).code == "credentials_already_claimed"
    database.execute("UPDATE account_users SET password_changed_at = password_changed_at + interval '1 s'")
    assert refused(bus, "issue_credentials", {**account, **about}).code == "credentials_already_claimed"
    other = {**account, **about, "agency_id": registered(bus)}
    assert refused(bus, "issue_credentials", other).code == "account_user_not_found"
    for plain in (first["password"], second["password"]):
        assert plain not in database.everything() + identity.text()


def test_no_secret_is_left_in_any_table_or_log(bus: Bus, database: ServiceDatabase, identity: ServiceProcess) -> None:
    agency_id = registered(bus)
    account = {"agency_id": agency_id, "account_id": new_id("acc")}
    wanted = {"agency_id": agency_id, "name": "the shop", "scopes": ["admin"]}
    secret = bus.call("identity", "create_api_key", wanted, idempotency_key="create")["secret"]
    bus.call("identity", "key_by_digest", {"digest": digest_of(secret)})
    bus.call("identity", "prepare_admin_user", account, idempotency_key="prepare")
    password = bus.call("identity", "claim_credentials", account, idempotency_key="claim")["password"]
    refused(bus, "claim_credentials", account, idempotency_key="claim")
    everything = database.everything() + identity.text()
    assert account["account_id"] in everything
    for plain in (secret, password, digest_of(secret)):
        assert plain not in everything


def test_a_failed_account_is_dropped_once_and_refuses_what_comes_after(bus: Bus, database: ServiceDatabase) -> None:
    agency_id, account_id = registered(bus), new_id("acc")
    bus.call("identity", "prepare_admin_user", {"agency_id": agency_id, "account_id": account_id})
    facts = {"account_id": account_id, "name": "acme", "code": "card_declined", "reason": "No.", "notification_email": "a@b.example"}
    for _ in range(2):
        bus.publish("accounts", "account_failed", facts, agency_id=agency_id, event_id="evt_once")
    last = new_id("acc")
    bus.publish("accounts", "account_failed", {**facts, "account_id": last}, agency_id=agency_id)
    eventually(lambda: database.query("SELECT id FROM accounts WHERE id = %s AND failed_at IS NOT NULL", last))
    eventually(lambda: database.query("SELECT id FROM accounts WHERE id = %s AND failed_at IS NOT NULL", account_id))
    assert database.query("SELECT * FROM account_users") == []
    assert len(database.query("SELECT * FROM inbox WHERE event_id = 'evt_once'")) == 1
    for failed in (account_id, last):
        refusal = refused(bus, "prepare_admin_user", {"agency_id": agency_id, "account_id": failed})
        assert (refusal.kind, refusal.code) == ("conflict", "account_failed")
    assert not bus.parked()
