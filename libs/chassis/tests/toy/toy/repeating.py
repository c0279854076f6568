"""A command of the toy's own."""

import sys
from collections.abc import Sequence

from toy.config import Config


def repeat(config: Config, words: Sequence[str]) -> int:
    """Say the level of the log and the words; the exit code is how many words there were."""
    sys.stdout.write(f"{config.log_level} {' '.join(words)}\n")
    return len(words)
