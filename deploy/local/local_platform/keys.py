"""Whether a key of the last time still opens the front door."""

import time
import urllib.error
import urllib.request
from http import HTTPStatus

PROBE_SECONDS = 5
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2


class NoAnswer(Exception):
    """The front door says neither yes nor no."""


def opens(address: str, api_key: str, *, patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """Ask the front door, again while it is still busy with starting: only 401 says that a key opens nothing. Raises `NoAnswer`."""
    request = urllib.request.Request(f"{address}/v1/agency", headers={"Authorization": f"Bearer {api_key}"})
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
                return True
        except urllib.error.HTTPError as answer:
            if answer.code == HTTPStatus.UNAUTHORIZED:
                return False
            said = f"it answers {answer.code}"
        except OSError as error:
            said = str(error)
        if time.monotonic() > deadline:
            raise NoAnswer(f"{address} does not say whether the demo agency's key opens: {said}")
        time.sleep(POLL_SECONDS)
