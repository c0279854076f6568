"""Killing the processes of `make up`, one after the other, and seeing them come back by its supervisor."""

import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

SETTLE_SECONDS = 5.0
"""A window is open for so long after the process is ready again: starting takes the processor from the others."""
READY_SECONDS = 60.0
POLL_SECONDS = 0.1
SERVICES = ("identity", "accounts", "billing", "credits", "snapshots", "notifications")
VICTIMS = ("gateway serve", *(f"{service} {what}" for service in SERVICES for what in ("serve", "relay")))


@dataclass(kw_only=True)
class Window:
    """One kill. Times on the monotonic clock; `ready` is infinite while it is not back."""

    victim: str
    killed: float
    ready: float = float("inf")

    def touches(self, begin: float, end: float) -> bool:
        """Whether something that lasted so long met the restart."""
        return begin <= self.ready + SETTLE_SECONDS and end >= self.killed


class Killer:
    """Kills each process once, spread over the time of the load."""

    def __init__(self, folder: Path, *, seconds: float, victims: tuple[str, ...] = VICTIMS) -> None:
        self.windows: list[Window] = []
        self._manager = psutil.Process(int((folder / "supervisord.pid").read_text()))
        begin, pause = time.monotonic(), seconds / (len(victims) + 1)
        self._plan = [(begin + (number + 0.5) * pause, victim) for number, victim in enumerate(victims)]
        self._threads: list[threading.Thread] = []

    def turn(self) -> None:
        """Kill whoever is due."""
        if self._plan and time.monotonic() >= self._plan[0][0]:
            _, victim = self._plan.pop(0)
            thread = threading.Thread(target=self._kill, args=(victim,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def finish(self) -> None:
        """Wait until everybody is back."""
        for thread in self._threads:
            thread.join(READY_SECONDS + SETTLE_SECONDS)

    def _kill(self, victim: str) -> None:
        process = self._process(victim)
        assert process is not None
        family = [process, *process.children(recursive=True)]
        window = Window(victim=victim, killed=time.monotonic())
        self.windows.append(window)
        for each in family:
            each.kill()
        port = int(process_environment(process, "HEALTH_PORT") or self._health_port(victim, process.pid))
        while time.monotonic() < window.killed + READY_SECONDS:
            again = self._process(victim)
            if again is not None and again.pid != process.pid and _is_ready(port):
                window.ready = time.monotonic()
                return
            time.sleep(POLL_SECONDS)

    def _health_port(self, victim: str, killed: int) -> int:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            again = self._process(victim)
            if again is not None and again.pid != killed and (port := process_environment(again, "HEALTH_PORT")):
                return int(port)
            time.sleep(POLL_SECONDS)
        raise RuntimeError(f"{victim} did not come back within {READY_SECONDS:.0f} s")

    def _process(self, victim: str) -> psutil.Process | None:
        for child in self._manager.children():
            try:
                if child.cmdline()[1:4] == ["-m", *victim.split()] and child.status() != psutil.STATUS_ZOMBIE:
                    return child
            except psutil.NoSuchProcess:
                continue
        return None


def process_environment(process: psutil.Process, name: str) -> str | None:
    """One variable of a process; None where it is gone."""
    try:
        return process.environ().get(name)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
