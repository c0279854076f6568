"""Which services hang: they are there, take calls and answer none. Who calls them is refused at once, so that they hold no threads.

A circuit opens when as many calls as are allowed wait for a service that has been silent for a while, or when several in a row ended by
their deadline. Open, it lets one call through now and then to ask; any answer, a late one too, closes it.
"""

import threading
import time

import structlog

from chassis.errors import Unavailable
from chassis.metrics import HANGING_REFUSALS

SILENT_SECONDS = 1.5
"""A service that answers none of many calls for so long hangs; with what it takes to notice, a caller is told within two seconds."""
MISSES = 3
"""So many calls in a row that ended by their deadline say the same where calls are few."""
PROBE_SECONDS = 1.0
"""How often one call asks whether it answers again."""
HANGS = "it does not answer"

log = structlog.get_logger()


class Circuit:
    """The calls to one service."""

    def __init__(self, service: str, most_waiting: int) -> None:
        self._service = service
        self._most_waiting = most_waiting
        self._waiting: dict[str, None] = {}
        self._heard = time.monotonic()
        self._misses = 0
        self._is_open = False
        self._probe_at = 0.0
        self._lock = threading.Lock()

    def admit(self, number: str) -> None:
        """Count a call as waiting; raises `Unavailable` where the service hangs and it is not time to ask it again."""
        if self._is_open:
            with self._lock:
                now = time.monotonic()
                if now < self._probe_at:
                    raise self._refusal()
                self._probe_at = now + PROBE_SECONDS
        elif not self._waiting:
            self._heard = time.monotonic()  # silence begins with a question
        self._waiting[number] = None

    def leave(self, number: str) -> None:
        """It waits no more."""
        self._waiting.pop(number, None)

    def answered(self) -> None:
        """It has answered something."""
        self._heard = time.monotonic()
        self._misses = 0
        if self._is_open:
            self._is_open = False
            log.info("a service answers again", service=self._service)

    def missed(self) -> None:
        """A call ended by its deadline."""
        self._misses += 1
        if self._misses >= MISSES:
            self._open()

    def check(self, since: float) -> None:
        """For a call that has waited `since` then: raises `Unavailable` where that is long, and the service hangs."""
        now = time.monotonic()
        if len(self._waiting) >= self._most_waiting and now - self._heard >= SILENT_SECONDS:
            self._open()
        if self._is_open and now - since >= SILENT_SECONDS:
            raise self._refusal()

    def _open(self) -> None:
        with self._lock:
            if self._is_open:
                return
            self._is_open = True
            self._probe_at = time.monotonic() + PROBE_SECONDS
        log.warning("a service does not answer: calls to it are refused", service=self._service, waiting=len(self._waiting))

    def _refusal(self) -> Unavailable:
        HANGING_REFUSALS.labels(service=self._service).inc()
        return Unavailable(service=self._service, reason=HANGS)


class Circuits:
    """Those of all services, made as they are called."""

    def __init__(self, *, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._circuits: dict[str, Circuit] = {}

    def of(self, service: str) -> Circuit:
        """That of this service."""
        found = self._circuits.get(service)
        return found or self._circuits.setdefault(service, Circuit(service, self._most_waiting))
