"""A load of commands: from several threads, each command with a key of its own, sent again with the same key until it is answered."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import Refusal

from .conftest import Stage

TIMEOUT_SECONDS = 3.0
PAUSE_SECONDS = 0.02


class Load:
    """What was asked, and how it went."""

    def __init__(self, stage: Stage, *, threads: int = 4) -> None:
        self._stage = stage
        self._stopping = threading.Event()
        self._numbers = itertools.count(1)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self.answered: list[str] = []
        self.answered_at: list[float] = []
        self.failures: list[Refusal] = []
        self.longest_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Run the block under this load; what is under way is finished."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for thread in self._threads:
                thread.join(60)

    def first_answer_after(self, moment: float) -> float | None:
        """Seconds from `moment` (of the monotonic clock) to the first answer after it."""
        return next((at - moment for at in sorted(self.answered_at) if at > moment), None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            what = f"load {next(self._numbers)}"
            while not self._ask(what):
                time.sleep(PAUSE_SECONDS)
            time.sleep(PAUSE_SECONDS)

    def _ask(self, what: str) -> bool:
        began = time.monotonic()
        try:
            self._stage.bus.call("toy", "mark", {"what": what}, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=what)
        except Refusal as refusal:
            self.failures.append(refusal)
            return False
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        self.answered.append(what)
        self.answered_at.append(time.monotonic())
        return True
