"""schemathesis against the whole platform: whatever is asked, what is answered is what docs/openapi.json says.

`make fuzz` asks for as long as one likes, something else each time; `make test` for a moment, and the same each time.
"""

import os
import subprocess
import sys
from pathlib import Path

from chassis.testing.processes import COVERAGE
from tests.architecture.tree import ROOT

from .conftest import Agency, Platform

CONFIGURATION = Path(__file__).parent / "fuzz" / "schemathesis.toml"
MINUTES = os.environ.get("FUZZ_MINUTES")
SHORT = (
    ("--phases", "examples,fuzzing", "--max-examples", "3", "--generation-deterministic"),
    ("--phases", "stateful", "--max-examples", "100", "--generation-deterministic"),
)
"""What is sent alone, right and wrong; and what follows links. Some ten seconds each."""
MOST_SECONDS = 120
"""Of a short one, on a machine that is busy with other things."""


def asked(agency: Agency, *arguments: str) -> int:
    """Run schemathesis as this new agency; give its exit code. What it found it prints, with a curl that does it again."""
    [own] = agency.get("/v1/api-keys").json()["data"]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run", str(ROOT / "docs" / "openapi.json")]
    environment = {
        **{name: value for name, value in os.environ.items() if name != COVERAGE},  # nothing of ours runs in it
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "FUZZ_KEY": agency.key,
        "FUZZ_KEY_ID": own["id"],
    }
    done = subprocess.run(
        [*command, "--url", agency.url, *arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=MOST_SECONDS if MINUTES is None else None,
    )
    return done.returncode


def test_nothing_that_is_asked_finds_a_failure_or_an_answer_that_the_document_does_not_name(platform: Platform) -> None:
    runs = SHORT if MINUTES is None else (("--max-time", str(int(float(MINUTES) * 60))),)
    codes = [asked(platform.agency(), *arguments) for arguments in runs]
    assert codes == [0] * len(runs), "schemathesis says above what it found"
    assert platform.bus.parked() == []
