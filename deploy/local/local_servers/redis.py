"""A private Redis that keeps everything in memory alone."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path

from local_servers.ports import LOOPBACK, free_port
from local_servers.processes import ServerFailed, end, kill_group, launch, wait_until

START_SECONDS = 20
STOP_SECONDS = 10
CALL_SECONDS = 2


class RedisServer:
    """A Redis that listens on the loopback address, without a password; its log is in one folder, and nothing else is written."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self._log = self.folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty; return when it answers."""
        program = shutil.which("redis-server")
        if program is None:
            raise ServerFailed("Redis is not installed: run `make setup`, or `apt-get install redis-server`.")
        self.folder.mkdir(parents=True, exist_ok=True)
        options = {"--bind": LOOPBACK, "--port": str(self.port), "--save": "", "--appendonly": "no", "--dir": str(self.folder)}
        command = [program, *(word for option in options.items() for word in option)]
        self._process = launch(command, output=self._log, environment={"LC_ALL": "C.UTF-8"})
        wait_until(self.answers, process=self._process, log=self._log, seconds=START_SECONDS, what="Redis")

    def answers(self) -> bool:
        """Whether it answers now."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=CALL_SECONDS) as client:
                client.sendall(b"PING\r\n")
                return client.recv(5) == b"+PONG"
        except OSError:
            return False

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def pause(self) -> None:
        """Let it stand still: it takes connections and answers nothing."""
        self._running().send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after `pause`."""
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        kill_group(self._running())

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self.go_on()
            end(self._process, with_signal=signal.SIGTERM, seconds=STOP_SECONDS)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerFailed("Redis was not started.")
        return self._process
