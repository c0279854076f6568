"""Starting and ending a server's process."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

POLL_SECONDS = 0.05
KILL_SECONDS = 10


class ServerFailed(Exception):
    """A server did not start, or did not do what it was asked; the message holds the end of its log."""


def launch(
    command: Sequence[str],
    *,
    output: Path | None,
    environment: Mapping[str, str],
    folder: Path = Path("/"),
    user: str | None = None,
    parent_death_signal: str = "TERM",
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C reaches us alone and its whole group can be ended.

    Its output is appended to a file, or left to be read from the process's `stdout`. From the main thread, the process is told to end when
    we die. The kernel ties this to the thread that forks: a server started in a helper thread would end with that, so it is not told.
    """
    options: list[str] = []
    if user is not None:
        options += ["--reuid", user, "--regid", user, "--init-groups"]
    if threading.current_thread() is threading.main_thread():
        options += ["--pdeathsig", parent_death_signal]
    with contextlib.ExitStack() as stack:
        return subprocess.Popen(
            with_privileges(command, *options) if options else command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else stack.enter_context(output.open("ab")),
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
            cwd=folder,
        )


def with_privileges(command: Sequence[str], *options: str) -> list[str]:
    """Return the command run under these options of setpriv; `--pdeathsig KILL` ties its life to that of the thread that starts it."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerFailed("The program setpriv (package util-linux) is missing: run `make setup`.")
    return [setpriv, *options, *command]


def wait_until(ready: Callable[[], bool], *, process: subprocess.Popen[bytes], log: Path, seconds: float, what: str) -> None:
    """Poll until the server is ready; raise ServerFailed with the end of its log when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise ServerFailed(f"{what} ended with code {process.returncode} while it started:\n{tail(log)}")
        if time.monotonic() > deadline:
            kill_group(process)
            raise ServerFailed(f"{what} was not ready after {seconds:.0f} s:\n{tail(log)}")
        time.sleep(POLL_SECONDS)


def end(process: subprocess.Popen[bytes], *, with_signal: signal.Signals, seconds: float) -> None:
    """Ask the process to end, and kill its group when it does not in time."""
    if process.poll() is None:
        process.send_signal(with_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started, also what made a group of its own, as PostgreSQL's backends do."""
    started: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        started = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError):  # all gone already
        os.killpg(process.pid, signal.SIGKILL)
    for each in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    deadline = time.monotonic() + KILL_SECONDS
    while any(_lives(each) for each in started) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    process.wait(timeout=KILL_SECONDS)


def _lives(process: psutil.Process) -> bool:
    """Whether it runs; one that ended may wait long for an init process that notices."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
