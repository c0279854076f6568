"""What was seen, and what follows from it: windows, percentiles, the verdict. Times are seconds of one clock."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_RATIO = 5.0
"""p99 is less than this many times p50, outside the windows."""
ALL = "all"
"""What all kinds together are called."""
QUIET_SECONDS = 2.0
"""A window ends with the first two seconds without a refusal after its program is back …"""
MOST_WINDOW_SECONDS = 15.0
"""… and after this long whatever happens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One operation that has its right answer: from the moment it was due until then, however often it had to be sent."""

    kind: str
    due: float
    done: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """One request that was told to come again, or lost its connection."""

    line: str
    how: str
    sent: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time around a kill in which refusals are allowed."""

    program: str
    killed: float
    back: float | None
    """When the program said that it is ready again; None: never."""
    ended: float

    @property
    def was_enough(self) -> bool:
        """Whether the program was back while the window lasted."""
        return self.back is not None and self.back <= self.ended

    def meets(self, begin: float, end: float) -> bool:
        """Whether any of the time from `begin` to `end` is in the window."""
        return begin <= self.ended and end >= self.killed


@dataclass(frozen=True, kw_only=True)
class Times:
    """Of the operations of one kind outside the windows; milliseconds."""

    count: int
    p50: float
    p99: float
    most: float

    @property
    def ratio(self) -> float:
        """How many times p50 p99 is."""
        return round(self.p99 / self.p50, 2)


def end_of_window(*, killed: float, back: float | None, refusals: Iterable[float], now: float) -> float | None:
    """Say when the window of a kill ended; None while it lasts."""
    latest = killed + MOST_WINDOW_SECONDS
    if back is not None:
        quiet_since = max([back, *(each for each in refusals if each >= back)])
        if quiet_since + QUIET_SECONDS <= min(now, latest):
            return quiet_since + QUIET_SECONDS
    return latest if now >= latest else None


def percentile(ascending: Sequence[float], part: float) -> float:
    """The nearest-rank percentile: the least value that `part` of all do not exceed."""
    return ascending[max(0, math.ceil(part * len(ascending)) - 1)]


def times(durations: Iterable[float]) -> Times:
    """Sum up durations in seconds, of which there are some."""
    ascending = sorted(durations)
    p50, p99 = percentile(ascending, 0.5), percentile(ascending, 0.99)
    return Times(count=len(ascending), p50=round(p50 * 1000, 2), p99=round(p99 * 1000, 2), most=round(ascending[-1] * 1000, 2))


def times_outside(samples: Iterable[Sample], windows: Sequence[Window]) -> dict[str, Times]:
    """Sum up, for each kind and for `all`, the operations that no window met."""
    found: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        if not any(window.meets(sample.due, sample.done) for window in windows):
            found[sample.kind].append(sample.done - sample.due)
            found[ALL].append(sample.done - sample.due)
    return {kind: times(durations) for kind, durations in sorted(found.items())}


def refused_outside(refusals: Iterable[Refused], windows: Sequence[Window]) -> list[str]:
    """Name the refusals that no kill excuses."""
    return [
        f"{each.line}: {each.how}, outside any restart"
        for each in refusals
        if not any(window.meets(each.sent, each.at) for window in windows)
    ]


def slow(found: dict[str, Times]) -> list[str]:
    """Name the kinds whose slowest are too much slower than their middle.

    All together are shown and not judged: they are slow and quick kinds, and an opening is no tail of a read.
    """
    return [
        f"{kind}: p99 {each.p99} ms is {each.ratio} × p50 {each.p50} ms, not under {MOST_RATIO:.0f} ×"
        for kind, each in found.items()
        if kind != ALL and each.ratio >= MOST_RATIO
    ]
