"""One platform per folder: a lock that dies with the process that holds it.

Standard library only: `make clean` asks it before it cleans, with whatever Python there is.
"""

import fcntl
import os
import sys
from pathlib import Path


class AlreadyRunning(Exception):
    """Another `make up` holds this folder."""


class FolderLock:
    """Held by the running platform; the kernel lets go of it however the process ends, so a stale file stands in nobody's way."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our process id into it; raise AlreadyRunning with the other's."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process = os.read(descriptor, 32).decode() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"The platform is running already, as process {process} with its data in {self._path.parent}."
                " Stop that one first, with Ctrl-C where it runs or with kill."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if __name__ == "__main__":
    try:
        FolderLock(Path(sys.argv[1])).acquire()
    except AlreadyRunning as running:
        sys.exit(str(running))
