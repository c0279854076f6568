"""What a run showed, by kind of request; and what of it does not hold."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.endurance.load import Sample
from bench.endurance.restarts import Window

TAIL = 5.0
"""p99 of a kind is below this many times its p50, outside the restarts. All together are not judged: a quote costs ten reads."""
ENOUGH = 200
"""From so many answers on, a kind's own p99 is judged: the hundredth part of fewer is one answer or two."""


def figures(samples: Sequence[Sample]) -> dict[str, Any]:
    """The answers' times in milliseconds; refusals beside them."""
    answered = sorted((each.end - each.due) * 1000 for each in samples if not each.is_refusal)
    refused = Counter(str(each.status) for each in samples if each.is_refusal)
    if not answered:
        return {"answered": 0, "refused": dict(refused)}
    p50, p99 = answered[len(answered) // 2], answered[int(len(answered) * 0.99)]
    return {
        "answered": len(answered),
        "refused": dict(refused),
        "p50_ms": round(p50, 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(answered[-1], 1),
        "p99_to_p50": round(p99 / p50, 2),
    }


def judged(samples: Sequence[Sample], windows: Sequence[Window], given_up: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The report, and each claim that does not hold, as a sentence."""
    inside = [each for each in samples if any(window.touches(each.due, each.end) for window in windows)]
    within = set(map(id, inside))
    outside = [each for each in samples if id(each) not in within]
    kinds = sorted({each.kind for each in samples})
    apart = {kind: figures([each for each in outside if each.kind == kind]) for kind in kinds} | {"all": figures(outside)}
    report = {
        "outside_restarts": apart,
        "inside_restarts": {kind: figures([each for each in inside if each.kind == kind]) for kind in kinds} | {"all": figures(inside)},
        "restarts": [_restart(window, samples) for window in sorted(windows, key=lambda window: window.killed)],
    }
    wrong = Counter(f"{each.kind}: wrong answer {each.wrong}" for each in samples if each.wrong)
    lost = [each for each in inside if each.status == 0 and not _met_by(each, windows, "gateway serve")]
    wrong_things = [f"{count} × {what}" for what, count in wrong.most_common(20)]
    wrong_things += [f"given up: {what}" for what in given_up]
    refused = Counter((each.kind, each.status) for each in outside if each.is_refusal)
    wrong_things += [f"{kind}: {count} refused with {status} outside the restarts" for (kind, status), count in refused.items()]
    if lost:
        wrong_things.append(f"{len(lost)} connections lost while the gateway was there")
    if bare := sum(not each.has_wait for each in samples if each.is_refusal):
        wrong_things.append(f"{bare} refusals without Retry-After")
    wrong_things += [f"{window.victim} did not come back" for window in windows if window.ready == float("inf")]
    for kind, values in apart.items():
        if kind != "all" and values["answered"] >= ENOUGH and values["p99_to_p50"] >= TAIL:
            wrong_things.append(
                f"{kind}: p99 is {values['p99_to_p50']} × p50 outside the restarts ({values['p50_ms']}, {values['p99_ms']} ms)"
            )
    return report, wrong_things


def _met_by(sample: Sample, windows: Sequence[Window], victim: str) -> bool:
    return any(window.victim == victim and window.touches(sample.due, sample.end) for window in windows)


def _restart(window: Window, samples: Sequence[Sample]) -> dict[str, Any]:
    during = [each for each in samples if window.touches(each.due, each.end)]
    refused = [each for each in during if each.is_refusal]
    return {
        "process": window.victim,
        "ready_after_s": round(window.ready - window.killed, 1),
        "refused": len(refused),
        "last_refusal_after_s": round(max((each.end for each in refused), default=window.killed) - window.killed, 1),
        "longest_refusal_s": round(max((each.end - each.due for each in refused), default=0.0), 2),
    }


def printed(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = [f"\n{'':24} {'outside the restarts':^38} {'during restarts':^36}"]
    lines.append(
        f"{'':24} {'answers':>8} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'p99/p50':>8}  "
        f" {'answers':>8} {'refused':>8} {'p50 ms':>8} {'p99 ms':>8}"
    )
    for kind, out in report["outside_restarts"].items():
        into = report["inside_restarts"][kind]
        lines.append(
            f"{kind:24} {out['answered']:>8} {out.get('p50_ms', '–'):>8} {out.get('p99_ms', '–'):>8} {out.get('max_ms', '–'):>8}"
            f" {out.get('p99_to_p50', '–'):>8}   {into['answered']:>8} {sum(into['refused'].values()):>8}"
            f" {into.get('p50_ms', '–'):>8} {into.get('p99_ms', '–'):>8}"
        )
    lines.append("")
    lines += [
        f"{restart['process']:24} killed; ready after {restart['ready_after_s']} s; {restart['refused']} refused,"
        f" the last after {restart['last_refusal_after_s']} s, none took longer than {restart['longest_refusal_s']} s"
        for restart in report["restarts"]
    ]
    return "\n".join(lines)
