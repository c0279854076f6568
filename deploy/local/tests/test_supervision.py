"""Claims about the supervisor, with a real supervisord and real processes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local_platform.output import Output
from local_platform.supervision import NotReady, Program, Supervisor, is_ready
from local_servers import ServerFailed, free_port

READY_SERVER = """
import http.server, os, signal, sys, time
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *arguments): pass
def leave(*arguments):
    print("asked", time.monotonic(), flush=True); time.sleep(0.5); print("left", time.monotonic(), flush=True); os._exit(0)
signal.signal(signal.SIGTERM, leave)
print("process", os.getpid(), flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["HEALTH_PORT"])), Ready).serve_forever()
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("process", os.getpid(), flush=True)
time.sleep(60)
"""
FAILING = "import time; print('at', time.monotonic()); print('no', end=''); raise SystemExit(3)"
STARTER = """
import sys, time
from pathlib import Path
from local_platform.output import Output
from local_platform.supervision import Program, Supervisor
supervisor = Supervisor(Output(), folder=Path.cwd(), drain_seconds=1)
programs = [Program(name=name, command=[sys.executable, name + ".py"], environment={}, health_port=1, rank=0) for name in sys.argv[1:]]
supervisor.start(programs, environment={"HEALTH_PORT": "0"})
time.sleep(60)
"""
PATIENCE_SECONDS = 15
DRAIN_SECONDS = 3
GIVEN = "postgresql://a:p%40ss;'#@127.0.0.1/%(here)s?options=-c x=1, y={name}"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    output = Output()
    output.show_lines()
    supervisor = Supervisor(output, folder=tmp_path, drain_seconds=DRAIN_SECONDS)
    yield supervisor
    supervisor.kill()


Make = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> Make:
    """Make a program of its code."""

    def make(name: str, code: str, *, rank: int = 0, **environment: str) -> Program:
        (tmp_path / f"{name}.py").write_text(code)
        port = free_port()
        environment["HEALTH_PORT"] = str(port)
        return Program(name=name, command=[sys.executable, f"{name}.py"], environment=environment, health_port=port, rank=rank)

    return make


def turn_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        supervisor.turn()


def turn_until_said(supervisor: Supervisor, log: Path, text: str, *, times: int = 1) -> str:
    """Turn until the log says the text that often; return the log."""
    turn_until(supervisor, lambda: log.read_text().count(text) >= times)
    return log.read_text()


def process_that_said(log: str) -> psutil.Process:
    """Return the process that wrote its id into the log."""
    return psutil.Process(int(log.split()[1]))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def wait_until_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(is_gone(process) for process in processes):
        assert time.monotonic() < deadline, processes
        time.sleep(0.05)


def test_a_program_is_ready_when_its_health_port_says_so(supervisor: Supervisor, program: Make) -> None:
    supervisor.start([program("one", READY_SERVER), program("two", READY_SERVER)], environment={})
    supervisor.wait_until_ready(PATIENCE_SECONDS)


def test_programs_that_do_not_get_ready_are_named(supervisor: Supervisor, program: Make) -> None:
    good = program("good", READY_SERVER)
    supervisor.start([good, program("deaf", DEAF)], environment={})
    turn_until(supervisor, lambda: is_ready(good))
    with pytest.raises(NotReady, match=r"^Not ready after 1 s: deaf\.$"):
        supervisor.wait_until_ready(1)


def test_a_program_gets_the_environment_of_all_and_its_own_word_by_word(supervisor: Supervisor, program: Make, tmp_path: Path) -> None:
    code = "import os; print(os.environ['OF_ALL'], os.environ['ITS_OWN'], 'said')"
    supervisor.start([program("one", code, ITS_OWN=GIVEN)], environment={"OF_ALL": GIVEN})
    assert turn_until_said(supervisor, tmp_path / "logs/one.log", "said\n").startswith(f"{GIVEN} {GIVEN} said\n")


def test_a_crash_is_reported_and_the_program_started_again_with_growing_delay(
    supervisor: Supervisor, program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start([program("failing", FAILING)], environment={})
    log = turn_until_said(supervisor, tmp_path / "logs/failing.log", "at", times=3)
    first, second, third = map(float, re.findall(r"at ([0-9.]+)\n", log))
    assert second - first > 0.9
    assert third - second > 1.9
    assert capsys.readouterr().out.count("failing ended: exit status 3; it is started again.") >= 2


def test_no_last_word_is_lost_and_no_line_is_shown_twice(
    supervisor: Supervisor, program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start([program("failing", FAILING)], environment={})
    turn_until_said(supervisor, tmp_path / "logs/failing.log", "at", times=2)
    supervisor.stop()
    shown = capsys.readouterr().out.splitlines()
    alarm = "failing ended: exit status 3; it is started again."
    at = [f"failing              | {line}" for line in re.findall(r"at [0-9.]+", (tmp_path / "logs/failing.log").read_text())]
    no = "failing              | no"
    assert shown[:3] == [at[0], no, alarm]
    assert shown[3:5] == [at[1], no]
    assert shown[5:] in ([], [alarm])


def test_before_readiness_the_last_words_of_a_program_come_with_its_crash(
    program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(Output(), folder=tmp_path, drain_seconds=DRAIN_SECONDS)
    supervisor.start([program("failing", FAILING), program("good", READY_SERVER)], environment={})
    turn_until_said(supervisor, tmp_path / "logs/failing.log", "at", times=2)
    supervisor.kill()
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("failing              | at")
    assert shown[1:3] == ["failing              | no", "failing ended: exit status 3; it is started again."]
    assert not any(line.startswith("good") for line in shown)


def test_a_killed_program_comes_back(supervisor: Supervisor, program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    supervisor.start([program("one", READY_SERVER)], environment={})
    process_that_said(turn_until_said(supervisor, tmp_path / "logs/one.log", "process")).kill()
    turn_until_said(supervisor, tmp_path / "logs/one.log", "process", times=2)
    supervisor.wait_until_ready(PATIENCE_SECONDS)
    assert "one ended: terminated by SIGKILL; it is started again." in capsys.readouterr().out


def test_programs_stop_rank_after_rank_and_say_their_last_words(
    supervisor: Supervisor, program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ranks = {"third": 2, "second": 1, "first": 0, "first_too": 0}
    supervisor.start([program(name, READY_SERVER, rank=rank) for name, rank in ranks.items()], environment={})
    supervisor.wait_until_ready(PATIENCE_SECONDS)
    supervisor.stop()
    said = {name: dict(re.findall(r"(asked|left) ([0-9.]+)\n", (tmp_path / f"logs/{name}.log").read_text())) for name in ranks}
    asked = {name: float(times["asked"]) for name, times in said.items()}
    left = {name: float(times["left"]) for name, times in said.items()}
    assert asked["second"] > max(left["first"], left["first_too"])
    assert asked["third"] > left["second"]
    assert asked["first"] < left["first_too"]
    assert asked["first_too"] < left["first"]
    printed = capsys.readouterr().out
    assert all(f"{name:20} | left {said[name]['left']}\n" in printed for name in ranks)
    assert "started again" not in printed


def test_a_program_that_does_not_stop_in_time_is_killed(
    supervisor: Supervisor, program: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.start([program("deaf", DEAF)], environment={})
    deaf = process_that_said(turn_until_said(supervisor, tmp_path / "logs/deaf.log", "process"))
    supervisor.stop()
    assert is_gone(deaf)
    assert "deaf did not end within 3 s and was killed." in capsys.readouterr().out


def test_a_second_ctrl_c_ends_everything_at_once(program: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(Output(), folder=tmp_path, drain_seconds=60)
    supervisor.start([program("deaf", DEAF)], environment={})
    deaf = process_that_said(turn_until_said(supervisor, tmp_path / "logs/deaf.log", "process"))

    def press_again() -> None:
        if "SIGTERM" in (tmp_path / "logs/supervisord.log").read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(supervisor, "turn", press_again)
    with pytest.raises(KeyboardInterrupt):
        supervisor.stop()
    supervisor.kill()
    assert is_gone(deaf)


def test_ctrl_c_in_the_terminal_reaches_us_alone(supervisor: Supervisor, program: Make, tmp_path: Path) -> None:
    supervisor.start([program("one", READY_SERVER)], environment={})
    one = process_that_said(turn_until_said(supervisor, tmp_path / "logs/one.log", "process"))
    manager = one.parent()
    assert manager is not None
    assert manager.ppid() == os.getpid()
    assert os.getpgid(0) not in {os.getpgid(one.pid), os.getpgid(manager.pid)}
    assert os.getsid(0) not in {os.getsid(one.pid), os.getsid(manager.pid)}


def test_when_we_are_killed_nothing_stays_behind(program: Make, tmp_path: Path) -> None:
    names = [program("one", READY_SERVER).name, program("deaf", DEAF).name]
    logs = [tmp_path / f"logs/{name}.log" for name in names]
    with subprocess.Popen([sys.executable, "-c", STARTER, *names], cwd=tmp_path) as starter:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not all(log.exists() and log.read_text().count("\n") for log in logs):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            started = psutil.Process(starter.pid).children(recursive=True)
        finally:
            starter.kill()
    assert len(started) == 3
    wait_until_gone(started)


def test_when_supervisord_is_killed_its_programs_end_too_and_we_say_so(supervisor: Supervisor, program: Make, tmp_path: Path) -> None:
    supervisor.start([program("one", READY_SERVER), program("deaf", DEAF)], environment={})
    logs = [turn_until_said(supervisor, tmp_path / f"logs/{name}.log", "process") for name in ("one", "deaf")]
    processes = [process_that_said(log) for log in logs]
    manager = processes[0].parent()
    assert manager is not None
    manager.kill()
    wait_until_gone(processes)
    with pytest.raises(ServerFailed, match=r"^supervisord ended with code -9:\n"):
        supervisor.turn()
