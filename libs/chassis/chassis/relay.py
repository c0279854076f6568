"""The outbox relay: a process of its own that publishes what was committed, in batches with pipelined confirms, at least once.

A batch is deleted in a transaction that commits when the broker has confirmed all of it. Two batches are under way on two connections, so that
neither the database nor the broker waits for the other. Any number of relays may run (SKIP LOCKED). NOTIFY only wakes it up early.
"""

import select
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import structlog
from amqp import Channel, Connection, Message
from psycopg2.extras import Json

from chassis import metrics
from chassis.events import CONTENT_TYPE
from chassis.link import BROKEN, open_connection
from chassis.messages import PERSISTENT, publish
from chassis.topology import Topology, declare

IDLE_SECONDS = 1.0
CONFIRM_SECONDS = 30.0
HOLD_UNROUTABLE_SECONDS = 5
LONGEST_BACKOFF_SECONDS = 2.0

TAKE = (
    "DELETE FROM outbox WHERE id = ANY(ARRAY(SELECT id FROM outbox WHERE held_until IS NULL OR held_until < now()"
    " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING id, event_id, exchange, routing_key, headers, body, created_at"
)
"""Deleted is not gone: the transaction commits when the broker has confirmed, and is rolled back if anything happens before."""
HOLD = (
    "INSERT INTO outbox (id, event_id, exchange, routing_key, headers, body, created_at, held_until) OVERRIDING SYSTEM VALUE"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))"
)
SESSION = "-c synchronous_commit=off -c timezone=UTC"
"""A commit of ours that is lost in a crash publishes a batch again, which every reader recognises: not worth waiting for the disk."""

log = structlog.get_logger()


class BrokerBusy(Exception):
    """The broker did not confirm in time, or takes nothing."""


@dataclass
class Batch:
    """Rows that one database connection holds locked, and what the broker said of each."""

    database: Any
    rows: list[Any]
    waiting: set[int] = field(default_factory=set)
    """Delivery numbers of what is published and not confirmed yet."""
    unroutable: set[str] = field(default_factory=set)
    """Event ids that came back because no queue is bound for them."""


