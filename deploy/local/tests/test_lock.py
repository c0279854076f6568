"""Claims about the lock: one platform per folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_platform.lock import AlreadyRunning, FolderLock

HOLDER = "import sys, time; from pathlib import Path; from local_platform.lock import FolderLock; FolderLock(Path(sys.argv[1])).acquire()"


def test_a_second_platform_is_refused_with_the_first_one_s_process(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(AlreadyRunning, match=f"running already, as process {os.getpid()}"):
        FolderLock(tmp_path).acquire()
    first.release()
    FolderLock(tmp_path).acquire()


def test_a_lock_dies_with_its_process_however_it_dies(tmp_path: Path) -> None:
    code = f"{HOLDER}; print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning):
            FolderLock(tmp_path).acquire()
        holder.send_signal(signal.SIGKILL)
    FolderLock(tmp_path).acquire()


def test_a_clean_beside_a_running_platform_is_refused(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    script = Path(__file__).resolve().parents[1] / "local_platform" / "lock.py"
    refused = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False, timeout=20)
    assert refused.returncode == 1
    assert "running already" in refused.stderr
