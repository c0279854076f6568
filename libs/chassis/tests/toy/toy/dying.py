"""Sudden death at the worst moments: `TOY_DIE_AT` names the one at which the process kills itself, without a chance to tidy up."""

import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from chassis import broker, publisher, relay, unit_of_work

MOMENTS: dict[str, tuple[Any, str, str]] = {
    "before commit": (unit_of_work.UnitOfWork, "close", "before"),  # it commits with what it writes last
    "before reply": (publisher.Publisher, "reply", "before"),
    "before ack": (broker, "_ack", "before"),
    "before publish": (relay.Relay, "publish_batch", "before"),
    "before mark": (relay.Relay, "mark_batch", "before"),
    "after mark": (relay.Relay, "mark_batch", "after"),
}
"""Moment → what is called then: its owner, its name, and on which side of it death comes."""


def arrange() -> None:
    """Arrange for it, where the environment asks; and for less or more patience than in production."""
    if "TOY_CONFIRM_SECONDS" in os.environ:
        publisher.CONFIRM_SECONDS = float(os.environ["TOY_CONFIRM_SECONDS"])
    if "TOY_PAUSE_SECONDS" in os.environ:
        broker.REDELIVERED_PAUSE_SECONDS = float(os.environ["TOY_PAUSE_SECONDS"])
        setattr(broker, "random", SimpleNamespace(uniform=lambda _shortest, longest: longest))  # noqa: B010  types know the module
    moment = os.environ.get("TOY_DIE_AT")
    if moment is None:
        return
    owner, name, side = MOMENTS[moment]
    setattr(owner, name, _deadly(getattr(owner, name), side))


def _deadly(function: Callable[..., Any], side: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> None:
        if side == "after":
            function(*args, **kwargs)
        if getattr(args[0], "_facts", True):  # a unit of work counts when it has something to tell: the ticks of the clock have not
            os.kill(os.getpid(), signal.SIGKILL)

    return call
