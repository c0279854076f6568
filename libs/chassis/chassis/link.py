"""One AMQP connection that is kept open by a thread of its own, whatever the broker does.

Works under real threads (gateway) and green ones (services). py-amqp writes frames under a lock of the connection, so any thread may publish and
acknowledge; only the link's own thread reads. Reads block without a time limit (switching a socket's timeout while others write to it corrupts
frames); a second thread watches the heartbeats and shuts a dead socket down, which wakes the reader.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from amqp import Connection, spec
from amqp.exceptions import AMQPError
from kombu.utils.url import parse_url

CONNECT_SECONDS = 5
HEARTBEAT_SECONDS = 10
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 2.0
CLEAN_CLOSE = 200
BROKEN = (AMQPError, OSError, EOFError, AttributeError)
"""What py-amqp raises when the broker or the network goes away; AttributeError: it clears its transport while others still write."""

log = structlog.get_logger()


def open_connection(
    amqp_uri: str, *, name: str, on_blocked: Callable[[str], None] | None = None, on_unblocked: Callable[[], None] | None = None
) -> Connection:
    """A connected py-amqp connection for `amqp_uri`, named for the broker's management pages."""
    parts = parse_url(amqp_uri)
    connection = Connection(
        host=f"{parts['hostname'] or '127.0.0.1'}:{parts['port'] or 5672}",
        userid=parts["userid"] or "guest",
        password=parts["password"] or "guest",
        virtual_host=parts["virtual_host"] or "/",
        connect_timeout=CONNECT_SECONDS,
        heartbeat=HEARTBEAT_SECONDS,
        client_properties={"connection_name": name},
        on_blocked=on_blocked,
        on_unblocked=on_unblocked,
        ssl=amqp_uri.startswith("amqps:"),
    )
    connection.connect()
    return connection


class Link:
    """Keeps one connection. `prepare(connection)` opens channels and consumers each time it is made; `lost()` is told each time it is gone."""

    def __init__(self, amqp_uri: str, *, name: str, prepare: Callable[[Connection], None], lost: Callable[[], None] = lambda: None) -> None:
        self._amqp_uri = amqp_uri
        self._name = name
        self._prepare = prepare
        self._lost = lost
        self._connection: Connection | None = None
        self._reader: threading.Thread | None = None
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self.blocked: str | None = None
        """Why the broker refuses to read from us right now (memory or disk alarm), or None."""

    def start(self) -> None:
        """Begin to connect, and keep at it."""
        self._reader = threading.Thread(target=self._run, name=f"{self._name}-reader", daemon=True)
        self._reader.start()
        threading.Thread(target=self._watch, name=f"{self._name}-heartbeat", daemon=True).start()

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until the connection is there and prepared."""
        return self._ready.wait(timeout_seconds)

    @property
    def ready(self) -> bool:
        """Whether the connection is there and prepared."""
        return self._ready.is_set()

    def stop(self) -> None:
        """Close the connection and do not come back."""
        self._stopping.set()
        self._ready.clear()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(*BROKEN):
                connection.send_method(spec.Connection.Close, "BsBB", (CLEAN_CLOSE, "", 0, 0))
            self._shut(connection)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(CONNECT_SECONDS)

    def _run(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            try:
                connection = open_connection(self._amqp_uri, name=self._name, on_blocked=self._on_blocked, on_unblocked=self._on_unblocked)
                self._connection = connection
                self.blocked = None
                self._prepare(connection)
                self._ready.set()
                backoff = FIRST_BACKOFF_SECONDS
                log.debug("broker connected", link=self._name)
                while not self._stopping.is_set():
                    connection.drain_events()
            except BROKEN as error:
                self._ready.clear()
                if not self._stopping.is_set():
                    log.warning(
                        "broker connection lost", link=self._name, error=str(error) or type(error).__name__, next_try_seconds=backoff
                    )
            except Exception:  # a defect in a callback must not end the only reader: say it, and begin again with a clean connection
                log.exception("broker link failed", link=self._name)
            finally:
                self._ready.clear()
                connection, self._connection = self._connection, None
                if connection is not None:
                    with contextlib.suppress(*BROKEN):
                        connection.collect()
                self._lost()
            self._stopping.wait(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    def _watch(self) -> None:
        while not self._stopping.wait(HEARTBEAT_SECONDS / 4):
            connection = self._connection
            if connection is None:
                continue
            try:
                connection.heartbeat_tick(rate=2)
            except BROKEN:
                self._shut(connection)

    def _on_blocked(self, reason: str) -> None:
        self.blocked = str(reason)
        log.warning("broker refuses to read from us", link=self._name, reason=self.blocked)

    def _on_unblocked(self) -> None:
        self.blocked = None
        log.info("broker reads from us again", link=self._name)

    @staticmethod
    def _shut(connection: Connection) -> None:
        transport = getattr(connection, "_transport", None)  # the public property would connect again where it is gone
        sock: Any = getattr(transport, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float, every_seconds: float = 0.05) -> bool:
    """Poll `condition` until it holds or the time is over; tell which."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every_seconds)
    return condition()
