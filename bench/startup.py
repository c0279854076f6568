"""`make up`: how long the second start takes until it says that it is ready, and the memory of all it started."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.platform import ROOT

LONGEST_SECONDS = 180
SETTLE_SECONDS = 2.0


def measure() -> dict[str, Any]:
    """Start twice in a folder of its own; the first start makes the data, the second is measured."""
    with tempfile.TemporaryDirectory(prefix="comptoir-up-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        first, _ = _start_and_stop(Path(folder))
        second, megabytes = _start_and_stop(Path(folder))
    return {
        "what": "make up",
        "first_start_seconds": round(first, 1),
        "second_start_seconds": round(second, 1),
        "memory_megabytes": round(megabytes),
    }


def _start_and_stop(folder: Path) -> tuple[float, float]:
    with (folder / "up.log").open("wb") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "local_platform"], cwd=ROOT, env={**os.environ, "COMPTOIR_LOCAL": str(folder)}, stdout=log, stderr=log
        )
        try:
            while "Comptoir is up." not in (folder / "up.log").read_text(errors="replace"):
                if process.poll() is not None or time.perf_counter() - begin > LONGEST_SECONDS:
                    raise RuntimeError(f"it did not start:\n{(folder / 'up.log').read_text(errors='replace')[-3000:]}")
                time.sleep(0.05)
            seconds = time.perf_counter() - begin
            time.sleep(SETTLE_SECONDS)
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            return seconds, sum(each.memory_full_info().pss for each in tree) / 1e6
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(90)
