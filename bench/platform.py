"""Servers and processes for a benchmark, all of its own, ended with it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import requests

from chassis.migrations import upgrade
from chassis.runner import folder_of
from local_servers import PostgresServer, RabbitNode, free_port

ROOT = Path(__file__).resolve().parent.parent


class Bench:
    """A PostgreSQL, a RabbitMQ, and the processes started on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = PostgresServer(folder / "postgres")
        self.rabbit = RabbitNode(folder / "rabbit")
        self._processes: list[subprocess.Popen[bytes]] = []

    def start_servers(self) -> None:
        """Both."""
        self.postgres.start()
        self.rabbit.start()

    def migrated(self, package: str) -> str:
        """A migrated database of a service; its URL."""
        url = self.postgres.create_database(f"bench_{package}")
        upgrade(folder_of(package), url)
        return url

    def run(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a Python process with `command` as its arguments; its output goes to a file in the folder."""
        log = (self.folder / f"{len(self._processes)}.log").open("wb")
        variables = {**os.environ, "AMQP_URI": self.rabbit.uri(), "HEALTH_HOST": "127.0.0.1", **environment}
        process = subprocess.Popen([sys.executable, *command], env=variables, stdout=log, stderr=log, cwd=ROOT)
        self._processes.append(process)
        return process

    def service(self, package: str, database_url: str, *, command: str = "serve", **environment: str) -> subprocess.Popen[bytes]:
        """Start a process of a service and wait until it is ready."""
        port = free_port()
        process = self.run("-m", package, command, DATABASE_URL=database_url, HEALTH_PORT=str(port), **environment)
        wait_for_http(f"http://127.0.0.1:{port}/readyz", process)
        return process

    def logs(self) -> str:
        """The end of every process's output."""
        return "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(self.folder.glob("*.log")))

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """End these processes, or all."""
        for process in processes or self._processes:
            if process.poll() is None:
                process.terminate()
        for process in processes or self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def bench() -> Iterator[Bench]:
    """Servers for one benchmark."""
    with tempfile.TemporaryDirectory(prefix="comptoir-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        opened = Bench(Path(folder))
        try:
            opened.start_servers()
            yield opened
        except BaseException:
            print(opened.logs(), file=sys.stderr)
            raise
        finally:
            opened.end()
            opened.rabbit.stop()
            opened.postgres.stop()


def wait_for_http(url: str, process: subprocess.Popen[bytes], *, seconds: float = 40, headers: Mapping[str, str] | None = None) -> None:
    """Wait until `url` answers 200."""
    deadline = time.monotonic() + seconds
    last = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the process of {url} ended with {process.returncode}")
        try:
            answer = requests.get(url, timeout=5, headers=headers)
            last = f"{answer.status_code} {answer.text[:300]}"
            if answer.status_code == requests.codes.ok:
                return
        except requests.RequestException as error:
            last = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"{url} was not ready: {last}")


def execute(database_url: str, statement: str, *parameters: object, **named: object) -> None:
    """Plain SQL, committed."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, named or parameters)
    finally:
        connection.close()
