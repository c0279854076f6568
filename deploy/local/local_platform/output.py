"""What the terminal shows: our own steps, and every process's lines with its name in its colour."""

import sys
import time
from pathlib import Path
from typing import BinaryIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
RED = 31
BOLD = 1
NAME_WIDTH = 20


class Output:
    """Writes to the terminal and to one log file per process."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._files: dict[str, BinaryIO] = {}
        self._started = time.monotonic()
        self._coloured = sys.stdout.isatty()

    def step(self, sentence: str) -> None:
        """Say what is being done, with the seconds since the start."""
        self._write(f"{time.monotonic() - self._started:5.1f} s  {sentence}")

    def alarm(self, sentence: str) -> None:
        """Say that something went wrong."""
        self._write(self._paint(sentence, RED))

    def banner(self, text: str) -> None:
        """Print a text as it is."""
        self._write(f"\n{text}\n")

    def line(self, name: str, line: bytes) -> None:
        """Pass on one line of a process: to the terminal with its name before it, to its file as it is."""
        if name not in self._files:
            self._files[name] = (self._logs / f"{name}.log").open("ab", buffering=0)
        self._files[name].write(line + b"\n")
        colour = COLOURS[list(self._files).index(name) % len(COLOURS)]
        self._write(f"{self._paint(name.ljust(NAME_WIDTH), colour)} | {line.decode(errors='replace')}")

    def emphasised(self, text: str) -> str:
        """Return the text in bold, where there are colours."""
        return self._paint(text, BOLD)

    def close(self) -> None:
        """Close the log files."""
        for file in self._files.values():
            file.close()

    def _paint(self, text: str, code: int) -> str:
        return f"\033[{code}m{text}\033[0m" if self._coloured else text

    @staticmethod
    def _write(text: str) -> None:
        try:
            print(text, flush=True)
        except (BrokenPipeError, OSError):
            # Nobody reads us any more (the terminal was closed): the log files still hold everything, and we still have to stop in order.
            sys.stdout = Path("/dev/null").open("w")  # noqa: SIM115 - it lives as long as the process
