"""What a request costs: processor time, by kind of process. It is the same on a busy machine, where requests per second are not."""

import contextlib
from collections.abc import Mapping

import psutil

KINDS = ("front", "services", "broker", "database", "clients")

Seconds = Mapping[tuple[int, str], float]
"""Of each process and its kind."""


def spent() -> Seconds:
    """What the clients (ourselves) and all that we started have taken so far."""
    ourselves = psutil.Process()
    found = {(ourselves.pid, "clients"): _seconds(ourselves)}
    for process in ourselves.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found[process.pid, _kind(process)] = _seconds(process)
    return found


def spent_since(before: Seconds, *, requests: int) -> dict[str, int]:
    """Microseconds a request by kind, of what was there before, too."""
    now, total = spent(), dict.fromkeys(KINDS, 0.0)
    for process, seconds in now.items():
        total[process[1]] += seconds - before.get(process, seconds)
    return {kind: round(seconds / requests * 1e6) for kind, seconds in total.items()}


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "postgres" in process.name():
        return "database"
    if "gateway" in command or "_app:app" in command:
        return "front"
    return "services" if " -m " in command else "broker"


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
