"""Client libraries that others wrote for the agency API: as they are in the registries, each in a folder of its own, for they share a name.

Which release, by the hashes of all that is fetched: `<library>.txt` for one of PyPI, `<library>/package-lock.json` for one of npm.
What those of PyPI stand on (requests) is the environment's.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.architecture.tree import ROOT

HERE = Path(__file__).parent
INSTALL_SECONDS = 180
CALL_SECONDS = 30
LINE = "\n"


class ClientFailed(Exception):
    """A library could not be fetched, or gave up on a call."""


def _by_pip(library: str, folder: Path) -> list[str]:
    """How to fetch a library of PyPI."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade"]
    return [*pip, "--target", str(folder), "-r", str(HERE / f"{library}.txt")]


def _by_npm(library: str, folder: Path) -> list[str]:
    """How to fetch a library of npm, and all that it stands on."""
    shutil.copytree(HERE / library, folder, dirs_exist_ok=True)
    return ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Libraries of one registry: how they are fetched, from which file of hashes, and what runs a program that uses them."""

    fetched_by: Callable[[str, Path], list[str]]
    hashes: str
    command: str
    ending: str
    path_variable: str
    inside: str = "."


PYTHON = Kind(fetched_by=_by_pip, hashes="{library}.txt", command=sys.executable, ending="py", path_variable="PYTHONPATH")
NODE = Kind(
    fetched_by=_by_npm,
    hashes="{library}/package-lock.json",
    command="node",
    ending="js",
    path_variable="NODE_PATH",
    inside="node_modules",
)
LIBRARIES: Mapping[str, Kind] = {"activecampaign": PYTHON, "active-campaign-python": PYTHON, "activecampaign-nodejs": NODE}


def installed(library: str) -> Path:
    """The folder that the library is in; it is fetched where it is not there yet. Raises `ClientFailed`."""
    kind = LIBRARIES[library]
    folder = ROOT / ".local" / "clients" / library
    done = folder / "installed.txt"
    wanted = (HERE / kind.hashes.format(library=library)).read_text()
    if not done.exists() or done.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        _run(kind.fetched_by(library, folder), what=f"fetching {library}", seconds=INSTALL_SECONDS)
        done.write_text(wanted)
    return folder / kind.inside


def _run(command: list[str], *, what: str, seconds: float, **options: Any) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, **options)
    except FileNotFoundError:
        raise ClientFailed(f"{what} needs {command[0]}, which this machine does not have: `make setup` installs it.") from None
    except subprocess.TimeoutExpired:
        raise ClientFailed(f"{what} took longer than {seconds:.0f} s.") from None
    if ended.returncode:
        raise ClientFailed(f"{what} failed: {(ended.stderr or ended.stdout).strip().rpartition(LINE)[2]}")
    return str(ended.stdout)


class Program:
    """A program of an agency's that is built on one of the libraries; each call is a process of its own."""

    def __init__(self, library: str, *, url: str, key: str) -> None:
        self.library = library
        self.url = url
        self.key = key
        self._kind = LIBRARIES[library]
        self._folder = installed(library)

    def call(self, method: str, action: str, **parameters: str) -> dict[str, Any]:
        """Have the library make a call; give what it got, as it read it. Raises `ClientFailed`."""
        asked = {"url": self.url, "key": self.key, "method": method, "action": action, "parameters": parameters}
        driver = HERE / f"with_{self.library.replace('-', '_')}.{self._kind.ending}"
        command = [self._kind.command, str(driver)]
        environment = {**os.environ, self._kind.path_variable: str(self._folder)}
        try:
            told = _run(command, what=f"{action} by {self.library}", seconds=CALL_SECONDS, input=json.dumps(asked), env=environment)
        except ClientFailed as failed:
            raise ClientFailed(str(failed).replace(self.key, "<the key>")) from None
        answer: dict[str, Any] = json.loads(told)
        if answer["status"] != 200:
            raise ClientFailed(f"{action} by {self.library} got HTTP {answer['status']}; it is always 200.")
        said: dict[str, Any] = answer["said"]
        return said
