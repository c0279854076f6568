"""Notifications as others meet it: a process on the bus, and mail in mailboxes."""

from collections.abc import Callable

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of
from chassis.testing.mail import MailServer

from .factories import ACCOUNT_ADDRESS, AGENCY_ADDRESS, CLIENT_ADDRESS, NOTICE_FACTS, World, source_of


def publish(bus: Bus, world: World, *names: str, times: int = 1) -> list[str]:
    """Publish each of these facts, as often as told; give their ids."""
    ids = [new_id("evt") for _ in names]
    for name, event_id in zip(names, ids, strict=True):
        data = world.data(name)
        for _ in range(times):
            bus.publish(source_of(name), name, data, agency_id=world.agency_id, event_id=event_id)
    return ids


@pytest.mark.usefixtures("notifications")
def test_every_fact_twice_is_mailed_once_and_never_to_the_client(bus: Bus, database: ServiceDatabase, mail_server: MailServer) -> None:
    """R0.73, R0.75."""
    world = World()
    publish(bus, world, "agency_registered", "account_requested", *NOTICE_FACTS, times=2)
    eventually(lambda: len(database.query("SELECT 1 FROM notices WHERE state = 'sent'")) == len(NOTICE_FACTS))
    publish(bus, world, "workspace_prepared")
    eventually(lambda: database.query("SELECT 1 FROM events WHERE envelope->>'type' = 'comptoir.snapshots.workspace_prepared.v1'"))
    assert sorted(mail_server.recipients()) == sorted([*[AGENCY_ADDRESS] * 5, *[ACCOUNT_ADDRESS] * (len(NOTICE_FACTS) - 5)])
    assert not any(CLIENT_ADDRESS.encode() in mail.content for mail in mail_server.mails)
    assert not bus.parked()


def test_facts_in_the_wrong_order_are_mailed_all_the_same(
    notifications: ServiceProcess, bus: Bus, database: ServiceDatabase, mail_server: MailServer
) -> None:
    world = World(language="pt")
    publish(bus, world, "invoice_paid", "account_activated")
    eventually(lambda: len(database.query("SELECT 1 FROM events")) == 2, what="both in the feed while nobody can be told")
    publish(bus, world, "account_requested", "agency_registered")
    eventually(lambda: len(mail_server.mails) == 2)
    assert {mail.message["Content-Language"] for mail in mail_server.mails} == {"pt"}
    assert not bus.parked()
    assert notifications.running


def test_mail_that_could_not_go_arrives_once_the_server_is_back(
    notifications: ServiceProcess, bus: Bus, database: ServiceDatabase, mail_server: MailServer
) -> None:
    world = World()
    publish(bus, world, "agency_registered")
    mail_server.stop()
    publish(bus, world, "account_activated")
    eventually(lambda: notifications.metric("comptoir_event_retries_total") >= 1, what="a failed try")
    mail_server.start()
    eventually(lambda: mail_server.recipients() == [ACCOUNT_ADDRESS])
    eventually(lambda: [row["state"] for row in database.query("SELECT state FROM notices")] == ["sent"])
    assert not bus.parked()


def test_what_was_sent_is_told_and_listed_and_in_the_feed(
    notifications: ServiceProcess, run_service: Callable[..., ServiceProcess], bus: Bus, database: ServiceDatabase
) -> None:
    run_service("notifications", database, command="relay")
    told = bus.collect("notifications")
    world = World()
    _, event_id = publish(bus, world, "agency_registered", "account_failed")
    (sent,) = told.wait_for("notifications.notice_sent")
    assert sent["data"]["caused_by"] == sent["causation_id"] == event_id

    page = bus.call("notifications", "notices", {"agency_id": world.agency_id})
    (notice,) = page["data"]
    assert notice == {
        "id": sent["data"]["notice_id"],
        "kind": "account_failed",
        "channel": "email",
        "recipient": ACCOUNT_ADDRESS,
        "subject": "Account acme could not be opened",
        "account_id": world.account_id,
        "state": "sent",
        "caused_by": event_id,
        "created_at": notice["created_at"],
        "sent_at": notice["sent_at"],
    }
    assert (page["next_cursor"], page["total"]) == (None, 1)

    def feed() -> list[str]:
        return [event["type"] for event in bus.call("notifications", "events", {"agency_id": world.agency_id})["data"]]

    eventually(lambda: len(feed()) == 3)
    assert sorted(feed()) == [
        "comptoir.accounts.account_failed.v1",
        "comptoir.identity.agency_registered.v1",
        "comptoir.notifications.notice_sent.v1",
    ]
    assert bus.call("notifications", "events", {"agency_id": new_id("agy")}) == {"data": [], "next_cursor": None, "total": 0}
    assert told.names() == ["notifications.notice_sent"]


@pytest.mark.usefixtures("notifications")
def test_a_fact_that_is_not_as_agreed_is_parked_and_the_next_is_mailed(bus: Bus, mail_server: MailServer) -> None:
    world = World()
    bus.publish("billing", "invoice_paid", {"number": 7}, agency_id=world.agency_id)
    publish(bus, world, "agency_registered", "account_activated")
    eventually(lambda: mail_server.recipients() == [ACCOUNT_ADDRESS])
    assert len(eventually(bus.parked)) == 1


@pytest.mark.usefixtures("notifications")
@pytest.mark.parametrize(("field", "value"), [("limit", 0), ("limit", 201), ("limit", "many"), ("account_id", "acme"), ("colour", "red")])
def test_a_list_is_refused_by_the_field_at_fault(bus: Bus, field: str, value: object) -> None:
    wanted = {"agency_id": new_id("agy"), field: value}
    refusal: Refused = refusal_of(lambda: bus.call("notifications", "notices", wanted))
    assert [error["field"] for error in refusal.details["errors"]] == [field]
