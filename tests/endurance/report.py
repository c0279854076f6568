"""What a run showed, for people and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .figures import MOST_RATIO, Refused, Sample, Times, Window, refused_outside, slow, times_outside
from .mix import NEEDS

MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that was seen."""

    capacity: float
    """Operations a second, closed loop, their effects included."""
    per_second: float
    seconds: float
    samples: Sequence[Sample]
    refusals: Sequence[Refused]
    windows: Sequence[Window]
    wrong: Sequence[str]
    """Answers that were not right."""
    effects: int
    """Accounts, purchases, allocations and switches that were asked for."""
    not_found: Sequence[str]
    """What of them is not there exactly once, and what nobody asked for."""
    audit: Sequence[str]
    parked: Sequence[str]
    missing: Sequence[str]
    """Programs that were to be killed and were not."""

    def times(self) -> dict[str, Times]:
        """Of each kind, outside the windows."""
        return times_outside(self.samples, self.windows)

    def last_due(self) -> float:
        """When the last operation was due."""
        return max((each.due for each in self.samples), default=0.0)

    def verdict(self) -> list[str]:
        """Say what does not hold; nothing, where all does."""
        return [
            *self.wrong,
            *refused_outside(self.refusals, self.windows),
            *self.not_found,
            *(f"audit: {each}" for each in self.audit),
            *(f"{each} was parked" for each in self.parked),
            *(f"{each} was not killed" for each in self.missing),
            *(
                f"{each.program} was killed when the load was over: take more MINUTES"
                for each in self.windows
                if each.killed > self.last_due()
            ),
            *(f"{each.program} did not come back while its window lasted" for each in self.windows if not each.was_enough),
            *slow(self.times()),
        ]


def first_answer(run: Run, window: Window) -> float | None:
    """How long after the kill an operation that needs the program, and was due after it, had its answer; None: nothing is asked of it."""
    kinds = NEEDS.get(window.program, frozenset())
    after = [each.done for each in run.samples if each.kind in kinds and each.due > window.killed]
    return round(min(after) - window.killed, 2) if after else None


def as_json(run: Run) -> dict[str, Any]:
    """Give the figures."""
    return {
        "capacity_per_second": round(run.capacity, 1),
        "rate_per_second": round(run.per_second, 1),
        "seconds": run.seconds,
        "operations": len(run.samples),
        "outside_restarts_ms": {kind: {**asdict(each), "ratio": each.ratio} for kind, each in run.times().items()},
        "kills": [
            {
                "program": window.program,
                "back_after_seconds": None if window.back is None else round(window.back - window.killed, 2),
                "first_answer_after_seconds": first_answer(run, window),
                "window_seconds": round(window.ended - window.killed, 2),
                "refused": sum(window.meets(each.sent, each.at) for each in run.refusals),
            }
            for window in run.windows
        ],
        "wrong_answers": list(run.wrong),
        "effects": run.effects,
        "effects_not_found": list(run.not_found),
        "audit": list(run.audit),
        "parked": list(run.parked),
        "verdict": run.verdict(),
    }


def as_text(run: Run) -> str:
    """Give the figures, one table for the times and one for the kills, and the verdict."""
    told = as_json(run)
    lines = [
        f"capacity {told['capacity_per_second']}/s; asked {told['rate_per_second']}/s for {run.seconds:.0f} s",
        f"right answers: {told['operations']}",
        "",
        f"outside the restarts, from when it was due, ms {'count':>16} {'p50':>8} {'p99':>8} {'max':>8}  p99/p50",
        *(
            f"  {kind:<42} {each['count']:>16} {each['p50']:>8} {each['p99']:>8} {each['most']:>8}  {each['ratio']}"
            for kind, each in told["outside_restarts_ms"].items()
        ),
        "",
        f"{'killed':<22} {'back after s':>12} {'first answer':>12} {'window s':>9} {'refused':>8}",
        *(
            f"  {each['program']:<20} {each['back_after_seconds'] or '–':>12} {each['first_answer_after_seconds'] or '–':>12}"
            f" {each['window_seconds']:>9} {each['refused']:>8}"
            for each in told["kills"]
        ),
        "",
        f"effects asked for: {run.effects}; lost, doubled or strange: {len(run.not_found)}",
        f"wrong answers: {len(run.wrong)}; audit: {'; '.join(run.audit) or 'the books are right'}; parked: {len(run.parked)}",
    ]
    verdict = told["verdict"]
    if not verdict:
        return "\n".join([*lines, f"Everything holds; p99 is under {MOST_RATIO:.0f} × p50 for each kind and for all."])
    more = [f"… and {len(verdict) - MOST_SHOWN} more"] if len(verdict) > MOST_SHOWN else []
    return "\n".join([*lines, "", f"{len(verdict)} things do not hold:", *(f"  {each}" for each in verdict[:MOST_SHOWN]), *more])
