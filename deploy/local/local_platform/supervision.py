"""Processes that are started together, watched, started again when they crash, and stopped in order."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from local_platform.output import Output
from local_servers.processes import kill_group, launch

TURN_SECONDS = 0.2
PROBE_SECONDS = 1.0
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A process that ran this long was well: its next crash begins the ladder of delays anew."""
READ_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process to keep running. Programs of a lower `rank` are stopped before those of a higher one."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    health_port: int
    rank: int


@dataclass(kw_only=True)
class Running:
    """A program and what became of it."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    backoff_seconds: float = FIRST_BACKOFF_SECONDS
    unfinished_line: bytes = field(default=b"", repr=False)


class NotReady(Exception):
    """Some programs did not get ready in time."""


class Supervisor:
    """Runs programs. Everything happens in the caller's thread, inside `turn`: the kernel ties our children's lives to it."""

    def __init__(self, output: Output, *, folder: Path) -> None:
        self._output = output
        self._folder = folder
        self._running: list[Running] = []
        self._selector = selectors.DefaultSelector()
        self._ending = False

    def start(self, programs: Iterable[Program]) -> None:
        """Start the programs and keep them running from now on."""
        for program in programs:
            running = Running(program=program)
            self._running.append(running)
            self._launch(running)

    def wait_until_ready(self, seconds: float) -> None:
        """Turn until every program says that it is ready; raise NotReady with the names of those that do not."""
        waiting = [running.program for running in self._running]
        deadline = time.monotonic() + seconds
        while waiting:
            self.turn()
            waiting = [program for program in waiting if not is_ready(program)]
            if waiting and time.monotonic() > deadline:
                for program in waiting:
                    self._output.alarm(f"{program.name} is not ready.", about=program.name)
                raise NotReady(f"Not ready after {seconds:.0f} s: {', '.join(program.name for program in waiting)}.")

    def turn(self) -> None:
        """Pass on what was written, notice who ended, start again who is due. Takes at most TURN_SECONDS when nothing happens."""
        for key, _ in self._selector.select(TURN_SECONDS):
            self._read(key.data)
        now = time.monotonic()
        for running in self._running:
            if running.process is not None and running.process.poll() is not None:
                self._notice_end(running, now)
            elif running.process is None and not self._ending and now >= running.start_again_at:
                self._launch(running)

    def stop(self, *, seconds: float) -> None:
        """Ask rank after rank to end (work in hand is finished first), and kill what is left after the deadline."""
        self._ending = True
        for rank in sorted({running.program.rank for running in self._running}):
            deadline = time.monotonic() + seconds
            members = [running for running in self._running if running.program.rank == rank]
            for running in members:
                if running.process is not None:
                    running.process.send_signal(signal.SIGTERM)
            while any(running.process is not None for running in members) and time.monotonic() < deadline:
                self.turn()
            for running in members:
                if running.process is not None:
                    self._output.alarm(f"{running.program.name} did not end within {seconds:.0f} s and was killed.")
                    kill_group(running.process)
                    self.turn()

    def kill(self) -> None:
        """End everything at once."""
        self._ending = True
        for running in self._running:
            if running.process is not None:
                kill_group(running.process)
                self._drain(running, running.process)
                running.process = None

    def _launch(self, running: Running) -> None:
        program = running.program
        running.process = process = launch(program.command, output=None, environment=program.environment, folder=self._folder)
        running.started_at = time.monotonic()
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, running)

    def _read(self, running: Running) -> None:
        stream = running.process.stdout if running.process else None
        if stream is None:
            return
        try:
            chunk = os.read(stream.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(stream)
        *lines, running.unfinished_line = (running.unfinished_line + chunk).split(b"\n")
        for line in lines:
            self._output.line(running.program.name, line)

    def _notice_end(self, running: Running, now: float) -> None:
        process, running.process = running.process, None
        if process is None:
            return
        self._drain(running, process)
        kill_group(process)  # what it left behind
        if self._ending:
            return
        if now - running.started_at > STEADY_SECONDS:
            running.backoff_seconds = FIRST_BACKOFF_SECONDS
        running.start_again_at = now + running.backoff_seconds
        self._output.alarm(
            f"{running.program.name} ended with code {process.returncode}; it is started again in {running.backoff_seconds:.0f} s.",
            about=running.program.name,
        )
        running.backoff_seconds = min(2 * running.backoff_seconds, LONGEST_BACKOFF_SECONDS)

    def _drain(self, running: Running, process: subprocess.Popen[bytes]) -> None:
        """Pass on the last words of a process that ended."""
        stream = process.stdout
        if stream is None:
            return
        if stream in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(stream)
            with contextlib.suppress(BlockingIOError):  # what it started may hold the pipe open still, with nothing in it
                running.unfinished_line += os.read(stream.fileno(), READ_BYTES)
        stream.close()
        for line in running.unfinished_line.splitlines():
            self._output.line(running.program.name, line)
        running.unfinished_line = b""


def is_ready(program: Program) -> bool:
    """Whether the program's health port answers /readyz with success."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{program.health_port}/readyz", timeout=PROBE_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # refused, reset, timed out, or an HTTP error: not yet
        return False
