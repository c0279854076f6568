"""The commands of the Makefile, and those that need a running platform."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from local_platform.lock import FolderLock

REPOSITORY = Path(__file__).parents[3]
MODULES = re.findall(r"\$\(PYTHON\) (?:-W ignore )?-m (\S+)", (REPOSITORY / "Makefile").read_text())


@pytest.mark.parametrize("module", sorted(set(MODULES)))
def test_a_module_that_the_makefile_runs_does_something_when_it_is_run(module: str) -> None:
    spec = find_spec(module)
    if spec and spec.submodule_search_locations:
        spec = find_spec(f"{module}.__main__")

    assert spec
    assert spec.origin
    assert '\nif __name__ == "__main__":\n' in Path(spec.origin).read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile, set up."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for made in ("requirements-dev.lock", "deploy/local/set-up", ".venv/.ready"):
        (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / made).touch()
    return tmp_path


def asked(checkout: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("was_up_before", [False, True])
@pytest.mark.parametrize("target", ["audit", "catalogue", "endure", "foreign", "fuzz", "migrate", "parking-lot"])
def test_a_command_for_the_running_platform_says_how_to_start_it_where_none_runs(target: str, was_up_before: bool, checkout: Path) -> None:
    if was_up_before:
        (checkout / ".local").mkdir()
        (checkout / ".local" / "demo.env").write_text("COMPTOIR_API_KEY=of-the-last-time\n")

    answer = asked(checkout, target)

    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == "Nothing runs here: start 'make up' in another terminal, and wait for its \"ready\"."


def test_a_command_for_the_running_platform_is_given_its_addresses_and_keys(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$@; the environment has $COMPTOIR_DATABASE_URL_CREDITS"\n')
    python.chmod(0o755)
    lock = FolderLock(checkout / ".local")
    lock.acquire()
    try:
        (checkout / ".local" / "demo.env").write_text(
            "COMPTOIR_DATABASE_URL_BILLING=postgresql://there/billing\nCOMPTOIR_DATABASE_URL_CREDITS=postgresql://there/credits\n"
        )
        answer = asked(checkout, "audit")
    finally:
        lock.release()

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == (
        "-m chassis.audit billing=postgresql://there/billing credits=postgresql://there/credits"
        "; the environment has postgresql://there/credits\n"
    )
