"""The outbox relay: a process of its own that publishes what was committed, in batches with pipelined confirms, at least once.

A batch is deleted in a transaction that commits when the broker has confirmed all of it. Two batches are with the broker while a third is
taken, each on a connection of its own, so that neither the database nor the broker nor this process waits for another. Any number of relays
may run (SKIP LOCKED). NOTIFY only wakes it up early.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import structlog
from amqp import Channel, Connection, Message, spec
from psycopg2.extras import Json

from chassis import metrics
from chassis.connections import connect
from chassis.link import BROKEN, Gathering, close_connection, open_connection
from chassis.messages import CONTENT_TYPE, PARKING_LOT, PERSISTENT, publish
from chassis.topology import Topology, declare

IDLE_SECONDS = 1.0
READ_SECONDS = 0.001
CONFIRM_SECONDS = 30.0
STOP_SECONDS = 10.0
HOLD_SECONDS = 5
LOOK_SECONDS = 15.0
LOOK_PATIENCE_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 2.0
STATEMENT_TIMEOUT_SECONDS = 30.0
UNDER_WAY = 2
"""Batches that are with the broker at once; one more connection takes the next."""
SOCKET = {socket.TCP_USER_TIMEOUT: 20_000}
"""Milliseconds. A batch may be with a broker that has stopped reading; py-amqp's own second would break the connection again and again."""

TAKE = (
    "DELETE FROM outbox WHERE id = ANY(ARRAY(SELECT id FROM outbox WHERE held_until IS NULL OR held_until < now()"
    " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING id, event_id, exchange, routing_key, headers, body, created_at"
)
"""Deleted is not gone: the transaction commits when the broker has confirmed, and is rolled back if anything happens before."""
HOLD = (
    "INSERT INTO outbox (id, event_id, exchange, routing_key, headers, body, created_at, held_until) OVERRIDING SYSTEM VALUE"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))"
)
SESSION = "-c synchronous_commit=off"
"""A commit of ours that is lost in a crash publishes a batch again, which every reader recognises: not worth waiting for the disk."""

log = structlog.get_logger()


class BrokerBusy(Exception):
    """The broker did not confirm in time."""


