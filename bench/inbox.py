"""The inbox consumer with its transaction: events per second of one service process, from a backlog on the broker."""

import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2
from amqp import Message

from bench.platform import Bench, execute
from chassis.ids import new_id
from chassis.link import open_connection
from chassis.messages import PERSISTENT, dumps, publish
from chassis.topology import ServiceTopology, Topology, declare

EVENTS = 5_000
POLL_SECONDS = 0.02
LONGEST_SECONDS = 120
TOPOLOGY = Topology(
    services=(ServiceTopology(service="accounts", reads=(("identity", "agency_updated"),)), ServiceTopology(service="identity"))
)


def measure(bench: Bench) -> dict[str, Any]:
    """Events per second between the first and the last that the inbox table holds."""
    url = bench.migrated("accounts")
    execute(url, "TRUNCATE inbox")
    with closing(open_connection(bench.rabbit.uri(), name="bench")) as connection:
        declare(connection, TOPOLOGY, retry_delays_seconds=(1.0, 10.0, 60.0, 600.0))
        channel = connection.channel()
        channel.queue_purge("accounts.inbox")
        channel.confirm_select()
        for number in range(EVENTS):
            message = Message(dumps(_event(number)), content_type="application/json", delivery_mode=PERSISTENT)
            publish(channel, message, exchange="identity.events", routing_key="agency_updated")
        channel.basic_publish_confirm(Message("{}"), exchange="", routing_key="nobody")
    service = bench.service("accounts", url)
    with closing(psycopg2.connect(url)) as database:
        database.autocommit = True
        first, seconds = _drained(database)
    bench.end(service)
    return {"what": "inbox consumer with its transaction, one process", "events": EVENTS, "per_second": round((EVENTS - first) / seconds)}


def _drained(database: Any) -> tuple[int, float]:
    begin, first = time.perf_counter(), 0
    while True:
        with database.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM inbox")
            count = cursor.fetchone()[0]
        if count and not first:
            begin, first = time.perf_counter(), count
        if count == EVENTS:
            return first, time.perf_counter() - begin
        if time.perf_counter() - begin > LONGEST_SECONDS:
            raise RuntimeError(f"{count} of {EVENTS} events were handled in {LONGEST_SECONDS} s")
        time.sleep(POLL_SECONDS)


def _event(number: int) -> dict[str, Any]:
    agency_id = new_id("agy")
    return {
        "specversion": "1.0",
        "id": new_id("evt"),
        "source": "comptoir/identity",
        "type": "comptoir.identity.agency_updated.v1",
        "subject": agency_id,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "agency_id": agency_id,
        "correlation_id": new_id("req"),
        "causation_id": None,
        "data": {
            "agency_id": agency_id,
            "name": f"Agency {number}",
            "programme": "reseller",
            "currency": "EUR",
            "discount_basis_points": 0,
            "language": "en",
            "notification_email": "agency@example.com",
            "entitlements": [],
            "test_mode": True,
        },
    }
