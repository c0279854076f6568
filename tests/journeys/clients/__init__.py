"""Client libraries that others wrote for the agency API: as they are in the registry, each in a folder of its own, for they share a name.

`<library>.txt` says which release, by its hash. What they stand on (requests) is the environment's.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.architecture.tree import ROOT

HERE = Path(__file__).parent
LIBRARIES = ("activecampaign", "active-campaign-python")
INSTALL_SECONDS = 120
CALL_SECONDS = 30


def installed(library: str) -> Path:
    """The folder that the library is in; it is fetched where it is not there yet."""
    folder = ROOT / ".local" / "clients" / library
    done = folder / "installed.txt"
    wanted = (HERE / f"{library}.txt").read_text()
    if not done.exists() or done.read_text() != wanted:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade")
        subprocess.run([*pip, "--target", folder, "-r", HERE / f"{library}.txt"], check=True, timeout=INSTALL_SECONDS)
        done.write_text(wanted)
    return folder


class Program:
    """A program of an agency's that is built on one of the libraries; each call is a process of its own."""

    def __init__(self, library: str, *, url: str, key: str) -> None:
        self.library = library
        self._folder = installed(library)
        self._url = url
        self._key = key

    def call(self, method: str, action: str, **parameters: str) -> dict[str, Any]:
        """Have the library make a call; give what it got, as it read it."""
        asked = {"url": self._url, "key": self._key, "method": method, "action": action, "parameters": parameters}
        driver = HERE / f"with_{self.library.replace('-', '_')}.py"
        environment = {**os.environ, "PYTHONPATH": str(self._folder)}
        ended = subprocess.run(
            [sys.executable, driver],
            input=json.dumps(asked),
            env=environment,
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        assert answer.pop("status") == 200, answer
        said: dict[str, Any] = answer["said"]
        return said
