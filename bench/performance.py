"""The figures as people read them: the tables and the picture of docs/performance.md, made of bench/results.json."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bench.costs import KINDS
from bench.picture import drawn
from bench.platform import ROOT

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance-doors.svg"
SECTION = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- /figures -->)", re.DOTALL)

CALLED = {
    "stock": "stock",
    "limit": "limit",
    "read": "GET /v1/accounts/{id}",
    "page": "GET /v1/accounts?…",
    "quote": "POST /v1/quotes",
    "open": "POST /v1/accounts",
    "api_read": "api.php account_status",
    "api_write": "api.php account_edit",
}


def write(results: dict[str, Any]) -> None:
    """Bring the page and its picture up to date with the results."""
    if "doors" in results:
        PAGE.write_text(with_figures(PAGE.read_text(), results))
        PICTURE.write_text(picture(results))


def with_figures(page: str, results: dict[str, Any]) -> str:
    """The page with these figures in the section that is theirs."""
    return SECTION.sub(lambda _found: _figures(results), page)


def picture(results: dict[str, Any]) -> str:
    """Draw what clients get of each door, by how many they are."""
    curves = {CALLED[name]: points for name, points in results["doors"]["curves"].items()}
    panels = (("Requests a second", "per_second"), ("Half are answered within (ms)", "p50_ms"), ("99 % are answered within (ms)", "p99_ms"))
    return drawn(curves, panels)


def table(result: dict[str, Any]) -> str:
    """Requests a second, p50 and p99 of each curve by the number of clients, and the ratios of the read."""
    rows = [[CALLED[name], *map(_cell, points)] for name, points in result["curves"].items()]
    rows += [[f"the read to {other}", *(f"**{ratio} ×**" for ratio in result[f"read_to_{other}"])] for other in ("stock", "limit")]
    return _rows(["clients", *map(str, result["clients"])], rows)


def _figures(results: dict[str, Any]) -> str:
    doors, machine = results["doors"], results["machine"]
    costs = [[CALLED[name], *(str(cost[kind]) for kind in KINDS), str(sum(cost.values()))] for name, cost in doors["costs"].items()]
    return "\n".join(
        [
            f"Taken {doors['measured_at'][:10]} on {machine['cores']} cores, Python {machine['python']}, {doors['seconds']:g} s a point.",
            "Requests a second · p50 · p99, in milliseconds:",
            "",
            table(doors),
            "",
            "Processor time of a request at 8 clients, in microseconds, by kind of process:",
            "",
            _rows(["", *KINDS, "in all"], costs),
            "",
        ]
    )


def _cell(point: dict[str, Any]) -> str:
    turned_away = f", {point['turned_away']} turned away" if point["turned_away"] else ""
    return f"{point['per_second']:.0f} · {point['p50_ms']:.1f} · {point['p99_ms']:.1f}{turned_away}"


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
