"""Run the usual program on every library against the platform at COMPTOIR_URL, with the key COMPTOIR_API_KEY: `make foreign`."""

import os
import sys

import requests

from chassis.ids import new_id

from . import LIBRARIES, ClientFailed, Program
from .usual_program import StepWrong, UsualProgram

PROBE_SECONDS = 5


def main() -> int:
    """Run them one after the other; stop at the first step that is wrong, and say which."""
    url, key = os.environ["COMPTOIR_URL"], os.environ["COMPTOIR_API_KEY"]
    try:
        requests.get(f"{url}/readyz", timeout=PROBE_SECONDS).raise_for_status()
    except requests.RequestException:
        sys.stderr.write(f"Nothing is ready at {url}: start the platform first, with `make up`.\n")
        return 1
    for library in LIBRARIES:
        name = new_id("foreign").replace("_", "-").lower()
        _tell(f"\n{library} opens {name}")
        try:
            UsualProgram(Program(library, url=url, key=key), name=name, tell=lambda line: _tell(f"  {line}")).run()
        except (StepWrong, ClientFailed) as wrong:
            sys.stderr.write(f"\n{library}: {wrong}\n")
            return 1
    _tell(f"\nEvery step is right, by all {len(LIBRARIES)} libraries.")
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
