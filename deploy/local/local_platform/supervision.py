"""The local processes under supervisord: it starts them, writes their logs, starts them again when they crash, and stops them in order."""

import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from local_platform.output import Output
from local_servers.processes import KILL_SECONDS, ServerFailed, kill_group, launch, tail, with_privileges

TURN_SECONDS = 0.1
PROBE_SECONDS = 1.0
SUPERVISORD = "supervisord"
MANAGER = """\
[supervisord]
nodaemon = true
nocleanup = true
logfile = /dev/null
logfile_maxbytes = 0
"""
PROGRAM = """
[program:{name}]
command = {command}
environment = {environment}
startsecs = 60
startretries = 1000000
autorestart = true
stopwaitsecs = {drain_seconds}
killasgroup = true
stdout_logfile = logs/{name}.log
stdout_logfile_maxbytes = 0
redirect_stderr = true
"""
"""Who crashes within `startsecs` waits before it is started again, a second longer each time; who ran that long comes back at once."""
RANK = """
[group:rank-{rank}]
programs = {names}
priority = -{rank}
"""
"""Groups are stopped one after the other, the highest priority first."""
SAID = re.compile(rb"exited: (?P<ended>\S+) \((?P<how>.+); (?:not )?expected\)$|killing '(?P<killed>\S+)' \(\d+\) with SIGKILL$")
"""What supervisord's log says of a program: neither its RPC nor its events tell the exit code of one that ended soon after its start."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process to keep running. Programs of a lower `rank` are stopped before those of a higher one."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    """What it reads beyond what all of them do, without double quotes."""
    health_port: int
    rank: int


class NotReady(Exception):
    """Some programs did not get ready in time."""


class Supervisor:
    """Runs programs, and passes on what they say and what became of them."""

    def __init__(self, output: Output, *, folder: Path, drain_seconds: int) -> None:
        self._output = output
        self._folder = folder
        self._drain_seconds = drain_seconds
        self._programs: list[Program] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._passed_on: dict[str, int] = {}
        self._ending = False

    def start(self, programs: list[Program], *, environment: Mapping[str, str]) -> None:
        """Start the programs and keep them running from now on."""
        self._programs = programs
        for name in (SUPERVISORD, *(program.name for program in programs)):
            self._log_of(name).parent.mkdir(parents=True, exist_ok=True)
            self._log_of(name).touch()
            self._passed_on[name] = self._log_of(name).stat().st_size
        configuration = self._folder / "supervisord.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration())
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", configuration.name]
        self._process = launch(command, output=self._log_of(SUPERVISORD), environment=environment, folder=self._folder)

    def wait_until_ready(self, seconds: float) -> None:
        """Turn until every program says that it is ready; raise NotReady with the names of those that do not."""
        waiting = self._programs
        deadline = time.monotonic() + seconds
        while waiting:
            self.turn()
            waiting = [program for program in waiting if not is_ready(program)]
            if waiting and time.monotonic() > deadline:
                for program in waiting:
                    self._output.alarm(f"{program.name} is not ready.", about=program.name)
                raise NotReady(f"Not ready after {seconds:.0f} s: {', '.join(program.name for program in waiting)}.")

    def turn(self) -> None:
        """Wait for TURN_SECONDS, then pass on what was said; raise ServerFailed when supervisord is gone, and all programs with it."""
        time.sleep(TURN_SECONDS)
        code = self._process.poll() if self._process else None
        self._pass_on()
        if code is not None and not self._ending:
            raise ServerFailed(f"supervisord ended with code {code}:\n{tail(self._log_of(SUPERVISORD))}")

    def stop(self) -> None:
        """Have rank after rank end (work in hand is finished first); who does not in time is killed."""
        self._ending = True
        if self._process:
            self._process.terminate()
            deadline = time.monotonic() + len({program.rank for program in self._programs}) * (self._drain_seconds + KILL_SECONDS)
            while self._process.poll() is None and time.monotonic() < deadline:
                self.turn()
        self.kill()

    def kill(self) -> None:
        """End everything at once."""
        self._ending = True
        if self._process:
            kill_group(self._process)
            self._pass_on(to_the_end=True)

    def _pass_on(self, *, to_the_end: bool = False) -> None:
        for said in filter(None, map(SAID.search, self._new_lines(SUPERVISORD))):
            name = (said["ended"] or said["killed"]).decode()
            self._show(name, to_the_end=True)
            if said["killed"]:
                self._output.alarm(f"{name} did not end within {self._drain_seconds} s and was killed.")
            elif not self._ending:
                self._output.alarm(f"{name} ended: {said['how'].decode()}; it is started again.", about=name)
        for program in self._programs:
            self._show(program.name, to_the_end=to_the_end)

    def _show(self, name: str, *, to_the_end: bool) -> None:
        for line in self._new_lines(name, to_the_end=to_the_end):
            self._output.line(name, line)

    def _new_lines(self, name: str, *, to_the_end: bool = False) -> list[bytes]:
        """Return what was added to a log; a line that is not finished yet is left for the next time, unless this is the end."""
        with self._log_of(name).open("rb") as log:
            log.seek(self._passed_on[name])
            added = log.read()
        if not to_the_end:
            added = added[: added.rfind(b"\n") + 1]
        self._passed_on[name] += len(added)
        return added.splitlines()

    def _log_of(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _configuration(self) -> str:
        programs = [
            PROGRAM.format(
                name=program.name,
                command=shlex.join(with_privileges(program.command, "--pdeathsig", "KILL")),
                environment=",".join(f'{name}="{value}"' for name, value in program.environment.items()),
                drain_seconds=self._drain_seconds,
            )
            for program in self._programs
        ]
        ranks = [
            RANK.format(rank=rank, names=",".join(program.name for program in self._programs if program.rank == rank))
            for rank in {program.rank for program in self._programs}
        ]
        return "".join([MANAGER, *programs, *ranks]).replace("%", "%%")  # a percent sign of ours means nothing to it


def is_ready(program: Program) -> bool:
    """Whether the program's health port answers /readyz with success."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{program.health_port}/readyz", timeout=PROBE_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # refused, reset, timed out, or an HTTP error: not yet
        return False
