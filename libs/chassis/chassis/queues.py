"""Work on one thing, one lot after another: whoever comes while somebody is at it goes with the next lot."""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MOST_IN_A_LOT = 32
"""So many at most keep all others waiting for as long as it takes to do them."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(kw_only=True, eq=False)
class _Turn(Generic[T, R]):
    """One that waits: at last it has its `outcome`, or is the first of the next `lot`, or is to be done alone."""

    item: T
    called: threading.Event = field(default_factory=threading.Event)
    lot: "list[_Turn[T, R]]" = field(default_factory=list)
    outcome: R | None = None


class Queues(Generic[T, R]):
    """The queues of one process, each for one thing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, list[_Turn[T, R]]] = {}
        """Of each thing that somebody is at."""

    def do(self, of: Hashable, item: T, *, alone: Callable[[], R], together: Callable[[Sequence[T]], Sequence[R | None]]) -> R:
        """Give the outcome of `item`, which is about the thing `of`.

        Where nobody is at it, `alone` is done at once. Else `item` waits, and the first of those who wait does them all `together`, or
        `alone` where it is the only one; whoever then has no outcome is done `alone`, by itself and without waiting for others.
        """
        turn = self._take_turn(of, item)
        if not turn.lot:
            turn.called.wait()
        if turn.lot:
            try:
                if len(turn.lot) == 1:
                    return alone()
                for each, outcome in zip(turn.lot, together([each.item for each in turn.lot]), strict=True):
                    each.outcome = outcome
            finally:
                self._call(of, turn.lot)
        return alone() if turn.outcome is None else turn.outcome

    def _take_turn(self, of: Hashable, item: T) -> _Turn[T, R]:
        turn: _Turn[T, R] = _Turn(item=item)
        with self._lock:
            if of in self._waiting:
                self._waiting[of].append(turn)
            else:
                self._waiting[of] = []
                turn.lot = [turn]
        return turn

    def _call(self, of: Hashable, done: Sequence[_Turn[T, R]]) -> None:
        """Tell those of a lot that it is over, and the first of those who wait that it is theirs to go on."""
        with self._lock:
            lot = self._waiting[of][:MOST_IN_A_LOT]
            del self._waiting[of][: len(lot)]
            if lot:
                lot[0].lot = lot
            else:
                del self._waiting[of]
        for each in [*done, *lot[:1]]:
            each.called.set()
