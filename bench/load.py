"""A closed-loop load: every client keeps one connection, sends, waits for the whole answer, sends again."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WARM_SECONDS = 0.5
SHOWN_CHARACTERS = 500
TOO_BUSY = b'"too_busy"'

Request = Callable[[int, int], bytes]
"""Makes the bytes of a client's n-th request, by the number of the client and n."""


class UnexpectedAnswer(RuntimeError):
    """The server answered something else than what is measured."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run of a load showed.

    `turned_away`: requests answered 503 `too_busy` at once, after which the client waits as it is told; they are in no other figure.
    """

    clients: int
    asked: int
    """Requests sent in all, while it warmed up, too."""
    per_second: float
    p50_ms: float
    p99_ms: float
    turned_away: int


@dataclass(kw_only=True)
class _Client:
    port: int
    number: int
    request: Request
    status: bytes
    holds: bytes
    begin: float
    end: float
    sent: int = 0
    durations: list[float] = field(default_factory=list)
    turned_away: int = 0
    fault: Exception | None = None

    def run(self) -> None:
        """Ask until the time is over, or something is wrong."""
        try:
            while time.perf_counter() < self.end:
                self._ask()
        except (OSError, UnexpectedAnswer) as error:
            self.fault = error

    def _ask(self) -> None:
        """Ask over one connection until the time is over, or we are turned away and have waited."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < self.end:
                request = self.request(self.number, self.sent)
                self.sent += 1
                started = time.perf_counter()
                connection.sendall(request)
                head, body = _read_answer(connection)
                done = time.perf_counter()
                if head[9:12] == self.status and self.holds in body:
                    if self.begin <= done <= self.end:
                        self.durations.append(done - started)
                elif head[9:12] == b"503" and TOO_BUSY in body:
                    self.turned_away += self.begin <= done <= self.end
                    time.sleep(max(0.0, min(float(_header(head, b"retry-after")), self.end - time.perf_counter())))
                    return
                else:
                    raise UnexpectedAnswer(f"{request.split(b' HTTP', 1)[0].decode()}: {(head + body).decode()[:SHOWN_CHARACTERS]}")


def load(port: int, request: Request, *, clients: int, seconds: float, status: int = 200, holds: bytes = b"") -> Result:
    """Run `clients` clients for `seconds` after a little warming up; answers count that come within these seconds.

    Every answer has `status` and holds `holds`, or the client was turned away; raises `UnexpectedAnswer` for any other.
    """
    begin = time.perf_counter() + WARM_SECONDS
    every = [
        _Client(port=port, number=number, request=request, status=b"%d" % status, holds=holds, begin=begin, end=begin + seconds)
        for number in range(clients)
    ]
    threads = [threading.Thread(target=client.run) for client in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in every:
        if client.fault is not None:
            raise client.fault
    durations = sorted(duration for client in every for duration in client.durations)
    if not durations:
        raise UnexpectedAnswer(f"no answer at all from port {port}: {request(0, 0).decode()[:SHOWN_CHARACTERS]}")
    return Result(
        clients=clients,
        asked=sum(client.sent for client in every),
        per_second=round(len(durations) / seconds, 1),
        p50_ms=round(durations[len(durations) // 2] * 1000, 2),
        p99_ms=round(durations[int(len(durations) * 0.99)] * 1000, 2),
        turned_away=sum(client.turned_away for client in every),
    )


def http(method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _read_answer(connection: socket.socket) -> tuple[bytes, bytes]:
    data = connection.recv(65536)
    while (head_end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head, body = data[:head_end].lower(), [data[head_end + 4 :]]
    missing = int(_header(head, b"content-length")) - len(body[0])
    while missing > 0:
        body.append(_more(connection))
        missing -= len(body[-1])
    return head, b"".join(body)


def _header(head: bytes, name: bytes) -> bytes:
    start = head.index(b"\r\n" + name + b":") + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end > 0 else None].strip()


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part
