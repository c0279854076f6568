"""Claims about `make up`, on a folder and ports of its own: the README is true, crashes are mended, Ctrl-C stops what was started."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

README = Path(__file__).resolve().parents[3] / "README.md"
START_SECONDS = 150
STOP_SECONDS = 60
STORY_SECONDS = 100
POLL_SECONDS = 0.1
SHELL_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
EXPECTED = re.compile(r"   # (.+)$", re.MULTILINE)

pytestmark = pytest.mark.timeout(300)


class MakeUp:
    """One `make up` and what it prints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder.parent / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local_platform"],
                env=os.environ | {"COMPTOIR_LOCAL": str(folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for("  ready\n", seconds=START_SECONDS)
        self.started = [*psutil.Process(self.process.pid).children(recursive=True)]

    def wait_for(self, text: str, *, seconds: float) -> None:
        """Wait until it printed the text."""
        deadline = time.monotonic() + seconds
        while text not in (printed := self.output.read_text(errors="replace")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"make up did not print {text!r}:\n{printed}")
            time.sleep(POLL_SECONDS)

    def demo(self) -> dict[str, str]:
        """The content of demo.env."""
        return dict(line.split("=", 1) for line in (self.folder / "demo.env").read_text().splitlines())

    def agency_status(self) -> int:
        """What the front door answers to the demo key."""
        demo = self.demo()
        answer = requests.get(
            f"{demo['COMPTOIR_URL']}/v1/agency", headers={"Authorization": f"Bearer {demo['COMPTOIR_API_KEY']}"}, timeout=20
        )
        return answer.status_code

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=STOP_SECONDS)


@pytest.fixture(scope="module")
def running(server_folder: Path) -> Iterator[MakeUp]:
    (server_folder / "make-up").mkdir(mode=0o711)
    up = MakeUp(server_folder / "make-up" / ".local")
    yield up
    if up.process.poll() is None:
        up.interrupt()


def test_the_story_of_the_readme_is_true_word_by_word(running: MakeUp) -> None:
    blocks = SHELL_BLOCK.findall(README.read_text())
    script = "set -euo pipefail\n" + "\n".join(blocks)
    told = subprocess.run(
        ["bash", "-c", script], cwd=running.folder.parent, capture_output=True, text=True, check=False, timeout=STORY_SECONDS
    )
    assert told.stdout.splitlines() == [expected for block in blocks for expected in EXPECTED.findall(block)], told.stderr
    assert told.returncode == 0, told.stderr


def test_a_second_one_beside_it_is_refused_with_the_first_one_s_process(running: MakeUp) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "local_platform"],
        env=os.environ | {"COMPTOIR_LOCAL": str(running.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert f"running already, as process {running.process.pid}" in second.stderr
    assert running.agency_status() == requests.codes.ok


def test_a_killed_service_is_reported_and_comes_back(running: MakeUp) -> None:
    [identity] = [process for process in running.started if process.is_running() and process.cmdline()[-2:] == ["identity", "serve"]]
    identity.kill()
    running.wait_for("identity.serve ended: terminated by SIGKILL; it is started again.", seconds=20)
    deadline = time.monotonic() + START_SECONDS
    while running.agency_status() != requests.codes.ok:
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def test_ctrl_c_stops_all_it_started_and_the_next_start_finds_everything(running: MakeUp) -> None:
    before = running.demo()
    assert running.interrupt() == 0
    assert [process for process in running.started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert "was killed" not in running.output.read_text()
    again = MakeUp(running.folder)
    try:
        assert again.demo()["COMPTOIR_API_KEY"] == before["COMPTOIR_API_KEY"]
        assert again.agency_status() == requests.codes.ok
    finally:
        assert again.interrupt() == 0
