"""A closed-loop load: every client keeps one connection, sends, waits for the whole answer, sends again."""

import socket
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run of a load showed; times in milliseconds."""

    clients: int
    requests: int
    failures: int
    per_second: float
    p50: float
    p99: float


def load(port: int, path: str, *, clients: int, seconds: float, headers: dict[str, str]) -> Result:
    """Run `clients` clients for `seconds` after a second of warming up; answers other than 200 are failures."""
    lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{port}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    request = "\r\n".join(lines).encode()
    begin = time.perf_counter() + 1.0
    end = begin + seconds
    durations: list[list[float]] = [[] for _ in range(clients)]
    failures = [0] * clients
    threads = [
        threading.Thread(target=_client, args=(port, request, begin, end, durations[number], failures, number)) for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = sorted(duration for each in durations for duration in each)
    if not every:
        raise RuntimeError(f"no answer at all from port {port}{path}")
    return Result(
        clients=clients,
        requests=len(every),
        failures=sum(failures),
        per_second=round(len(every) / seconds, 1),
        p50=round(every[len(every) // 2] * 1000, 2),
        p99=round(every[int(len(every) * 0.99)] * 1000, 2),
    )


def _client(port: int, request: bytes, begin: float, end: float, durations: list[float], failures: list[int], number: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (started := time.perf_counter()) < end:
            connection.sendall(request)
            status = _read_answer(connection)
            done = time.perf_counter()
            if begin <= started and done <= end:
                durations.append(done - started)
                if status != b"200":
                    failures[number] += 1


def _read_answer(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    while (head_end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head = data[:head_end].lower()
    start = head.index(b"content-length:") + 15
    length = int(head[start : head.find(b"\r\n", start) if head.find(b"\r\n", start) > 0 else None])
    missing = head_end + 4 + length - len(data)
    while missing > 0:
        missing -= len(_more(connection))
    return head[9:12]


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("the server closed the connection")
    return part
