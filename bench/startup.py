"""`make up`: the time its second start takes, the memory of all it started, and how long the opening of a paid account takes on it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.platform import ROOT
from chassis.ids import new_id

LONGEST_SECONDS = 180
SETTLE_SECONDS = 2.0
OPENINGS = 5
ACCOUNT = {
    "plan": {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"},
    "client_name": "Boulangerie Martin",
    "client_email": "martin@bakery.example",
    "country": "FR",
    "language": "fr",
    "time_zone": "Europe/Paris",
}


def measure() -> dict[str, Any]:
    """Start twice in a folder of its own; the first start makes the data, the second is measured."""
    with tempfile.TemporaryDirectory(prefix="comptoir-up-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        first, _, _ = _start_and_stop(Path(folder))
        second, megabytes, openings = _start_and_stop(Path(folder))
    return {
        "what": "make up",
        "first_start_seconds": round(first, 1),
        "second_start_seconds": round(second, 1),
        "memory_megabytes": round(megabytes),
        "openings": len(openings),
        "slowest_opening_seconds": round(max(openings), 2),
    }


def _start_and_stop(folder: Path) -> tuple[float, float, list[float]]:
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
            megabytes = sum(each.memory_full_info().pss for each in tree) / 1e6
            return seconds, megabytes, [_opening_seconds(folder) for _ in range(OPENINGS)]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def _opening_seconds(folder: Path) -> float:
    """From the request to `active`, over REST: a paid account, charged to the demo agency's card."""
    demo = dict(line.split("=", 1) for line in (folder / "demo.env").read_text().splitlines())
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {demo['COMPTOIR_API_KEY']}"
        begin = time.perf_counter()
        accounts = f"{demo['COMPTOIR_URL']}/v1/accounts"
        answer = session.post(accounts, json={**ACCOUNT, "name": new_id("n").replace("_", "-").lower()}, timeout=30)
        answer.raise_for_status()
        account = answer.json()
        while time.perf_counter() - begin < LONGEST_SECONDS:
            account = session.get(f"{accounts}/{answer.json()['id']}", timeout=30).json()
            if account["status"] == "active":
                return time.perf_counter() - begin
            if account["status"] == "failed":
                break
            time.sleep(0.02)
    raise RuntimeError(f"the account did not become active: {account}")
