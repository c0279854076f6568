"""What docs/performance.md shows is what was measured."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from bench import performance
from bench.__main__ import RESULTS

SVG = "{http://www.w3.org/2000/svg}"
PANELS = 3


def _point(clients: int) -> dict[str, Any]:
    return {
        "clients": clients,
        "per_second": 90.0 * clients,
        "p50_ms": 0.07 * clients,
        "p99_ms": 1200.0 / clients,
        "turned_away": clients - 1,
    }


@pytest.fixture
def results() -> dict[str, Any]:
    curves = {name: [_point(1), _point(64)] for name in performance.CALLED}
    return {"doors": {"clients": [1, 64], "read_to_stock": [2.0, 1.9], "read_to_limit": [0.7, 0.6], "curves": curves}}


def test_the_picture_has_a_line_for_each_thing_measured(results: dict[str, Any]) -> None:
    picture = ET.fromstring(performance.picture(results))  # noqa: S314  ours
    for panel in picture.iterfind(f"{SVG}g"):
        lines = panel.findall(f"{SVG}polyline")
        assert [line.findtext(f"{SVG}title") for line in lines] == list(performance.CALLED.values())
        assert len({line.get("stroke") for line in lines}) == len(lines)
    assert len(picture.findall(f"{SVG}g")) == PANELS


def test_every_point_is_inside_the_picture(results: dict[str, Any]) -> None:
    picture = ET.fromstring(performance.picture(results))  # noqa: S314  ours
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    points = [pair.split(",") for line in picture.iter(f"{SVG}polyline") for pair in line.attrib["points"].split()]
    assert all(0 < float(x) < width and 0 < float(y) < height for x, y in points)


def test_a_table_has_a_row_for_each_thing_measured_and_the_ratios(results: dict[str, Any]) -> None:
    rows = performance.table(results["doors"]).splitlines()
    assert rows[:3] == ["| clients | 1 | 64 |", "| --- | --: | --: |", "| stock | 90 · 0.1 · 1200.0 | 5760 · 4.5 · 18.8, 63 turned away |"]
    assert rows[-1] == "| the read to limit | **0.7 ×** | **0.6 ×** |"
    assert len(rows) == 2 + len(performance.CALLED) + 2


def test_the_page_and_its_picture_show_the_last_results() -> None:
    measured = json.loads(RESULTS.read_text())
    page = performance.PAGE.read_text()
    wrong = "docs/performance.md is not what bench/results.json says: run `python -m bench doors`, which measures and writes both."
    assert performance.with_figures(page, measured) == page, wrong
    assert performance.picture(measured) == performance.PICTURE.read_text(), wrong