@dataclass
class Batch:
    """Rows that one database connection holds locked, and what the broker said of each."""

    database: Any
    rows: list[Any]
    first: int = 0
    """The delivery number of the first row; the others follow."""
    waiting: set[int] = field(default_factory=set)
    """Delivery numbers of what is published and not answered yet."""
    refused: set[int] = field(default_factory=set)
    """Delivery numbers of what the broker did not take: a queue bound for it is full, or the broker failed."""
    unroutable: set[str] = field(default_factory=set)
    """Event ids that came back because no queue is bound for them; those of other batches do no harm."""

    def answered(self, number: int, *, multiple: bool, taken: bool) -> None:
        """Note the broker's answer to `number`, or to all up to it."""
        numbers = {each for each in self.waiting if each <= number} if multiple else self.waiting & {number}
        self.waiting -= numbers
        if not taken:
            self.refused |= numbers

    def held(self) -> list[Any]:
        """The rows that are not with every queue that wants them: they are tried again."""
        return [row for number, row in enumerate(self.rows, self.first) if number in self.refused or row[1] in self.unroutable]


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
        self._taker = ThreadPoolExecutor(1, thread_name_prefix="take")
        self._taking: Future[Batch] | None = None
        self._connection: Connection = None
        self._channel: Channel = None
        self._gathering = Gathering()
        self._number = 0
        self._batches: list[Batch] = []
        self._known_exchanges: set[str] = set()
        self._next_look = 0.0
        self._stopping = threading.Event()
        self._woken = os.eventfd(0)
        self._blocked = False
        self.connected = False

    def run(self) -> None:
        """Relay until `stop()`; whatever breaks is opened again, and what was locked is free again meanwhile."""
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._open()
                self.connected = True
                while not self._stopping.is_set():
                    if self._blocked or not self.relay_all():
                        self._wait()
                close_connection(self._connection, politely=not self._blocked)
            except (psycopg2.OperationalError, psycopg2.InterfaceError, BrokerBusy, *BROKEN) as error:
                if time.monotonic() - began > LONGEST_BACKOFF_SECONDS:
                    backoff = FIRST_BACKOFF_SECONDS
                log.warning("relay interrupted", error=str(error) or type(error).__name__, next_try_seconds=backoff)
                time.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
            finally:
                self._close()
        self._taker.shutdown()

    def stop(self) -> None:
        """End after the batches in flight."""
        self._stopping.set()
        os.eventfd_write(self._woken, 1)

    def relay_all(self) -> int:
        """Publish until the outbox has nothing that may go; tell how many went.

        While a batch is published, a thread takes the next one; while that is published, the broker answers for the one before.
        """
        relayed = 0
        idle = list(self._databases)
        under_way: deque[Batch] = deque()
        while not self._stopping.is_set():
            batch = self._next_batch(idle)
            if not batch.rows:
                batch.database.rollback()
                break
            self.publish_batch(batch)
            under_way.append(batch)
            if len(under_way) == UNDER_WAY:
                relayed += self._finish(under_way[0])
                idle.append(under_way.popleft().database)
        return relayed + sum(self._finish(batch) for batch in under_way)

    def _next_batch(self, idle: list[Any]) -> Batch:
        """Wait for the batch that the thread takes, and let it take another on the next of the `idle` connections."""
        taking = self._taking or self._taker.submit(self._take, idle.pop())
        batch = taking.result()
        self._taking = self._taker.submit(self._take, idle.pop()) if batch.rows and idle else None
        return batch

    def _take(self, database: Any) -> Batch:
        with database.cursor() as cursor:
            cursor.execute(TAKE, (self._batch,))
            return Batch(database=database, rows=sorted(cursor.fetchall()))

    def publish_batch(self, batch: Batch) -> None:
        """Write a batch to the broker without waiting for any answer."""
        self._batches.append(batch)
        channel = self._channel
        for exchange in {row[2] for row in batch.rows} - self._known_exchanges:
            channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)  # one that is missing would end the channel
            self._known_exchanges.add(exchange)
        batch.first = self._number + 1
        self._number += len(batch.rows)
        batch.waiting = set(range(batch.first, self._number + 1))
        with self._gathering.together():
            for _, event_id, exchange, routing_key, headers, body, _ in batch.rows:
                message = Message(
                    body,
                    content_type=CONTENT_TYPE,
                    content_encoding="utf-8",
                    delivery_mode=PERSISTENT,
                    message_id=event_id,
                    application_headers=headers,
                )
                publish(channel, message, exchange=exchange, routing_key=routing_key, mandatory=True)

    def _finish(self, batch: Batch) -> int:
        self._await_answers(batch)
        self._batches.remove(batch)
        held = batch.held()
        self.mark_batch(batch, held=held)
        done = len(batch.rows) - len(held)
        metrics.RELAYED.labels(self._service).inc(done)
        unroutable = [row[1] for row in held if row[1] in batch.unroutable]
        if unroutable:
            metrics.UNROUTABLE.labels(self._service).inc(len(unroutable))
            log.error("no queue is bound for these events; they stay in the outbox", events=unroutable[:10], count=len(unroutable))
        if batch.refused:
            log.error("the broker refused events, as for a queue that is full; they stay in the outbox", count=len(batch.refused))
        self._look_at_parking_lot()
        return done

    def mark_batch(self, batch: Batch, *, held: list[Any]) -> None:
        """Commit the deletion of what the broker has; the rest is put back, and held for a while."""
        with batch.database.cursor() as cursor:
            for row_id, event_id, exchange, routing_key, headers, body, created_at in held:
                cursor.execute(HOLD, (row_id, event_id, exchange, routing_key, Json(headers), body, created_at, HOLD_SECONDS))
        batch.database.commit()

    def _await_answers(self, batch: Batch) -> None:
        """Read until the broker has answered all of `batch`; one that is short of memory has all the time it needs."""
        waited = 0.0
        while batch.waiting:
            began = time.monotonic()
            try:
                self._connection.drain_events(timeout=IDLE_SECONDS)
            except TimeoutError:
                self._connection.heartbeat_tick()
            if not self._blocked or self._stopping.is_set():
                waited += time.monotonic() - began
            if waited > (STOP_SECONDS if self._stopping.is_set() else CONFIRM_SECONDS):
                raise BrokerBusy(f"{len(batch.waiting)} messages were not confirmed in {waited:.0f} s")

    def _on_answer(self, number: int, multiple: bool, *, taken: bool) -> None:  # noqa: FBT001  py-amqp's own call
        for batch in self._batches:
            batch.answered(number, multiple=multiple, taken=taken)

    def _on_return(self, _error: object, _exchange: str, _routing_key: str, message: Message) -> None:
        for batch in self._batches:
            batch.unroutable.add(message.properties["message_id"])

    def _wait(self) -> None:
        """Take in what the broker has said; sleep until it says more, something is notified, or a second is over."""
        self._look_at_parking_lot()
        with contextlib.suppress(TimeoutError):
            while True:
                self._connection.drain_events(timeout=READ_SECONDS)
        self._connection.heartbeat_tick()
        listener = self._databases[0]
        if not listener.notifies:  # some may have come with the answer to its last statement
            select.select([listener, self._connection.sock, self._woken], [], [], IDLE_SECONDS)
            listener.poll()
        listener.notifies.clear()

    def _look_at_parking_lot(self) -> None:
        """Measure the parking lot now and then."""
        if self._blocked or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._channel.send_method(spec.Queue.Declare, "BsbbbbbF", (0, PARKING_LOT, True, False, False, False, False, {}))
        _, size, _ = self._channel.wait(spec.Queue.DeclareOk, timeout=LOOK_PATIENCE_SECONDS, returns_tuple=True)
        metrics.PARKING_LOT_SIZE.set(size)

    def _open(self) -> None:
        self._blocked = False
        self._connection = open_connection(
            self._amqp_uri,
            name=f"{self._service}-relay",
            on_blocked=lambda reason: self._on_blocked(blocked=True, reason=reason),
            on_unblocked=lambda: self._on_blocked(blocked=False),
            socket_settings=SOCKET,
            frame_writer=self._gathering.writer,
        )
        declare(self._connection, self._topology, retry_delays_seconds=self._retry_delays_seconds)
        self._channel = channel = self._connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda number, multiple: self._on_answer(number, multiple, taken=True))
        channel.events["basic_nack"].add(lambda number, multiple: self._on_answer(number, multiple, taken=False))
        channel.events["basic_return"].add(self._on_return)
        self._number = 0
        self._known_exchanges.clear()
        for _ in range(UNDER_WAY + 1):
            self._databases.append(
                connect(
                    self._database_url,
                    application_name=f"comptoir-{self._service}-relay",
                    statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS,
                    options=SESSION,
                )
            )
        with self._databases[0].cursor() as cursor:
            cursor.execute("LISTEN outbox")
        self._databases[0].commit()

    def _on_blocked(self, *, blocked: bool, reason: str = "") -> None:
        self._blocked = blocked
        log.warning("broker refuses to read from us" if blocked else "broker reads from us again", reason=reason)

    def _close(self) -> None:
        """Let go of everything: the database undoes what is not committed."""
        self.connected = False
        if self._taking is not None:
            wait([self._taking], STATEMENT_TIMEOUT_SECONDS)
            self._taking = None
        self._batches.clear()
        for database in self._databases:
            database.close()
        self._databases.clear()
        if self._connection is not None:
            close_connection(self._connection, politely=False)
            self._connection = None
