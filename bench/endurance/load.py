"""A load of a fixed rate: requests are due when they are due, whether the ones before are answered or not."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.endurance.wire import Connection
from bench.endurance.world import Request, World

PASSING = (429, 503, 504)
LOST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 2.0
TRIES = 120


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One answer: when it was due and when it was there, on the monotonic clock."""

    kind: str
    due: float
    end: float
    status: int
    wrong: str | None
    has_wait: bool

    @property
    def is_refusal(self) -> bool:
        """Told to come again later, or not answered at all."""
        return self.status in PASSING or self.status == 0


@dataclass(order=True, kw_only=True)
class _Due:
    at: float
    number: int
    request: Request
    tries: int


class Clients:
    """So many threads with a connection each. What is due and finds no thread free waits, and its time counts from when it was due."""

    def __init__(self, world: World, clients: int) -> None:
        self.samples: list[Sample] = []
        self.given_up: list[str] = []
        self._world = world
        self._queue: list[_Due] = []
        self._numbers = itertools.count()
        self._condition = threading.Condition()
        self._under_way = 0
        self._closing = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def at_rate(self, per_second: float, seconds: float, each: Callable[[], None]) -> None:
        """Make requests due at this rate for so long, then wait until all are answered; `each` is called now and then."""
        begin = time.monotonic()
        number = 0
        while (now := time.monotonic()) < begin + seconds:
            while begin + number / per_second < now + 0.02:
                self._put(_Due(at=begin + number / per_second, number=next(self._numbers), request=self._world.next(), tries=0))
                number += 1
            each()
            time.sleep(0.01)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is due or under way any more."""
        with self._condition:
            self._condition.wait_for(lambda: not self._queue and not self._under_way, timeout=TRIES * LONGEST_WAIT_SECONDS)

    def close(self) -> None:
        """Let the threads end."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, due: _Due) -> None:
        with self._condition:
            heapq.heappush(self._queue, due)
            self._condition.notify()

    def _work(self) -> None:
        connection = Connection(self._world.port)
        while (due := self._take()) is not None:
            again = None
            try:
                again = self._ask(connection, due)
            finally:
                with self._condition:
                    self._under_way -= 1
                    if again is not None:
                        heapq.heappush(self._queue, again)
                    self._condition.notify_all() if not self._queue and not self._under_way else self._condition.notify()
        connection.close()

    def _take(self) -> _Due | None:
        with self._condition:
            while True:
                if self._closing:
                    return None
                now = time.monotonic()
                if self._queue and self._queue[0].at <= now:
                    self._under_way += 1
                    return heapq.heappop(self._queue)
                self._condition.wait(self._queue[0].at - now if self._queue else None)

    def _ask(self, connection: Connection, due: _Due) -> _Due | None:
        request = due.request
        answer = connection.ask(request.bytes)
        end = time.monotonic()
        passing = answer.status in PASSING or answer.status == 0 or _is_agency_apis_wait(request, answer.status, answer.body)
        wrong = None if passing else request.check(answer)
        status = 503 if passing and answer.status == 200 else answer.status
        has_wait = answer.retry_after is not None or answer.status in (0, 200, 504)
        self.samples.append(Sample(kind=request.kind, due=due.at, end=end, status=status, wrong=wrong, has_wait=has_wait))
        if not passing:
            if wrong is None:
                request.done(answer)
            return None
        if not request.is_write and request.kind != "GET account":
            return None
        if due.tries >= TRIES:
            self.given_up.append(f"{request.kind}: {answer.status} {answer.body[:200]!r}")
            return None
        wait = LOST_WAIT_SECONDS if answer.retry_after is None else min(answer.retry_after, LONGEST_WAIT_SECONDS)
        return _Due(at=end + wait, number=next(self._numbers), request=request, tries=due.tries + 1)


def _is_agency_apis_wait(request: Request, status: int, body: bytes) -> bool:
    """The agency API says in a sentence of an answer 200 that a service is away."""
    return request.kind.startswith("api.php") and status == 200 and b'"result_code":0' in body and b"gain" in body


def capacity(world: World, clients: int, seconds: float) -> float:
    """How many requests a second are answered when this many clients ask without a pause; the first half warms up."""
    answered = [0] * clients
    begin = time.monotonic()
    half, end = begin + seconds / 2, begin + seconds

    def client(number: int) -> None:
        connection = Connection(world.port)
        while (now := time.monotonic()) < end:
            request = world.next()
            answer = connection.ask(request.bytes)
            while answer.status in PASSING:
                time.sleep(LOST_WAIT_SECONDS)
                answer = connection.ask(request.bytes)
            if (wrong := request.check(answer)) is not None:
                raise RuntimeError(f"{request.kind}: {wrong}")
            request.done(answer)
            answered[number] += now > half
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / (seconds / 2)
