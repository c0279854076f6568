"""The real processes of a service, started and ended by tests."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import requests

from chassis.testing.waiting import eventually
from local_servers import free_port

COVERAGE = "COVERAGE_PROCESS_CONFIG"
MEASURED = "toy"
"""Whose processes coverage follows: the chassis is measured beneath the toy, and the services' rules where tests call them."""
READY_SECONDS = 120
"""A deadline for a machine that is busy with other things; a process alone is ready in one or two."""
END_SECONDS = 30


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process under test: short retries, the code of this run, and what is `given`."""
    return {
        **os.environ,
        "HEALTH_HOST": "127.0.0.1",
        "RETRY_DELAYS_SECONDS": "0.05,0.1,0.2,0.4",
        "LOG_LEVEL": "INFO",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        **given,
    }


def under_eventlet(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process under eventlet: coverage, told to follow real threads too, loses the main green one."""
    if COVERAGE not in variables:
        return dict(variables)
    content = json.loads(base64.b64decode(variables[COVERAGE])) | {"concurrency": ["greenlet"]}
    return {**variables, COVERAGE: base64.b64encode(json.dumps(content).encode()).decode()}


class ServiceProcess:
    """`python -m <package> <command>`, its log collected, its health port known."""

    started: ClassVar[set["ServiceProcess"]] = set()
    """Those that were not ended by `end` yet: what a test that fails has to show."""

    def __init__(self, package: str, command: str, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        variables = environment_of({"HEALTH_PORT": str(self.port), **environment})
        if package.partition(".")[0] != MEASURED:
            variables.pop(COVERAGE, None)
        elif command == "serve":
            variables = under_eventlet(variables)
        self.name = f"{package} {command}"
        self._process = subprocess.Popen([sys.executable, "-m", package, command], env=variables, stderr=subprocess.PIPE, text=True)
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.started.add(self)

    @property
    def pid(self) -> int:
        """The process id: the same one means no restart."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_ready(self) -> "ServiceProcess":
        """Wait until `/readyz` says so; fail with the log if it ends or takes too long."""
        eventually(lambda: self.ready() or not self.running, within_seconds=READY_SECONDS, what=f"{self.name} ready")
        assert self.running, f"{self.name} ended with {self._process.returncode}:\n{self.text()}"
        return self

    def ready(self) -> bool:
        """Ask `/readyz`."""
        try:
            return bool(requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).ok)
        except requests.RequestException:
            return False

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric with these labels, summed over the rest; 0 where it is not there."""
        total = 0.0
        for line in requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5).text.splitlines():
            found, _, value = line.rpartition(" ")
            if found.partition("{")[0] == name and all(f'{label}="{wanted}"' in found for label, wanted in labels.items()):
                total += float(value)
        return total

    def terminate(self) -> int:
        """SIGTERM, and wait for the drain; give the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self._process.kill()
        self.wait()

    def wait(self, *, seconds: float = END_SECONDS) -> int:
        """Wait for its end; give the exit code (negative: the signal)."""
        code = self._process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        return code

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting; nothing where it has ended."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """End it, gracefully where it can still be."""
        self.started.discard(self)
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()

    def text(self) -> str:
        """Its log so far."""
        return "".join(self.log)

    def _read(self) -> None:
        stream: Any = self._process.stderr
        with stream:  # closed by who reads it: while one thread reads, another one that closes waits for ever
            for line in stream:
                self.log.append(line)