class Relay:
    """Publishes one service's outbox."""

    def __init__(
        self, *, service: str, database_url: str, amqp_uri: str, topology: Topology, retry_delays_seconds: tuple[float, ...], batch: int
    ) -> None:
        self._service = service
        self._database_url = database_url
        self._amqp_uri = amqp_uri
        self._topology = topology
        self._retry_delays_seconds = retry_delays_seconds
        self._batch = batch
        self._databases: list[Any] = []
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._number = 0
        self._batches: list[Batch] = []
        self._stopping = False
        self.connected = False

    def run(self) -> None:
        """Relay until `stop()`; whatever breaks is opened again, and what was locked is free again meanwhile."""
        backoff = 0.1
        while not self._stopping:
            try:
                self._open()
                self.connected = True
                backoff = 0.1
                while not self._stopping:
                    if not self.relay_all():
                        self._wait()
            except (psycopg2.OperationalError, psycopg2.InterfaceError, BrokerBusy, *BROKEN) as error:
                log.warning("relay interrupted", error=str(error) or type(error).__name__, next_try_seconds=backoff)
            finally:
                self.connected = False
                self._close()
            if not self._stopping:
                time.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    def stop(self) -> None:
        """End after the batches in flight."""
        self._stopping = True

    def relay_all(self) -> int:
        """Publish until the outbox has nothing that may go; tell how many went. While one batch is marked, the next is with the broker."""
        relayed = 0
        idle = list(self._databases)
        under_way: deque[Batch] = deque()
        while not self._stopping or under_way:
            batch = self._take(idle.pop()) if idle and not self._stopping else None
            if batch is not None and batch.rows:
                self.publish_batch(batch)
                under_way.append(batch)
                if idle:
                    continue
            elif batch is not None:
                batch.database.rollback()
                idle.append(batch.database)
            if not under_way:
                break
            finished = under_way.popleft()
            relayed += self._finish(finished)
            idle.append(finished.database)
        return relayed

    def _take(self, database: Any) -> Batch:
        with database.cursor() as cursor:
            cursor.execute(TAKE, (self._batch,))
            return Batch(database=database, rows=sorted(cursor.fetchall()))

    def publish_batch(self, batch: Batch) -> None:
        """Write a batch to the broker without waiting for any answer."""
        self._batches.append(batch)
        channel = self._channel
        for _, event_id, exchange, routing_key, headers, body, _ in batch.rows:
            message = Message(
                body,
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                delivery_mode=PERSISTENT,
                message_id=event_id,
                application_headers=headers,
            )
            self._number += 1
            batch.waiting.add(self._number)
            publish(channel, message, exchange=exchange, routing_key=routing_key, mandatory=True)

    def _finish(self, batch: Batch) -> int:
        self._await_confirms(batch)
        self._batches.remove(batch)
        held = [row for row in batch.rows if row[1] in batch.unroutable]
        self.mark_batch(batch, held=held)
        metrics.RELAYED.labels(self._service).inc(len(batch.rows) - len(held))
        if held:
            metrics.UNROUTABLE.labels(self._service).inc(len(held))
            log.error("no queue is bound for these events; they stay in the outbox", events=sorted(batch.unroutable)[:10], count=len(held))
        return len(batch.rows) - len(held)

    def mark_batch(self, batch: Batch, *, held: list[Any]) -> None:
        """Commit the deletion of what the broker has; what it returned is put back, and held for a while."""
        with batch.database.cursor() as cursor:
            for row_id, event_id, exchange, routing_key, headers, body, created_at in held:
                cursor.execute(HOLD, (row_id, event_id, exchange, routing_key, Json(headers), body, created_at, HOLD_UNROUTABLE_SECONDS))
        batch.database.commit()

    def _await_confirms(self, batch: Batch) -> None:
        deadline = time.monotonic() + CONFIRM_SECONDS
        while batch.waiting:
            if time.monotonic() > deadline:
                raise BrokerBusy(f"{len(batch.waiting)} messages were not confirmed in {CONFIRM_SECONDS:.0f} s")
            try:
                self._connection.drain_events(timeout=1.0)
            except TimeoutError:
                self._connection.heartbeat_tick()

    def _on_answer(self, number: int, multiple: bool, *, taken: bool) -> None:  # noqa: FBT001  py-amqp's own call
        if not taken:
            raise BrokerBusy("the broker refused a message")
        for batch in self._batches:
            if multiple:
                batch.waiting = {each for each in batch.waiting if each > number}
            else:
                batch.waiting.discard(number)

    def _on_return(self, _error: object, _exchange: str, _routing_key: str, message: Message) -> None:
        for batch in self._batches:
            batch.unroutable.add(message.properties["message_id"])

    def _wait(self) -> None:
        """Sleep until something is notified, the broker says something, or a second is over."""
        listener = self._databases[0]
        self._connection.heartbeat_tick()
        readable, _, _ = select.select([listener, self._connection.transport.sock], [], [], IDLE_SECONDS)
        if self._connection.transport.sock in readable:
            self._connection.drain_events(timeout=IDLE_SECONDS)
        listener.poll()
        listener.notifies.clear()

    def _open(self) -> None:
        self._connection = open_connection(self._amqp_uri, name=f"{self._service}-relay")
        declare(self._connection, self._topology, retry_delays_seconds=self._retry_delays_seconds)
        self._channel = channel = self._connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda number, multiple: self._on_answer(number, multiple, taken=True))
        channel.events["basic_nack"].add(lambda number, multiple: self._on_answer(number, multiple, taken=False))
        channel.events["basic_return"].add(self._on_return)
        self._number = 0
        self._batches.clear()
        for _ in range(2):
            self._databases.append(
                psycopg2.connect(self._database_url, application_name=f"comptoir-{self._service}-relay", connect_timeout=5, options=SESSION)
            )
        with self._databases[0].cursor() as cursor:
            cursor.execute("LISTEN outbox")
        self._databases[0].commit()

    def _close(self) -> None:
        for database in self._databases:
            database.close()
        self._databases.clear()
        if self._connection is not None:
            _quietly(self._connection.close if self._connection.connected else self._connection.collect)
            self._connection = None


def _quietly(close: Callable[[], object]) -> None:
    try:
        close()
    except BROKEN as error:
        log.debug("connection was gone already", error=str(error))
