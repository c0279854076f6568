"""HTTP as cheaply as Python can: the machine is shared with what is measured."""

import json
import socket
from dataclasses import dataclass
from typing import Any

ANSWER_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; status 0: nothing did, the connection was refused or lost."""

    status: int
    body: bytes = b""
    retry_after: int | None = None

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


class Connection:
    """One client's connection, opened again where it was lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes, *, is_read: bool = False) -> Answer:
        """Send a request and wait for its answer. A read is sent again where a connection that was idle turns out to be closed."""
        was_open = self._socket is not None
        try:
            return self._ask(request)
        except OSError:
            self.close()
            if not (was_open and is_read):
                return Answer(status=0)
        try:
            return self._ask(request)
        except OSError:
            self.close()
            return Answer(status=0)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        data = self._more()
        while (head_end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, body = data[:head_end], data[head_end + 4 :]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])}
        parts, missing = [body], int(headers.get(b"content-length", b"0")) - len(body)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        wait = headers.get(b"retry-after")
        return Answer(status=int(head[9:12]), body=b"".join(parts), retry_after=None if wait is None else int(wait))

    def _more(self) -> bytes:
        assert self._socket is not None
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def request_bytes(method: str, path: str, *, api_key: str, body: object = None, idempotency_key: str | None = None) -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {api_key}"]
    data = b""
    if body is not None:
        data = json.dumps(body).encode()
        lines.append("Content-Type: application/json")
    if idempotency_key is not None:
        lines.append(f"Idempotency-Key: {idempotency_key}")
    if method != "GET":
        lines.append(f"Content-Length: {len(data)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data
