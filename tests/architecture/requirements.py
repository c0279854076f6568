"""Which tests show which requirement: `make requirements` writes docs/requirements.md from the rows and from what the tests say they show.

A test shows the rows that its docstring names: `R0.80.`, `R0.9, R0.11.`, `R0.80–R0.83.`.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .tree import ROOT, Source, sources

ROWS = "docs/requirements.json"
PAGE = "docs/requirements.md"
FOLDERS = ("tests", "libs", "services", "deploy")
STATE_MACHINE = "RuleBasedStateMachine"
NAMED = re.compile(r"R(\d+)\.(\d+)(?:\s*[–-]\s*R(\d+)\.(\d+))?")
HEAD = """\
# Requirements, and the tests that show them

Written by `make requirements` from [requirements.json](requirements.json) and the docstrings of the tests; not by hand.
"""
TABLE = "| row | requirement | shown by |\n|---|---|---|\n"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The requirements: their sentences by number, which of them are in scope, and which of those no test shows yet."""

    rows: dict[str, str]
    in_scope: tuple[str, ...]
    shown_later: tuple[str, ...]

    @property
    def wanted(self) -> list[str]:
        """The rows in scope, in order."""
        scope = {row for text in self.in_scope for row in named(text)}
        return [row for row in self.rows if row in scope]

    def to_json(self) -> str:
        """The committed file."""
        content: dict[str, Any] = {"in_scope": self.in_scope, "shown_later": self.shown_later, "rows": self.rows}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read(root: Path) -> Rows:
    """Read the committed rows."""
    content = json.loads((root / ROWS).read_text())
    return Rows(rows=content["rows"], in_scope=tuple(content["in_scope"]), shown_later=tuple(content["shown_later"]))


def named(text: str) -> list[str]:
    """Every row that a text names; a range within one document means all of them."""
    found: list[str] = []
    for match in NAMED.finditer(text):
        document, first, last_document, last = match.groups()
        if last is not None and last_document == document:
            found += [f"R{document}.{number}" for number in range(int(first), int(last) + 1)]
        else:
            found += [f"R{document}.{first}", *([f"R{last_document}.{last}"] if last else [])]
    return found


def shown(root: Path) -> dict[str, list[str]]:
    """The tests that show each row, as pytest names them."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for source in sources(root, root / folder):
            if source.path.name.startswith("test_"):
                for test, said in _docstrings(source):
                    for row in dict.fromkeys(named(said)):
                        found.setdefault(row, []).append(test)
    return found


def unshown(root: Path) -> list[str]:
    """Name each row in scope that nothing shows, each that is shown though it is said to come later, and each that is none."""
    rows, tests = read(root), shown(root)
    return [
        *(
            f"{row} is in scope and no test shows it ({rows.rows[row]}): name it in the docstring of the test that does,"
            f' `"""{row}."""`; shown_later in {ROWS} only becomes shorter.'
            for row in rows.wanted
            if row not in tests and row not in rows.shown_later
        ),
        *(
            f"{row} is shown by {tests[row][0]}, and {ROWS} says that it comes later: run `make requirements`, and commit what it writes."
            for row in rows.shown_later
            if row in tests
        ),
        *(f"{ROWS}: {row} is said to come later, and is not in scope." for row in rows.shown_later if row not in rows.wanted),
        *(f"{names[0]} names {row}, which is no row of {ROWS}." for row, names in tests.items() if row not in rows.rows),
    ]


def drifted(root: Path) -> list[str]:
    """Say where the committed page is not what is written now."""
    page = root / PAGE
    if page.exists() and page.read_text() == written(root):
        return []
    return [f"{PAGE} is not what the tests show: run `make requirements`, and commit what it writes."]


def written(root: Path) -> str:
    """The page."""
    rows, tests = read(root), shown(root)
    wanted = rows.wanted
    beyond = [row for row in rows.rows if row in tests and row not in wanted]
    return "\n".join(
        [
            HEAD,
            f"Of {len(wanted)} rows in scope, {sum(row in tests for row in wanted)} are shown; the others come later.\n",
            TABLE + "".join(_line(rows, tests, row) for row in wanted),
            "Shown beyond the scope:\n",
            TABLE + "".join(_line(rows, tests, row) for row in beyond),
        ]
    )


def write(root: Path) -> None:
    """Take what is shown off the list of what comes later, and write the page."""
    rows, tests = read(root), shown(root)
    later = tuple(row for row in rows.shown_later if row not in tests)
    (root / ROWS).write_text(Rows(rows=rows.rows, in_scope=rows.in_scope, shown_later=later).to_json())
    (root / PAGE).write_text(written(root))


def _line(rows: Rows, tests: dict[str, list[str]], row: str) -> str:
    return f"| {row} | {rows.rows[row]} | {'<br>'.join(f'`{test}`' for test in tests.get(row, ())) or 'later'} |\n"


def _docstrings(source: Source) -> Iterator[tuple[str, str]]:
    """What each test and each state machine of a file says, under its name."""
    for node in ast.walk(source.syntax):
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        is_machine = isinstance(node, ast.ClassDef) and any(STATE_MACHINE in ast.unparse(base) for base in node.bases)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (is_test or is_machine):
            yield f"{source.name}::{node.name}", ast.get_docstring(node) or ""


if __name__ == "__main__":
    write(ROOT)
    sys.exit("\n".join(unshown(ROOT)) or None)
