"""Claims about lists of services and about decisions, and about the checks that hold them."""

from pathlib import Path

import pytest

from .conftest import write
from .names import LISTS, unlisted_services, unruly_decisions
from .tree import ROOT, hold


def test_every_list_of_services_is_whole() -> None:
    hold(unlisted_services(ROOT))


def test_decisions_are_numbered_and_short() -> None:
    hold(unruly_decisions(ROOT))


def test_the_small_tree_is_right(tree: Path) -> None:
    assert unlisted_services(tree) + unruly_decisions(tree) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_forgets_a_service_is_named(tree: Path, name: str) -> None:
    write(tree / name, "accounts gateway")
    [sentence] = unlisted_services(tree)
    assert sentence.startswith(f"{name} does not name billing: a new service is named there too")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("0002-long.md", "\n" * 41, "docs/decisions/0002-long.md has 41 lines: a decision is read whole, in 40 at most."),
        ("0001-other.md", "", "docs/decisions/0001-other.md has the number of 0001-one-thing.md: decisions are cited by number."),
        ("why.md", "", "docs/decisions/why.md should be called NNNN-title.md."),
    ],
)
def test_an_unruly_decision_is_named(tree: Path, name: str, text: str, said: str) -> None:
    write(tree / "docs/decisions" / name, text)
    assert unruly_decisions(tree) == [said]
