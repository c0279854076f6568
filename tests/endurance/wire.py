"""HTTP/1.1 on kept connections, as lean as it gets: the load shares two cores with what it loads."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from typing import Any

ANSWER_SECONDS = 15.0
IDLE_SECONDS = 5.0
BLANK = b"\r\n\r\n"


class Lost(Exception):
    """The connection was refused, broke, or stayed silent before the whole answer was there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after_seconds: float | None

    def json(self) -> Any:
        """The body; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Wire:
    """Connections to the gateway. The one that has rested longest is next, so that all workers get their share."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def send(self, request: bytes) -> Answer:
        """Send a request and read its answer; raise Lost."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await self._connection(loop.time())
                try:
                    writer.write(request)
                    answer, is_kept = await _read(reader)
                except BaseException:
                    writer.transport.abort()
                    raise
        except TimeoutError:
            raise Lost(f"no answer within {ANSWER_SECONDS:.0f} s") from None
        except (OSError, EOFError) as broken:
            raise Lost(f"{type(broken).__name__}: {broken}") from None
        if is_kept:
            self._idle.append((loop.time(), reader, writer))
        else:
            writer.close()
        return answer

    async def _connection(self, now: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.popleft()
            if not reader.at_eof() and not writer.is_closing() and now - since < IDLE_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection(*self._address)

    def close(self) -> None:
        """Hang up."""
        for _, _, writer in self._idle:
            writer.close()
        self._idle.clear()


def request_bytes(method: str, target: str, *, headers: dict[str, str], body: Any = None) -> bytes:
    """Write a request."""
    content = b"" if body is None else json.dumps(body).encode()
    told = {"Host": "127.0.0.1", **headers}
    if body is not None:
        told |= {"Content-Type": "application/json"}
    if method != "GET":
        told |= {"Content-Length": str(len(content))}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + BLANK + content


async def _read(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    head = (await reader.readuntil(BLANK)).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    wait = headers.get("retry-after")
    answer = Answer(status=int(first.split(" ", 2)[1]), body=body, retry_after_seconds=float(wait) if wait else None)
    return answer, headers.get("connection", "keep-alive").lower() != "close"
