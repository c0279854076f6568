"""Snapshots as others meet it: a process on the bus."""

from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of
from snapshots.domain import AssetKind

AGENCY = new_id("agy")


@pytest.fixture(autouse=True)
def service(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("snapshots", database)


def requested(account_id: str, snapshot_id: str | None = None) -> dict[str, Any]:
    """The data of an account_requested, as accounts tells it."""
    return {
        "account_id": account_id,
        "name": "acme",
        "kind": "paid",
        "selection": {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"},
        "quote_id": new_id("quo"),
        "billing_profile_id": new_id("bp"),
        "snapshot_id": snapshot_id,
        "region": "eu",
        "country": "FR",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "notification_email": "agency@example.com",
        "client_name": "Acme",
        "requested_at": "2026-03-31T09:30:00Z",
    }


def failed(account_id: str) -> dict[str, Any]:
    """The data of an account_failed, as accounts tells it."""
    return {
        "account_id": account_id,
        "name": "acme",
        "code": "card_declined",
        "reason": "The card was declined.",
        "notification_email": "agency@example.com",
    }


def ask(bus: Bus, account_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = bus.call("snapshots", "workspace", {"agency_id": AGENCY, "account_id": account_id})
    return answer


def refused(bus: Bus, account_id: str) -> Refused:
    return refusal_of(lambda: ask(bus, account_id))


def deliver_twice(bus: Bus, name: str, data: dict[str, Any]) -> None:
    """The same event twice, and the same fact a third time as another event."""
    envelope = bus.publish("accounts", name, data, agency_id=AGENCY)
    bus.publish_envelope("accounts", name, envelope)
    bus.publish("accounts", name, data, agency_id=AGENCY)


def test_workspaces_are_prepared_refused_and_dropped_and_each_fact_is_told_once(
    bus: Bus, database: ServiceDatabase, run_service: Callable[..., ServiceProcess]
) -> None:
    run_service("snapshots", database, command="relay")
    seen = bus.collect("snapshots")
    ready, copy, late = new_id("acc"), new_id("acc"), new_id("acc")
    deliver_twice(bus, "account_failed", failed(late))
    eventually(lambda: database.query("SELECT 1 FROM workspaces WHERE account_id = %s", late))
    deliver_twice(bus, "account_requested", requested(late))
    deliver_twice(bus, "account_requested", requested(ready))
    deliver_twice(bus, "account_requested", requested(copy, snapshot_id=new_id("snp")))
    seen.wait_for("snapshots.workspace_prepared", "snapshots.workspace_copy_failed")
    eventually(lambda: database.query("SELECT count(*) AS n FROM inbox") == [{"n": 8}])
    eventually(lambda: database.query("SELECT * FROM outbox") == [])
    assert {event["data"]["account_id"] for event in seen.events()} == {ready, copy}
    assert len(seen.events()) == 2
    assert ask(bus, ready) | {"prepared_at": None} == {
        "account_id": ready,
        "state": "ready",
        "snapshot_id": None,
        "assets": dict.fromkeys(AssetKind, 0),
        "prepared_at": None,
    }
    assert ask(bus, copy)["state"] == "failed"
    deliver_twice(bus, "account_failed", failed(copy))
    eventually(lambda: refused(bus, copy).code == "workspace_not_found")
    assert bus.parked() == []


def test_a_workspace_that_is_not_there_and_one_of_another_agency_look_the_same(bus: Bus, database: ServiceDatabase) -> None:
    account_id = new_id("acc")
    bus.publish("accounts", "account_requested", requested(account_id), agency_id=new_id("agy"))
    eventually(lambda: database.query("SELECT state FROM workspaces") == [{"state": "ready"}])
    for each in (account_id, new_id("acc")):
        refusal = refused(bus, each)
        assert (refusal.kind, refusal.code, refusal.details) == ("not_found", "workspace_not_found", {"account_id": each})


def test_an_event_without_an_agency_is_parked_for_a_person(bus: Bus, database: ServiceDatabase) -> None:
    bus.publish("accounts", "account_requested", requested(new_id("acc")))
    eventually(lambda: len(bus.parked()) == 1)
    assert database.query("SELECT * FROM workspaces") == []


def test_a_template_is_put_shared_and_imported_once_whatever_is_sent_twice(bus: Bus, database: ServiceDatabase) -> None:
    """R0.99."""
    accounts, other = (new_id("acc"), new_id("acc")), new_id("agy")
    for account_id, agency_id in zip(accounts, (AGENCY, other), strict=True):
        bus.publish("accounts", "account_requested", requested(account_id), agency_id=agency_id)
    eventually(lambda: len(database.query("SELECT 1 FROM workspaces")) == 2)
    template = {"agency_id": AGENCY, "account_id": accounts[0], "key": "spring-sale"}
    put = {**template, "kind": "template", "name": "Spring sale", "content": {"subject": "Bloom"}}
    answers = [bus.call("snapshots", "put_asset", put, idempotency_key="put") for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["version"] == 1
    links = [bus.call("snapshots", "create_share_link", template, idempotency_key="share") for _ in range(2)]
    assert [links[0]["id"], links[1]["token"]] == [links[1]["id"], None]
    wanted = {"agency_id": other, "account_id": accounts[1], "token": links[0]["token"]}
    imported = [bus.call("snapshots", "import_template", wanted, idempotency_key="import") for _ in range(2)]
    assert imported[0] == imported[1]
    assert refusal_of(lambda: bus.call("snapshots", "import_template", wanted)).code == "asset_key_taken"
    asset = bus.call("snapshots", "asset", {"agency_id": other, "account_id": accounts[1], "kind": "template", "key": "spring-sale"})
    assert asset == {**imported[0], "content": {"subject": "Bloom"}}
    told = database.query("SELECT 1 FROM outbox WHERE routing_key = 'template_imported'")
    assert len(told) == 1
    assert bus.call("snapshots", "share_links", template)["data"] == [{name: value for name, value in links[0].items() if name != "token"}]
    bus.call("snapshots", "revoke_share_link", {**template, "share_link_id": links[0]["id"]})
    assert refusal_of(lambda: bus.call("snapshots", "import_template", {**wanted, "key": "again"})).code == "share_link_unusable"
    bus.call("snapshots", "remove_asset", {**template, "kind": "template"})
    listed = bus.call("snapshots", "assets", {"agency_id": AGENCY, "account_id": accounts[0]})
    assert listed == {"data": [], "next_cursor": None, "total": 0}
    assert links[0]["token"] not in str(database.everything())


def test_a_workspace_moves_with_its_account_once(bus: Bus, database: ServiceDatabase) -> None:
    """R0.2."""
    account_id, other = new_id("acc"), new_id("agy")
    bus.publish("accounts", "account_requested", requested(account_id), agency_id=AGENCY)
    eventually(lambda: database.query("SELECT 1 FROM workspaces WHERE state = 'ready'"))
    template = {"account_id": account_id, "kind": "template", "key": "spring-sale"}
    bus.call("snapshots", "put_asset", {**template, "agency_id": AGENCY, "name": "Spring sale", "content": {}})
    moved = {"account_id": account_id, "to_agency_id": other, "completed_at": "2026-02-02T10:00:00Z"}
    deliver_twice(bus, "transfer_completed", moved)
    eventually(lambda: refused(bus, account_id).code == "workspace_not_found")
    assert bus.call("snapshots", "asset", {**template, "agency_id": other})["name"] == "Spring sale"
    eventually(lambda: database.query("SELECT count(*) AS n FROM inbox") == [{"n": 3}])
    assert bus.parked() == []
