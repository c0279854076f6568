"""The outbox relay with a backlog of 20,000 events, beside a bare publisher with pipelined confirms that reads the same table."""

import time
from contextlib import closing
from typing import Any

import psycopg2
from amqp import Message

from bench.platform import Bench, execute
from chassis.link import open_connection
from chassis.messages import publish
from chassis.relay import Relay
from chassis.topology import ServiceTopology, Topology, declare

BACKLOG = 20_000
BATCH = 500
ROUNDS = 3
TOPOLOGY = Topology(
    services=(ServiceTopology(service="reader", reads=(("accounts", "account_upgraded"),)), ServiceTopology(service="accounts"))
)
DELAYS = (1.0, 10.0, 60.0, 600.0)

FILL = """
INSERT INTO outbox (event_id, exchange, routing_key, headers, body)
SELECT 'evt_' || n, 'accounts.events', 'account_upgraded',
    jsonb_build_object(
        'nameko.request_id', 'req_' || n,
        'nameko.traceparent', '00-' || md5(n::text) || '-' || left(md5(n::text), 16) || '-01'
    ),
    jsonb_build_object(
        'specversion', '1.0', 'id', 'evt_' || n, 'type', 'comptoir.accounts.account_upgraded.v1',
        'data', jsonb_build_object('account_id', 'acc_' || n, 'padding', repeat('x', 300))
    )::text
FROM generate_series(1, %s) AS n
"""


def measure(bench: Bench) -> dict[str, Any]:
    """Events per second of both, the best of some rounds each."""
    url = bench.migrated("accounts")
    with closing(open_connection(bench.rabbit.uri(), name="bench")) as connection:
        declare(connection, TOPOLOGY, retry_delays_seconds=DELAYS)
    bare, ours = 0.0, 0.0
    for _ in range(ROUNDS):
        _refill(bench, url)
        bare = max(bare, BACKLOG / _bare(url, bench.rabbit.uri()))
        _refill(bench, url)
        ours = max(ours, BACKLOG / _ours(url, bench.rabbit.uri()))
    return {
        "what": f"outbox relay, backlog of {BACKLOG}",
        "rounds": ROUNDS,
        "bare_per_second": round(bare),
        "ours_per_second": round(ours),
        "ours_to_bare": round(ours / bare, 2),
    }


def _refill(bench: Bench, url: str) -> None:
    execute(url, "TRUNCATE outbox")
    execute(url, FILL, BACKLOG)
    with closing(psycopg2.connect(url)) as database:
        database.autocommit = True
        with database.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE outbox")
    with closing(open_connection(bench.rabbit.uri(), name="bench")) as connection:
        connection.channel().queue_purge("reader.inbox")


def _ours(url: str, amqp_uri: str) -> float:
    relay = Relay(service="accounts", database_url=url, amqp_uri=amqp_uri, topology=TOPOLOGY, retry_delays_seconds=DELAYS, batch=BATCH)
    relay._open()  # noqa: SLF001  what is measured is the backlog, not the start
    begin = time.perf_counter()
    relayed = relay.relay_all()
    seconds = time.perf_counter() - begin
    relay._close()  # noqa: SLF001
    if relayed != BACKLOG:
        raise RuntimeError(f"{relayed} of {BACKLOG} were relayed")
    return seconds


def _bare(url: str, amqp_uri: str) -> float:
    with closing(open_connection(amqp_uri, name="bare")) as connection, closing(psycopg2.connect(url)) as database:
        channel = connection.channel()
        channel.confirm_select()
        last = {"confirmed": 0}
        channel.events["basic_ack"].add(lambda number, _multiple: last.update(confirmed=max(last["confirmed"], number)))
        begin = time.perf_counter()
        cursor = database.cursor("backlog")
        cursor.itersize = BATCH
        cursor.execute("SELECT event_id, exchange, routing_key, headers, body FROM outbox ORDER BY id")
        published = 0
        for event_id, exchange, routing_key, headers, body in cursor:
            message = Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=event_id,
                application_headers=headers,
            )
            publish(channel, message, exchange=exchange, routing_key=routing_key, mandatory=True)
            published += 1
            while published - last["confirmed"] > 2 * BATCH:
                connection.drain_events(timeout=10)
        while last["confirmed"] < published:
            connection.drain_events(timeout=10)
        return time.perf_counter() - begin
