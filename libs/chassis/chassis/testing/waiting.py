"""Waiting in tests: for a condition, up to a deadline; and how long something takes."""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_SECONDS = 0.02

TRIES = 3

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within_seconds: float = 30.0, what: str = "the condition") -> T:
    """Poll until `condition()` is true (an AssertionError counts as not yet); give its value, or fail saying what it was last."""
    deadline = time.monotonic() + within_seconds
    while True:
        last: T | AssertionError
        try:
            last = condition()
            if last:
                return last
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within_seconds} s; last: {last!r}")
        time.sleep(POLL_SECONDS)


def quickest(act: Callable[[], object]) -> float:
    """How many seconds `act` takes: the least of some runs, as what the machine does beside it is not its doing."""
    return min(_seconds(act) for _ in range(TRIES))


def _seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
