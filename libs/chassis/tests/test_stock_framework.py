"""Other teams' services, written with the stock framework, call ours and hear our events."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chassis.testing import eventually
from chassis.testing.processes import environment_of

from .conftest import Stage

TOO_MANY = "There are 1 marks already: 0 are allowed."
INVALID = "what: Missing data for required field. (and 1 more)"


class Stock:
    """A process of the stock framework; what it says, line by line."""

    def __init__(self, stage: Stage, what: str) -> None:
        environment = environment_of({"AMQP_URI": stage.amqp_uri})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "toy.stock", what], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.said: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            self.said.extend(json.loads(line) for line in lines)

    def wait(self) -> list[dict[str, Any]]:
        """Wait for its end; give all that it said."""
        assert self._process.wait(30) == 0
        self._reader.join(5)
        return self.said

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)


@pytest.fixture
def elsewhere(stage: Stage) -> Iterator[Stock]:
    """The stock service, ready."""
    assert stage.toy.ready()
    process = Stock(stage, "serve")
    yield process
    process.kill()


def test_a_stock_caller_gets_answers_and_refusals_with_code_and_message(stage: Stage) -> None:
    assert stage.toy.ready()
    assert Stock(stage, "call").wait() == [
        {"echo": "by position"},
        {"echo": "by keyword"},
        {"mark": "stock"},
        {"kind": "too_many_marks", "value": TOO_MANY, "text": f"too_many_marks {TOO_MANY}"},
        {"kind": "invalid_request", "value": INVALID, "text": f"invalid_request {INVALID}"},
    ]


def test_a_stock_service_hears_our_events_and_what_it_dispatches_itself_is_parked(stage: Stage, elsewhere: Stock) -> None:
    """Our relay publishes to the exchange and under the names that stock handlers bind. Theirs have no id, nothing to know them by."""
    assert stage.relay.ready()
    eventually(lambda: {"ready": True} in elsewhere.said, within_seconds=20)
    stage.bus.call("toy", "mark", {"what": "for the stock service"}, idempotency_key="stock")

    def heard() -> list[str]:
        events = [each["heard"] for each in elsewhere.said if "heard" in each]
        return [event["data"]["what"] for event in events if event["type"] == "comptoir.toy.marked.v1"]

    eventually(lambda: "for the stock service" in heard(), within_seconds=20)
    parked = eventually(stage.bus.parked)
    assert parked[0].reason.startswith("no event envelope")
    assert parked[0].event == "elsewhere.happened"
    assert json.loads(parked[0].body) == {"what": "told by a stock service"}
