"""Connections of clients: what they may hold of a worker process, and for how long (decision 0020)."""

import contextlib
import errno
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ, DefaultSelector, SelectorKey
from typing import Any

import structlog
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]  # as above
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # as above
from prometheus_client import Counter

from chassis import context as contexts
from gateway import agency_api, errors
from gateway.schemas import encoded

LINGER_SECONDS = 2
"""How long a connection that we ended stays, so that what we said last is not lost with what is still unread of the client's."""
MOST_DRAINED_BYTES = 65_536
LONGEST_WAIT_SECONDS = 1.0
"""A request that waited longer for a thread is not worked on any more: whoever sent it may have given up, and others wait behind it."""
LONGEST_SEEN_BYTES = 8192
"""How much of a request that never reaches the application is looked at for what it asks: more than an address may have."""
NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)
PROBES = (b"GET /healthz ", b"GET /readyz ")
"""Whether we are well is answered however busy we are: a process that is busy is not to be restarted for it."""

TURNED_AWAY = Counter("comptoir_http_requests_turned_away_total", "Requests answered 503 at once because too many waited for a thread.")

log = structlog.get_logger()
_at_hand = threading.local()
"""`unreader`: of the connection that this thread works for."""


class Unhurried(SocketUnreader):  # type: ignore[misc]  # as above
    """Reads from a client that has so many seconds from `begin` on to send its request: a byte now and then is not enough.

    `begun` is what the request begins with, until it is forgotten: it may hold a key.
    """

    def __init__(self, sock: socket.socket, *, seconds: float) -> None:
        super().__init__(sock)
        self._seconds = seconds
        self._until = 0.0
        self.begun = b""

    def begin(self) -> None:
        """Wait for a new request."""
        self._until = time.monotonic() + self._seconds
        self.begun = b""

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Read, and remember the beginning."""
        data: bytes = super().read(size, read_ahead)
        if len(self.begun) < LONGEST_SEEN_BYTES:
            self.begun += data[:LONGEST_SEEN_BYTES]
        return data

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Read what there is; raises `BlockingIOError` where the client takes too long."""
        if time.monotonic() > self._until:
            raise BlockingIOError(errno.EAGAIN, "the request did not arrive in time")
        data: bytes = super().chunk(size_hint)
        return data


class Poller(DefaultSelector):
    """Gives each event when its turn comes, but not that of a connection which was let go for an earlier one of the same moment."""

    def select(self, timeout: float | None = None) -> Iterable[tuple[SelectorKey, int]]:  # type: ignore[override]  # one at a time
        """Wait as ever, and give what is still waited for."""
        return ((key, event) for key, event in super().select(timeout) if self.get_map().get(key.fd) is key)


