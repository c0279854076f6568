"""How many requests a key may make: counted by this process alone, or by Redis for all of them (decision 0020).

A budget is a bucket that fills steadily (GCRA): `burst` requests at once, `per_second` over time. One number is kept for a key: how far
its use reaches ahead of now, in seconds.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from flask import current_app, request

from gateway.auth import Caller
from gateway.errors import RateLimited

HEADROOM = "comptoir.headroom"
"""Where the WSGI environment says what the caller has left, once it is known."""
POLICY = "key"
"""What the budget is called in the headers."""
MOST_KEYS = 10_000
"""Keys that a process counts; beyond them the one that was quiet for the longest is forgotten, whose bucket is full again by then."""
ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one key may use: `burst` requests at once, and `per_second` more each second."""

    per_second: float
    burst: int

    def share(self, parts: int) -> "Budget":
        """The part of one of so many that count by themselves."""
        return Budget(per_second=self.per_second / parts, burst=max(1, self.burst // parts))

    @property
    def interval_seconds(self) -> float:
        """How long one request's worth takes to come back."""
        return 1 / self.per_second

    @property
    def capacity_seconds(self) -> float:
        """How long a bucket takes to fill up."""
        return self.burst / self.per_second


HARDLY_ANY = Budget(per_second=1e6, burst=1_000_000)


class Headroom(NamedTuple):
    """What a caller has left: `remaining` requests now, all of its budget after `full_in_seconds`.

    `retry_after_seconds`: 0 where the request was taken, else how long to wait.
    """

    policy: str
    remaining: int
    full_in_seconds: int
    retry_after_seconds: int

    def headers(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """As draft-ietf-httpapi-ratelimit-headers writes it."""
        return ("RateLimit-Policy", self.policy), ("RateLimit", f'"{POLICY}";r={self.remaining};t={self.full_in_seconds}')


class Limits(Protocol):
    """Who counts."""

    def take(self, name: str) -> Headroom:
        """Take one request of `name`'s budget, where there is one left; thread-safe."""


class Scale:
    """Reads a budget's headroom from how far its use reaches ahead."""

    def __init__(self, budget: Budget) -> None:
        self.interval = budget.interval_seconds
        self.capacity = budget.capacity_seconds
        self._policy = f'"{POLICY}";q={budget.burst};w={max(1, math.ceil(self.capacity - ROUNDING))}'

    def headroom(self, ahead: float) -> Headroom:
        """`ahead`: seconds that the use would reach ahead of now with this request; beyond the capacity it was not taken."""
        left = self.capacity - ahead
        if left >= -ROUNDING:
            return Headroom(self._policy, int((left + ROUNDING) / self.interval), math.ceil(ahead), 0)
        return Headroom(self._policy, 0, math.ceil(ahead - self.interval), max(1, math.ceil(-left)))


class InMemory:
    """Counts in this process; some microseconds a request, however many keys there are."""

    def __init__(self, budget: Budget, *, most: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic) -> None:
        self._scale = Scale(budget)
        self._most = most
        self._clock = clock
        self._used_until: OrderedDict[str, float] = OrderedDict()  # the key that was quiet for the longest is the first
        self._counting = threading.Lock()

    def __len__(self) -> int:
        return len(self._used_until)

    def take(self, name: str) -> Headroom:
        """Take one request of `name`'s budget, where there is one left; thread-safe."""
        scale, used_until = self._scale, self._used_until
        with self._counting:
            now = self._clock()
            ahead = max(used_until.get(name, now) - now, 0.0) + scale.interval
            if ahead <= scale.capacity + ROUNDING:
                used_until[name] = now + ahead
            if name in used_until:
                used_until.move_to_end(name)
            if len(used_until) > self._most:
                used_until.popitem(last=False)
        return scale.headroom(ahead)


def admit(caller: Caller) -> Headroom:
    """Take one request of the caller's budget and note for the answer's headers what is left; raises `RateLimited`."""
    limits: Limits = current_app.extensions["comptoir-limits"]
    headroom = request.environ[HEADROOM] = limits.take(caller.key_id)
    if headroom.retry_after_seconds:
        raise RateLimited(retry_after_seconds=headroom.retry_after_seconds)
    return headroom
