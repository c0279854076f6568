"""A team with nothing of this repository but the AsyncAPI document subscribes to what it wants to hear of, and hears it."""

import json
from typing import Any

import jsonschema
import pytest
import requests
from amqp import Channel

from chassis.link import open_connection
from chassis.testing import eventually

from .conftest import Agency, Platform, unique_name
from .test_opening_an_account import TRIAL, account_request

QUEUE = "warehouse.of-another-team"
WANTED = ("accounts_account_requested", "accounts_account_activated")


@pytest.fixture(scope="module")
def agency(platform: Platform) -> Agency:
    return platform.agency()


@pytest.fixture(scope="module")
def document(platform: Platform) -> dict[str, Any]:
    answer = requests.get(f"{platform.url}/v1/asyncapi.json", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()
    return found


def subscribe(channel: Channel, document: dict[str, Any]) -> None:
    """Bind a durable queue of one's own as the document says."""
    channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    for name in WANTED:
        exchange = document["channels"][name]["bindings"]["amqp"]["exchange"]
        channel.exchange_declare(exchange["name"], exchange["type"], durable=exchange["durable"], auto_delete=exchange["autoDelete"])
        channel.queue_bind(QUEUE, exchange["name"], document["channels"][name]["address"])


def test_what_the_document_says_is_all_that_a_subscriber_needs(platform: Platform, agency: Agency, document: dict[str, Any]) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    with open_connection(platform.amqp_uri, name="another team") as connection, connection.channel() as channel:
        subscribe(channel, document)
        opened = agency.post("/v1/accounts", account_request(unique_name(), plan=TRIAL)).json()

        def activated() -> bool:
            message = channel.basic_get(QUEUE, no_ack=True)
            if message is not None:
                heard.append((message.delivery_info["routing_key"], json.loads(message.body)))
            return len(heard) == len(WANTED)

        eventually(activated, what="both events")
    assert [name for name, _ in heard] == ["account_requested", "account_activated"]
    for name, event in heard:
        (message,) = document["channels"][f"accounts_{name}"]["messages"]
        payload = document["components"]["messages"][message]["payload"]
        jsonschema.Draft202012Validator({**payload, "components": document["components"]}).validate(event)
        assert event["subject"] == opened["id"]
