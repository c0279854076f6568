"""What is counted and written down about each request."""

import json
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from prometheus_client import Counter, Histogram

from chassis.metrics import FAST

FLUSH_SECONDS = 0.1
MOST_WAITING = 10_000
"""Lines that may wait where nobody reads our standard error; further ones are counted and dropped: no request waits for its line."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"
VARIABLE = re.compile(r"<(?:[^<>]*:)?(\w+)>")
"""A variable in a rule of Flask's: `<id("acc"):account_id>`, in the documentation `{account_id}`."""

SECONDS = Histogram(
    "comptoir_http_request_seconds", "Time from a request's arrival to its answer.", ["route", "method", "status"], buckets=FAST
)
LINES_DROPPED = Counter("comptoir_access_log_lines_dropped_total", "Lines of the access log that nobody took in time.")

log = structlog.get_logger()
_series: dict[tuple[str, str, int], Any] = {}
"""The histogram's children: `labels()` costs more than the observation."""


def count(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count a request. Strangers choose methods and addresses, so unknown ones share a series.

    Where the file that is counted in cannot be written, the log says so, and the request is answered as ever.
    """
    key = (route, method, status)
    series = _series.get(key)
    try:
        if series is None:
            template = VARIABLE.sub(r"{\1}", route)
            series = _series[key] = SECONDS.labels(template, method if method in METHODS else "other", str(status))
        series.observe(seconds)
    except OSError as error:
        log.warning("a request was not counted", reason=str(error))


class Line(NamedTuple):
    """One request, as the access log tells it: no query string, no header, no body."""

    ended_at: float
    request_id: str
    trace_id: str
    agency_id: str | None
    actor: str | None
    method: str
    path: str
    status: int
    seconds: float


class AccessLog:
    """One structured line a request, written by a thread of its own."""

    def __init__(self, *, is_console: bool = False, write: Callable[[bytes], object] | None = None) -> None:
        self._text = _console if is_console else _json
        self._write = write or _to_stderr
        self._waiting: deque[Line] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)

    def start(self) -> "AccessLog":
        """Begin to write."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Write what waits, and end."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def add(self, line: Line) -> None:
        """Note a request; never waits."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(line)
        else:
            LINES_DROPPED.inc()

    def flush(self) -> None:
        """Write what waits."""
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if lines:
            self._write("".join(self._text(line) for line in lines).encode())

    def _run(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            self.flush()
        self.flush()


def _json(line: Line) -> str:
    known = {name: value for name, value in line._asdict().items() if value is not None}
    known["duration_ms"] = round(known.pop("seconds") * 1000, 3)
    known["timestamp"] = _moment(known.pop("ended_at"))
    return json.dumps({"service": "gateway", "process": "serve", "level": "info", "event": "request", **known}, ensure_ascii=True) + "\n"


def _console(line: Line) -> str:
    path = line.path.encode("unicode_escape").decode()  # no control character of a stranger's reaches a terminal
    milliseconds = f"{line.seconds * 1000:.1f} ms"
    return f"{_moment(line.ended_at)} {line.status} {line.method} {path} {milliseconds} {line.agency_id or '-'} {line.request_id}\n"


def _moment(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_stderr(text: bytes) -> None:
    descriptor = sys.stderr.fileno()
    while text:
        text = text[os.write(descriptor, text) :]


now = time.time
"""The wall clock, for the timestamps of the log alone."""
