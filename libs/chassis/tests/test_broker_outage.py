"""The broker goes away under load, and comes back."""

import time
from collections.abc import Callable

import pytest

from chassis.testing import eventually
from local_servers import RabbitNode

from .conftest import Stage
from .load import TIMEOUT_SECONDS, Load

RECOVERY_SECONDS = 15


def stopped_for(seconds: float) -> Callable[[RabbitNode], None]:
    """Stop in order, and start again after a while."""

    def happen(rabbit: RabbitNode) -> None:
        rabbit.stop()
        time.sleep(seconds)
        rabbit.start()

    return happen


def killed(rabbit: RabbitNode) -> None:
    """Kill -9, and start again at once."""
    rabbit.kill()
    rabbit.start()


def disconnected(rabbit: RabbitNode) -> None:
    """Every connection closed by an operator; the node stays."""
    rabbit.close_all_connections()


@pytest.mark.parametrize(
    "happen",
    [
        pytest.param(stopped_for(5), id="stopped for 5 s"),
        pytest.param(killed, id="kill -9"),
        pytest.param(disconnected, id="connections closed"),
        pytest.param(stopped_for(30), id="stopped for 30 s", marks=pytest.mark.slow),
        pytest.param(stopped_for(330), id="stopped for 330 s", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_nothing_is_lost_or_done_twice_when_the_broker_goes_away_under_load(
    fresh_stage: Stage, happen: Callable[[RabbitNode], None]
) -> None:
    """Traps: a failed reply or an ack on a dead socket ends the process; callers wait for ever; events of those seconds are lost."""
    seen = fresh_stage.bus.collect("toy")
    processes = [fresh_stage.toy, fresh_stage.relay]
    load = Load(fresh_stage)
    with load.running():
        eventually(lambda: len(load.answered) > 50)
        happen(fresh_stage.rabbit)
        back = time.monotonic()
        eventually(lambda: load.first_answer_after(back) is not None, within_seconds=RECOVERY_SECONDS, what="a first answer")
        before = len(load.answered)
        eventually(lambda: len(load.answered) > before + 50)
    eventually(lambda: fresh_stage.waiting() == 0, within_seconds=RECOVERY_SECONDS)

    def whats() -> list[str]:
        return [event["data"]["what"] for event in seen.events()]

    eventually(lambda: set(whats()) >= set(load.answered), within_seconds=RECOVERY_SECONDS)
    done = [what for what in fresh_stage.marks("command") if what.startswith("load")]
    assert sorted(done) == sorted(load.answered), "each key had one effect"
    assert set(whats()) == set(done), "what was committed was told"
    assert load.longest_seconds < TIMEOUT_SECONDS + 1
    assert {failure.kind for failure in load.failures} <= {"unavailable", "timeout"}
    assert all(process.running for process in processes)
    eventually(lambda: all(process.ready() for process in processes))
    assert fresh_stage.bus.parked() == []
