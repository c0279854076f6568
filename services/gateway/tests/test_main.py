"""The command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

COMMITTED = Path(__file__).resolve().parents[3] / "docs/openapi.json"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), **environment}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], env=variables, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_document_is_written_without_a_broker() -> None:
    result = run("openapi", AMQP_URI="amqp://nobody:nothing@127.0.0.1:1//")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json.loads(COMMITTED.read_text())
    assert result.stdout == COMMITTED.read_text()


def test_a_variable_that_cannot_be_used_is_named() -> None:
    result = run("serve", WEB_THREADS="many")
    assert result.returncode == 1
    assert "WEB_THREADS='many' cannot be used" in result.stderr
    assert "Traceback" not in result.stderr
