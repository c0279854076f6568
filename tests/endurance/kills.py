"""Killing each program of the running platform once; the platform's supervisor starts it again."""

import asyncio
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import psutil

from local_platform.programs import APART
from local_platform.settings import SERVICES

from .figures import Refused, Window, end_of_window

PROGRAMS = (
    *(f"{service}.serve" for service in SERVICES),
    *(f"{service}.events" for service in APART),
    *(f"{service}.relay" for service in SERVICES),
    "gateway",
)
LOOK_SECONDS = 0.1
PROBE_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
"""How long the next kill waits for a program that is not back when its window ends."""


class NoSuchProgram(Exception):
    """The platform of this folder does not run it."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A program that runs."""

    process: psutil.Process
    ready_url: str


def supervisor_of(folder: Path) -> psutil.Process:
    """Find the supervisord of the platform whose data are in `folder`; raise NoSuchProgram."""
    for process in psutil.process_iter():
        try:
            if "supervisor.supervisord" in process.cmdline() and Path(process.cwd()) == folder:
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # somebody else's, or one that has just ended
            continue
    raise NoSuchProgram(f"no supervisord runs in {folder}: start the platform with `make up`")


def running(supervisor: psutil.Process, *, gateway_url: str) -> dict[str, Running]:
    """Find the programs that a supervisord runs: its children."""
    found = {}
    for process in supervisor.children():
        try:
            *_, service, what = process.cmdline()
            settings = process.environ()
        except (psutil.NoSuchProcess, ValueError):  # it has just ended
            continue
        url = gateway_url if service == "gateway" else f"http://127.0.0.1:{settings.get('HEALTH_PORT', '')}"
        what = "events" if settings.get("RPC_WORKERS") == "0" else what
        found["gateway" if service == "gateway" else f"{service}.{what}"] = Running(process=process, ready_url=f"{url}/readyz")
    return found


class Killer:
    """Kills one program after the other, and watches each come back."""

    def __init__(self, folder: Path, *, gateway_url: str, refusals: Sequence[Refused], say: Callable[[str], None]) -> None:
        self.windows: list[Window] = []
        self._find: Callable[[], dict[str, Running]] = partial(running, supervisor_of(folder), gateway_url=gateway_url)
        self._refusals = refusals
        self._say = say

    def look(self) -> None:
        """Raise NoSuchProgram unless everything runs that is to be killed."""
        if missing := set(PROGRAMS) - self._find().keys():
            raise NoSuchProgram(f"not running here: {', '.join(sorted(missing))}")

    async def each_once(self, *, within_seconds: float) -> None:
        """Kill each program once, evenly spread over the time, none while another one's window lasts."""
        begin = monotonic()
        for number, name in enumerate(PROGRAMS, start=1):
            await asyncio.sleep(max(0.0, begin + within_seconds * number / (len(PROGRAMS) + 1) - monotonic()))
            self.windows.append(await self._kill(name))

    async def _kill(self, name: str) -> Window:
        program = (await asyncio.to_thread(self._find))[name].process
        killed = monotonic()
        for process in [program, *program.children(recursive=True)]:  # the parent first: it would replace its children
            process.kill()
        back, ended = None, None
        first_seen = len(self._refusals)
        while ended is None or (back is None and monotonic() < killed + PATIENCE_SECONDS):
            await asyncio.sleep(LOOK_SECONDS)
            if back is None and await asyncio.to_thread(self._is_back, name, program.pid):
                back = monotonic()
            refused = (each.at for each in self._refusals[first_seen:])
            ended = ended or end_of_window(killed=killed, back=back, refusals=refused, now=monotonic())
        self._say(f"{name} killed; back {'never' if back is None else f'after {back - killed:.1f} s'}; window {ended - killed:.1f} s")
        return Window(program=name, killed=killed, back=back, ended=ended)

    def _is_back(self, name: str, killed_pid: int) -> bool:
        now = self._find().get(name)
        if now is None or now.process.pid == killed_pid:
            return False
        try:
            with urllib.request.urlopen(now.ready_url, timeout=PROBE_SECONDS) as answer:  # noqa: S310  the platform's own address
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False
