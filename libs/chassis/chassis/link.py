"""One AMQP connection that is kept open by a thread of its own, whatever the broker does.

Works under real threads (gateway) and green ones (services). py-amqp writes frames under a lock of the connection, so any thread may
publish and acknowledge; only the link's own thread reads. Reads block without a time limit (switching a socket's timeout while others
write to it corrupts frames); a second thread watches the heartbeats and shuts a dead socket down, which wakes the reader. Writes that the
network does not take end by py-amqp's TCP_USER_TIMEOUT of one second.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import structlog
from amqp import Connection, spec
from amqp.exceptions import AMQPError
from amqp.method_framing import frame_writer
from kombu.utils.url import parse_url

CONNECT_SECONDS = 5
CLOSE_SECONDS = 2.0
HEARTBEAT_SECONDS = 10
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 2.0
CLEAN_CLOSE = 200
READ_AHEAD_BYTES = 16_384
WRITE_TOGETHER_BYTES = 65_536
BROKEN = (AMQPError, OSError, EOFError, AttributeError, struct.error)
"""What py-amqp raises when the broker or the network goes away; the last two: it clears its transport and its channels' numbers while other
threads still write."""

log = structlog.get_logger()


def open_connection(
    amqp_uri: str,
    *,
    name: str,
    on_blocked: Callable[[str], None] | None = None,
    on_unblocked: Callable[[], None] | None = None,
    socket_settings: Mapping[int, int] | None = None,
    frame_writer: Callable[..., Callable[..., None]] = frame_writer,
) -> Connection:
    """A connected py-amqp connection for `amqp_uri`, named for the broker's management pages. `frame_writer` may be one like py-amqp's."""
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
        socket_settings=dict(socket_settings or {}),
        frame_writer=frame_writer,
    )
    connection.connect()
    _read_ahead(connection)
    return connection


def _read_ahead(connection: Connection) -> None:
    """Let the transport take what is there in one system call: py-amqp asks for each frame in three, and a message has three frames.

    Measured with 8 threads calling: each system call gives the interpreter lock away and waits for it again.
    """
    transport = connection._transport  # noqa: SLF001  it has no other way to say it; what it reads too much it keeps in its own buffer
    receive = transport.sock.recv
    transport._quick_recv = lambda missing: receive(max(missing, READ_AHEAD_BYTES))  # noqa: SLF001


class Gathering:
    """What a connection of one thread writes: frame by frame, or, inside `together`, many frames in one system call.

    Pass `writer` to `open_connection`. Measured: of what py-amqp spends on publishing a message, a quarter is its system call.
    """

    def __init__(self) -> None:
        self._write: Callable[[bytearray], object] = bytes
        self._gathered = bytearray()
        self._together = False

    def writer(self, connection: Connection, transport: Any) -> Callable[..., None]:
        """py-amqp's own writer of frames, which gives them to us."""
        self._write = transport.write
        self._gathered.clear()
        writer: Callable[..., None] = frame_writer(connection, SimpleNamespace(write=self._gather))
        return writer

    def _gather(self, frames: bytes | memoryview) -> None:
        self._gathered += frames
        if len(self._gathered) >= WRITE_TOGETHER_BYTES or not self._together:
            self._flush()

    def _flush(self) -> None:
        self._write(self._gathered)
        self._gathered.clear()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Write what the block writes together; the block must not wait for an answer."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
        self._flush()


def close_connection(connection: Connection, *, politely: bool) -> None:
    """Close `connection`; `politely` waits (up to `CLOSE_SECONDS`) for the broker's consent: then it has read all that was written."""
    with contextlib.suppress(*BROKEN):
        if politely:
            _say_close(connection)
            while connection.connected:
                connection.drain_events(timeout=CLOSE_SECONDS)
    with contextlib.suppress(*BROKEN):
        sock = _socket_of(connection)
        if sock is not None:
            sock.settimeout(CLOSE_SECONDS)  # under TLS it says goodbye to its peer, which may not answer any more
        connection.collect()


def _socket_of(connection: Connection) -> socket.socket | None:
    transport = getattr(connection, "_transport", None)  # the public property would connect again where it is gone
    return getattr(transport, "sock", None)


def _say_close(connection: Connection) -> None:
    connection.send_method(spec.Connection.Close, "BsBB", (CLEAN_CLOSE, "", 0, 0))


class Link:
    """Keeps one connection. `prepare(connection)` opens channels and consumers each time it is made.

    `lost()` is called each time it is gone, `on_blocked()` each time the broker (short of memory or disk) stops reading from it.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        name: str,
        prepare: Callable[[Connection], None],
        lost: Callable[[], None] = lambda: None,
        on_blocked: Callable[[], None] = lambda: None,
    ) -> None:
        self._amqp_uri = amqp_uri
        self._name = name
        self._prepare = prepare
        self._lost = lost
        self._tell_blocked = on_blocked
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
        """Close the connection and do not come back. The broker has read all that was written when this returns, if it reads at all."""
        self._stopping.set()
        connection = self._connection
        if connection is not None and self.blocked is None:
            with contextlib.suppress(*BROKEN):
                _say_close(connection)
        if self._reader is not None:
            self._reader.join(CLOSE_SECONDS)
        if connection is not None:
            self._shut(connection)

    def _run(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._keep_one()
            except BROKEN as error:
                if not self._stopping.is_set():
                    reason = str(error) or type(error).__name__
                    log.warning("broker connection lost", link=self._name, error=reason, next_try_seconds=backoff)
            except Exception:  # a defect in a callback must not end the only reader: say it, and begin again with a clean connection
                log.exception("broker link failed", link=self._name)
            finally:
                self._forget()
            if time.monotonic() - began > LONGEST_BACKOFF_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            self._stopping.wait(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    def _keep_one(self) -> None:
        """Connect, prepare, and read until it breaks or ends."""
        connection = open_connection(self._amqp_uri, name=self._name, on_blocked=self._on_blocked, on_unblocked=self._on_unblocked)
        self.blocked = None
        self._connection = connection
        self._prepare(connection)
        self._ready.set()
        log.debug("broker connected", link=self._name)
        while not self._stopping.is_set():
            connection.drain_events()

    def _forget(self) -> None:
        self._ready.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            close_connection(connection, politely=False)
        self._lost()

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
        self._tell_blocked()

    def _on_unblocked(self) -> None:
        self.blocked = None
        log.info("broker reads from us again", link=self._name)

    @staticmethod
    def _shut(connection: Connection) -> None:
        """Wake the reader of `connection`: what it waits for will not come."""
        sock = _socket_of(connection)
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
