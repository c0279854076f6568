"""Claims about which tests show which requirement, and about the checks that hold them."""

import json
from pathlib import Path

import pytest

from .conftest import write
from .requirements import PAGE, ROWS, drifted, named, read, shown, unshown
from .requirements import write as write_page
from .tree import ROOT, hold

CONTENT = {
    "in_scope": ["R0.1–R0.3"],
    "shown_later": ["R0.3"],
    "rows": {"R0.1": "The list is sorted", "R0.2": "The list is searched", "R0.3": "The list is filtered", "R0.4": "The list is printed"},
}
TESTS = 'def test_the_list_is_sorted():\n    """R0.1."""\n\n\ndef test_the_list_is_searched():\n    """R0.2."""\n'
TEST = "services/accounts/tests/test_lists.py"


def test_every_requirement_in_scope_is_shown_by_a_test_or_said_to_come_later() -> None:
    hold(unshown(ROOT))


def test_the_committed_page_is_what_the_tests_show() -> None:
    hold(drifted(ROOT))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three requirements in scope, two tests, and the page made of them."""
    write(tmp_path / ROWS, json.dumps(CONTENT))
    for folder in ("tests", "libs", "deploy"):
        (tmp_path / folder).mkdir()
    write(tmp_path / TEST, TESTS)
    write_page(tmp_path)
    return tmp_path


def test_the_small_tree_is_right(small: Path) -> None:
    assert unshown(small) + drifted(small) == []
    assert f"| R0.1 | The list is sorted | `{TEST}::test_the_list_is_sorted` |" in (small / PAGE).read_text()
    assert "Of 3 rows in scope, 2 are shown" in (small / PAGE).read_text()
    assert "| R0.3 | The list is filtered | later |" in (small / PAGE).read_text()


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("R0.80.", ["R0.80"]),
        ("So it is (R0.9, R0.11).", ["R0.9", "R0.11"]),
        ("R0.80–R0.82.", ["R0.80", "R0.81", "R0.82"]),
        ("R0.80-R0.81, R3.4.", ["R0.80", "R0.81", "R3.4"]),
        ("R0.9–R3.4.", ["R0.9", "R3.4"]),
        ("ROW 0.9 of R0", []),
    ],
)
def test_a_text_names_rows_one_by_one_in_lists_and_in_ranges(said: str, rows: list[str]) -> None:
    assert named(said) == rows


def test_tests_and_state_machines_show_what_they_say_and_nothing_else_does(small: Path) -> None:
    machine = 'class Lists(stateful.RuleBasedStateMachine):\n    """R0.3."""\n\n    def rule(self):\n        """R0.4."""\n'
    write(
        small / "tests/journeys/test_all.py",
        f'"""R0.4."""\n\n{machine}\n\nclass TestLists:\n    def test_it(self):\n        """R0.1, R0.1."""\n',
    )
    write(small / "tests/journeys/world.py", 'def test_nothing():\n    """R0.4."""\n')
    assert shown(small) == {
        "R0.1": ["tests/journeys/test_all.py::test_it", f"{TEST}::test_the_list_is_sorted"],
        "R0.2": [f"{TEST}::test_the_list_is_searched"],
        "R0.3": ["tests/journeys/test_all.py::Lists"],
    }


def test_a_row_in_scope_that_nothing_shows_is_named_and_told_where_to_be(small: Path) -> None:
    write(small / TEST, TESTS.replace("R0.2", ""))
    [sentence] = unshown(small)
    assert sentence.startswith(
        'R0.2 is in scope and no test shows it (The list is searched): name it in the docstring of the test that does, `"""R0.2."""`'
    )


def test_a_row_that_is_shown_does_not_come_later_and_the_command_says_so(small: Path) -> None:
    write(small / TEST, TESTS.replace("R0.2", "R0.2–R0.3"))
    [sentence] = unshown(small)
    assert sentence.startswith(
        f"R0.3 is shown by {TEST}::test_the_list_is_searched, and {ROWS} says that it comes later: run `make requirements`"
    )
    write_page(small)
    assert read(small).shown_later == ()
    assert unshown(small) + drifted(small) == []


def test_what_comes_later_is_in_scope(small: Path) -> None:
    write(small / ROWS, json.dumps({**CONTENT, "shown_later": ["R0.3", "R0.4"]}))
    assert unshown(small) == [f"{ROWS}: R0.4 is said to come later, and is not in scope."]


def test_a_test_that_names_no_row_is_named(small: Path) -> None:
    write(small / TEST, TESTS.replace("R0.1", "R0.1, R0.77"))
    assert unshown(small) == [f"{TEST}::test_the_list_is_sorted names R0.77, which is no row of {ROWS}."]


def test_what_is_shown_beyond_the_scope_is_told_too(small: Path) -> None:
    write(small / TEST, TESTS.replace("R0.1", "R0.1, R0.4"))
    [sentence] = drifted(small)
    assert sentence == f"{PAGE} is not what the tests show: run `make requirements`, and commit what it writes."
    write_page(small)
    assert (
        f"Shown beyond the scope:\n\n| row | requirement | shown by |\n|---|---|---|\n| R0.4 | The list is printed | `{TEST}"
        in (small / PAGE).read_text()
    )


def test_a_page_that_is_missing_is_named(small: Path) -> None:
    (small / PAGE).unlink()
    assert len(drifted(small)) == 1
