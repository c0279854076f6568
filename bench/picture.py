"""Curves by the number of clients, as SVG: one panel below the other, a line each, both axes logarithmic, in light and in dark."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

WIDTH, LEFT, RIGHT = 820, 64, 200
PANEL, ABOVE, BELOW = 220, 34, 40
COLOURS = ("#8a8a8a", "#b58900", "#0a7bd4", "#d7431d", "#8b5cf6", "#0f9d76", "#d6409f", "#64748b")
"""Of the lines in their order; told apart on white and on black, and most of them by those who see few colours."""
DASHED = 2
"""The first lines are what ours is measured against."""
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.axis { stroke: #8884; stroke-width: 1 }
.title { font-weight: 600 }
.ground { fill: #fff }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ground { fill: #0d1117 } }
"""

Curves = Mapping[str, Sequence[Mapping[str, Any]]]
"""Points by the name of the line; each has `clients` and the figures."""


def drawn(curves: Curves, panels: Sequence[tuple[str, str]]) -> str:
    """Draw a panel for each title and figure."""
    height = len(panels) * (ABOVE + PANEL + BELOW)
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}", role="img")
    SubElement(root, "title").text = "; ".join(title for title, _ in panels) + ", by number of clients"
    SubElement(root, "style").text = STYLE
    SubElement(root, "rect", {"class": "ground", "width": "100%", "height": "100%"})
    for number, (title, figure) in enumerate(panels):
        _panel(root, curves, title, figure, top=number * (ABOVE + PANEL + BELOW) + ABOVE)
    return tostring(root, encoding="unicode") + "\n"


def _panel(root: Element, curves: Curves, title: str, figure: str, *, top: int) -> None:
    panel = SubElement(root, "g", {"class": "panel"})
    _text(panel, LEFT, top - 14, title, kind="title")
    clients = sorted({point["clients"] for points in curves.values() for point in points})
    values = [point[figure] for points in curves.values() for point in points]
    across = _Scale(clients[0], clients[-1], LEFT, WIDTH - RIGHT)
    ticks = _ticks(min(values), max(values))
    up = _Scale(ticks[0], ticks[-1], top + PANEL, top)
    for tick in ticks:
        _line(panel, (LEFT, up(tick)), (WIDTH - RIGHT, up(tick)))
        _text(panel, LEFT - 8, up(tick) + 4, f"{tick:g}", anchor="end")
    for count in clients:
        _line(panel, (across(count), top), (across(count), top + PANEL))
        _text(panel, across(count), top + PANEL + 18, f"{count} client" if count == 1 else str(count), anchor="middle")
    for number, (name, points) in enumerate(curves.items()):
        path = " ".join(f"{across(point['clients']):.1f},{up(point[figure]):.1f}" for point in points)
        colour = {"stroke": COLOURS[number % len(COLOURS)], **({"stroke-dasharray": "5 4"} if number < DASHED else {})}
        SubElement(SubElement(panel, "polyline", {"points": path, **colour}), "title").text = name
        _legend(panel, name, colour, top + 10 + 22 * number)


def _legend(panel: Element, name: str, colour: Mapping[str, str], y: float) -> None:
    start = WIDTH - RIGHT + 14
    SubElement(panel, "line", {**_ends((start, y), (start + 18, y)), "stroke-width": "2", **colour})
    _text(panel, start + 25, y + 4, name)


class _Scale:
    """From values to the picture, logarithmically."""

    def __init__(self, lowest: float, highest: float, start: float, end: float) -> None:
        self._lowest, self._start = math.log(lowest), start
        self._unit = (end - start) / (math.log(highest) - self._lowest or 1)

    def __call__(self, value: float) -> float:
        return self._start + (math.log(value) - self._lowest) * self._unit


def _ticks(lowest: float, highest: float) -> list[float]:
    """1, 2 and 5 of every power of ten, from the last below all values to the first above them."""
    powers = range(math.floor(math.log10(lowest)) - 1, math.ceil(math.log10(highest)) + 1)
    every = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    first = max(tick for tick in every if tick <= lowest)
    last = min(tick for tick in every if tick >= highest)
    return [tick for tick in every if first <= tick <= last]


def _text(parent: Element, x: float, y: float, text: str, *, kind: str = "", anchor: str = "start") -> None:
    SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "class": kind}).text = text


def _line(parent: Element, start: tuple[float, float], end: tuple[float, float]) -> None:
    SubElement(parent, "line", {"class": "axis", **_ends(start, end)})


def _ends(start: tuple[float, float], end: tuple[float, float]) -> dict[str, str]:
    return {"x1": f"{start[0]:.1f}", "y1": f"{start[1]:.1f}", "x2": f"{end[0]:.1f}", "y2": f"{end[1]:.1f}"}
