"""Work that would stop the eventlet hub, done beside it."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import eventlet.patcher
from eventlet import tpool

P = ParamSpec("P")
R = TypeVar("R")


def off_the_hub(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run CPU-heavy or blocking native code (Argon2) in a real thread while other requests go on; plainly where there is no hub."""
    if not eventlet.patcher.is_monkey_patched("thread"):
        return function(*args, **kwargs)
    result: R = tpool.execute(function, *args, **kwargs)
    return result
