"""Asking a platform, by schemathesis, for whatever docs/openapi.json allows, and for what it does not."""

import os
import subprocess
import sys
from pathlib import Path

from chassis.testing.processes import COVERAGE
from tests.architecture.tree import ROOT

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def ask(*arguments: str, url: str, key: str, key_id: str, most_seconds: float | None) -> int:
    """Run schemathesis with an API key and its id; give its exit code. What it found it prints, with a curl that does it again."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run", str(ROOT / "docs" / "openapi.json")]
    environment = {
        **{name: value for name, value in os.environ.items() if name != COVERAGE},  # nothing of ours runs in it
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "FUZZ_KEY": key,
        "FUZZ_KEY_ID": key_id,
    }
    return subprocess.run([*command, "--url", url, *arguments], cwd=ROOT, env=environment, check=False, timeout=most_seconds).returncode
