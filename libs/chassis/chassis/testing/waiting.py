"""Waiting in tests: for a condition, up to a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within_seconds: float = 10.0, what: str = "the condition") -> T:
    """Poll until `condition()` is true (an AssertionError counts as not yet); give its value, or fail saying what it was last."""
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            value = condition()
            failure: AssertionError | None = None
        except AssertionError as error:
            value, failure = None, error  # type: ignore[assignment]  # replaced before it is given back
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within_seconds} s; last: {value!r}") from failure
        time.sleep(0.02)