class Worker(ThreadWorker):  # type: ignore[misc]  # as above
    """gunicorn's thread worker, whose threads work for clients that have said something, and for as many as they can serve soon.

    A connection waits in the poller until its first byte, and again after our last; what is no HTTP gets a problem, not a page.
    """

    poller: DefaultSelector

    def run(self) -> None:
        """Serve until asked to stop."""
        self._leaving: deque[Any] = deque()
        self.poller.close()
        self.poller = Poller()
        super().run()

    def accept(self, listener: socket.socket) -> None:
        """Take a new client in; where no more files may be open, one that does nothing goes for it."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in NO_MORE_FILES:
                raise
            self._make_room()

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """A new client has said something, or has gone: then there is nothing to answer, and no thread is asked to find that out."""
        if _is_gone(client):
            self.pending_conns.remove(conn)
            self._let_go(conn)
        else:
            super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The same of a client that has had an answer."""
        if _is_gone(client):
            self.keepalived_conns.remove(conn)
            self._let_go(conn)
        else:
            super().on_client_socket_readable(conn, client)

    def enqueue_req(self, conn: Any) -> None:
        """Give the connection to a thread, with a limit on every read and write; or let it wait for its first byte, or turn it away."""
        if not conn.data_ready and not conn.initialized:
            self._await_first_byte(conn)
        elif self.tpool._work_queue.qsize() >= self.app.settings.max_requests_waiting and not _is_probe(conn.sock):  # noqa: SLF001  the pool tells nobody
            self._turn_away(conn)
        else:
            if not conn.initialized:  # the socket keeps it from then on
                limit = struct.pack("ll", self.app.settings.slow_client_seconds, 0)
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            conn.enqueued_at = time.monotonic()
            super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Work on one request, in a thread; give whether the connection is kept, as gunicorn has it."""
        if time.monotonic() - conn.enqueued_at > LONGEST_WAIT_SECONDS and not _is_probe(conn.sock):
            conn.sock.settimeout(None)
            _say_busy(conn.sock)
            return False
        if not conn.initialized:
            conn.init()
            conn.parser.unreader = Unhurried(conn.sock, seconds=self.app.settings.request_seconds)
        conn.parser.unreader.begin()
        _at_hand.unreader = conn.parser.unreader
        try:
            return super().handle(conn)
        finally:
            conn.parser.unreader.begun = b""
            del _at_hand.unreader

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection for the next request, or end it without waiting for the client, which the main thread has no time for."""
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._leave(conn)

    def murder_pending(self) -> None:
        """Close what has said nothing for too long, and what does not hang up after us."""
        super().murder_pending()
        now = time.monotonic()
        while self._leaving and self._leaving[0].timeout <= now:
            self._let_go(self._leaving.popleft())

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        """Answer what did not reach the application. Nothing of the request is logged: its query may hold a key."""
        status = _status_of(exc)
        with contexts.activated(contexts.new_context()):
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.error("a request failed before it reached the application", exc_info=exc)
            else:
                log.info("no HTTP request", reason=type(exc).__name__)
            answer = _answer(_at_hand.unreader.begun if hasattr(_at_hand, "unreader") else b"", *errors.of_status(status))
        with contextlib.suppress(OSError):  # it may be gone
            client.sendall(answer)

    def _await_first_byte(self, conn: Any) -> None:
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + self.app.settings.slow_client_seconds
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _make_room(self) -> None:
        """Close the connection that has been of no use for the longest: a new client comes before one that stands about."""
        for idle in (self._leaving, self.keepalived_conns, self.pending_conns):
            if idle:
                self._let_go(idle.popleft())
                return

    def _turn_away(self, conn: Any) -> None:
        conn.sock.settimeout(0)
        _say_busy(conn.sock)
        self._leave(conn)

    def _leave(self, conn: Any) -> None:
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
            conn.drained_bytes = 0
            conn.timeout = time.monotonic() + LINGER_SECONDS
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # it is gone already
            self.nr_conns -= 1
            conn.close()
        else:
            self._leaving.append(conn)

    def _drain(self, conn: Any, client: Any) -> None:
        try:
            data = client.recv(MOST_DRAINED_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.drained_bytes += len(data)
        if not data or conn.drained_bytes >= MOST_DRAINED_BYTES:
            self._leaving.remove(conn)
            self._let_go(conn)

    def _let_go(self, conn: Any) -> None:
        with contextlib.suppress(OSError, KeyError, ValueError):  # the client has closed it
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _is_gone(sock: socket.socket) -> bool:
    try:
        return not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _is_probe(sock: socket.socket) -> bool:
    return _begun(sock, max(map(len, PROBES))).startswith(PROBES)


def _begun(sock: socket.socket, most_bytes: int) -> bytes:
    """What has arrived of a request that nobody reads yet."""
    try:
        return sock.recv(most_bytes, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""


def _say_busy(sock: socket.socket) -> None:
    TURNED_AWAY.inc()
    with contexts.activated(contexts.new_context()):
        problem, code, detail = errors.PROBLEMS["unavailable"], errors.TOO_BUSY, "Too many requests wait for us: try again in a moment."
        begun = _begun(sock, LONGEST_SEEN_BYTES)
        answer = _answer(begun, problem, code, detail, retry_after_seconds=errors.RETRY_AFTER_SECONDS)
    with contextlib.suppress(OSError):  # it may be gone, or not read
        sock.sendall(answer)


def _answer(begun: bytes, problem: errors.Problem, code: str, detail: str, *, retry_after_seconds: int | None = None) -> bytes:
    """An answer that ends the connection, as it goes over the wire: a problem, or what programs of the agency API can read."""
    said = agency_api.unread(begun, detail)
    if said is None:
        status, media_type = problem.status, errors.MEDIA_TYPE
        body = encoded(errors.members(problem, code, detail, retry_after_seconds=retry_after_seconds)).encode()
    else:
        status, media_type, body = said.status_code, said.content_type, said.get_data()
    waiting = "" if retry_after_seconds is None else f"Retry-After: {retry_after_seconds}\r\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n{waiting}"
        f"X-Request-Id: {contexts.current().request_id}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _status_of(exc: BaseException) -> int:
    if isinstance(exc, LimitRequestLine):
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if isinstance(exc, LimitRequestHeaders):
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return HTTPStatus.BAD_REQUEST if isinstance(exc, ParseException) else HTTPStatus.INTERNAL_SERVER_ERROR
