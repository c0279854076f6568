"""Bring several databases up to date in one process: `python -m local_platform.migrations accounts=postgresql://… …`."""

import logging
import sys

from chassis.migrations import upgrade
from local_platform.settings import ROOT


def main() -> None:
    """Migrate each service's database to the head of its migrations."""
    logging.basicConfig(level=logging.WARNING)
    for argument in sys.argv[1:]:
        service, _, url = argument.partition("=")
        upgrade(ROOT / "services" / service, url)
        sys.stdout.write(f"{service}: the schema is current\n")


if __name__ == "__main__":
    main()
