"""What the terminal shows: our own steps, and every process's lines with its name in its colour."""

import sys
import time
from collections import deque
from pathlib import Path

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
RED = 31
BOLD = 1
NAME_WIDTH = 20
LAST_LINES = 20


class Output:
    """Writes to the terminal, which has our own steps alone while the platform starts."""

    def __init__(self) -> None:
        self._last_lines: dict[str, deque[str]] = {}
        self._started = time.monotonic()
        self._coloured = sys.stdout.isatty()
        self._shows_lines = False

    def show_lines(self) -> None:
        """From now on, show the processes' lines too."""
        self._shows_lines = True

    def step(self, sentence: str) -> None:
        """Say what is being done, with the seconds since the start."""
        self._write(f"{time.monotonic() - self._started:5.1f} s  {sentence}")

    def alarm(self, sentence: str, *, about: str | None = None) -> None:
        """Say that something went wrong; with the last words of the process it is about, where they were not shown."""
        if about is not None and not self._shows_lines:
            last_lines = self._last_lines.get(about, deque())
            while last_lines:
                self._write(last_lines.popleft())
        self._write(self._paint(sentence, RED))

    def banner(self, text: str) -> None:
        """Print a text as it is."""
        self._write(f"\n{text}\n")

    def line(self, name: str, line: bytes) -> None:
        """Pass on one line of a process, with its name before it."""
        last_lines = self._last_lines.setdefault(name, deque(maxlen=LAST_LINES))
        colour = COLOURS[list(self._last_lines).index(name) % len(COLOURS)]
        shown = f"{self._paint(name.ljust(NAME_WIDTH), colour)} | {line.decode(errors='replace')}"
        if self._shows_lines:
            self._write(shown)
        else:
            last_lines.append(shown)

    def emphasised(self, text: str) -> str:
        """Return the text in bold, where there are colours."""
        return self._paint(text, BOLD)

    def _paint(self, text: str, code: int) -> str:
        return f"\033[{code}m{text}\033[0m" if self._coloured else text

    @staticmethod
    def _write(text: str) -> None:
        try:
            print(text, flush=True)
        except (BrokenPipeError, OSError):
            # Nobody reads us any more (the terminal was closed): the log files still hold everything, and we still have to stop in order.
            sys.stdout = Path("/dev/null").open("w")  # noqa: SIM115 - it lives as long as the process
