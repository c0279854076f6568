"""Claims about the supervisor, with real processes."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_platform.output import Output
from local_platform.supervision import NotReady, Program, Supervisor
from local_servers import free_port

READY_SERVER = """
import http.server, os, signal, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *arguments): pass
def leave(*arguments):
    print("leaving", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("process", os.getpid(), flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["HEALTH_PORT"])), Ready).serve_forever()
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
FAILING = "print('no'); raise SystemExit(3)"
PATIENCE_SECONDS = 15

Run = Callable[..., Program]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    output = Output(tmp_path / "logs")
    output.show_lines()
    supervisor = Supervisor(output, folder=tmp_path)
    yield supervisor
    supervisor.kill()
    output.close()


def program(name: str, code: str, *, rank: int = 0) -> Program:
    port = free_port()
    return Program(name=name, command=[sys.executable, "-c", code], environment={"HEALTH_PORT": str(port)}, health_port=port, rank=rank)


def turn_until(supervisor: Supervisor, log: Path, text: str, *, times: int = 1) -> str:
    """Turn until the log says the text that often; return the log."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        supervisor.turn()
        if log.exists() and log.read_text().count(text) >= times:
            return log.read_text()
    pytest.fail(f"{log.name} never said {text!r} {times} times: {log.read_text() if log.exists() else ''}")


def test_a_program_is_ready_when_its_health_port_says_so(supervisor: Supervisor) -> None:
    supervisor.start([program("one", READY_SERVER), program("two", READY_SERVER)])
    supervisor.wait_until_ready(PATIENCE_SECONDS)


def test_programs_that_do_not_get_ready_are_named(supervisor: Supervisor) -> None:
    supervisor.start([program("good", READY_SERVER), program("deaf", DEAF)])
    with pytest.raises(NotReady, match=r"^Not ready after 1 s: deaf\.$"):
        supervisor.wait_until_ready(1)


def test_a_crash_is_reported_and_the_program_started_again_with_growing_delay(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start([program("failing", FAILING)])
    turn_until(supervisor, tmp_path / "logs/failing.log", "no\n", times=3)
    supervisor.turn()
    printed = capsys.readouterr().out
    assert "failing              | no" in printed
    assert "failing ended with code 3; it is started again in 1 s." in printed
    assert "failing ended with code 3; it is started again in 2 s." in printed


def test_a_killed_program_comes_back(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([program("one", READY_SERVER)])
    said = turn_until(supervisor, tmp_path / "logs/one.log", "process")
    psutil.Process(int(said.split()[1])).send_signal(signal.SIGKILL)
    turn_until(supervisor, tmp_path / "logs/one.log", "process", times=2)
    supervisor.wait_until_ready(PATIENCE_SECONDS)


def test_programs_stop_rank_after_rank_and_say_their_last_words(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor.start([program("second", READY_SERVER, rank=1), program("first", READY_SERVER, rank=0)])
    supervisor.wait_until_ready(PATIENCE_SECONDS)
    supervisor.stop(seconds=PATIENCE_SECONDS)
    printed = capsys.readouterr().out
    assert printed.index("first                | leaving") < printed.index("second               | leaving")
    assert "started again" not in printed


def test_a_program_that_does_not_stop_in_time_is_killed(supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor.start([program("deaf", DEAF)])
    turn_until(supervisor, tmp_path / "logs/deaf.log", "deaf")
    supervisor.stop(seconds=0.5)
    assert "deaf did not end within 0 s and was killed." in capsys.readouterr().out
