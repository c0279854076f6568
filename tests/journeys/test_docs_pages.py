"""The pages of docs/ for developers elsewhere are true: what they say to type is typed, and what they say comes back comes back."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

from .conftest import Agency, Platform

PAGES = ("accounts", "money", "credits", "errors", "idempotency", "paging", "agency-api")
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
EXPECTED = re.compile(r"   # (.+)$", re.MULTILINE)
PAGE_SECONDS = 60


def typed(agency: Agency, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what a page says, as this agency."""
    environment = {**os.environ, "COMPTOIR_URL": agency.url, "COMPTOIR_API_KEY": agency.key}
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PAGE_SECONDS,
    )


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_is_true_word_by_word(platform: Platform, page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    told = typed(platform.agency(), "\n".join(BLOCK.findall(text)), tmp_path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [expected for block in BLOCK.findall(text) for expected in EXPECTED.findall(block)], told.stderr


def test_every_page_is_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page for page in PAGES if f"(docs/{page}.md)" not in readme] == []
