"""SIGTERM: what was taken is finished, nothing is lost, nobody sees an error."""

import time
from concurrent.futures import ThreadPoolExecutor

from chassis.errors import OutcomeUnknown
from chassis.testing import eventually
from chassis.testing.bus import refusal_of

from .conftest import Stage
from .load import Load

DRAIN_SECONDS = 25
PAUSED = """
    SELECT count(*) AS n FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'idle in transaction' AND clock_timestamp() - state_change > interval '100 milliseconds'
"""
"""Transactions that do nothing right now."""


def test_a_rolling_restart_under_load_is_noticed_by_nobody(fresh_stage: Stage) -> None:
    """Trap: a worker that is told to end drops what it holds, and its callers wait for their deadline."""
    seen = fresh_stage.bus.collect("toy")
    replicas = [fresh_stage.run(), fresh_stage.run()]
    relay = fresh_stage.run("relay")
    load = Load(fresh_stage, threads=6)
    with load.running():
        eventually(lambda: len(load.answered) > 30)
        for number in range(20):
            fresh_stage.bus.publish("elsewhere", "happened", {"what": f"slow {number}"})
        for old in replicas:
            fresh_stage.run()
            began = time.monotonic()
            assert old.terminate() == 0
            assert time.monotonic() - began < DRAIN_SECONDS
        assert relay.terminate() == 0
        fresh_stage.run("relay")
        before = len(load.answered)
        eventually(lambda: len(load.answered) > before + 30)
    assert load.failures == []
    eventually(lambda: len(fresh_stage.marks("on_happened")) == 20)
    eventually(lambda: fresh_stage.waiting() == 0)
    done = [what for what in fresh_stage.marks("command") if what.startswith("load")]
    assert sorted(done) == sorted(load.answered)
    eventually(lambda: {event["data"]["what"] for event in seen.events()} >= set(done))


def test_what_was_taken_is_finished_and_answered_before_the_process_ends(fresh_stage: Stage) -> None:
    """The call is in the middle of its transaction when the signal comes."""
    toy = fresh_stage.run()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(fresh_stage.bus.call, "toy", "mark", {"what": "slow", "seconds_within": 1.0})
        eventually(lambda: fresh_stage.database.query(PAUSED) == [{"n": 1}])
        assert toy.terminate() == 0
        assert slow.result(timeout=1)["what"] == "slow"
    assert '"event": "draining"' in toy.text()
    assert '"event": "stopped"' in toy.text()


def test_a_process_that_cannot_end_in_time_says_so_and_ends(fresh_stage: Stage) -> None:
    """Trap: a drain without a deadline is a kill -9 by the supervisor. What was not finished is done by the next process, or refused."""
    toy = fresh_stage.run(DRAIN_SECONDS="0.5")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(fresh_stage.bus.call, "toy", "mark", {"what": "slow", "seconds_before": 30}, timeout_seconds=20)
        keyed = pool.submit(
            fresh_stage.bus.call, "toy", "mark", {"what": "keyed", "seconds_before": 1.5}, timeout_seconds=20, idempotency_key="k"
        )
        eventually(lambda: fresh_stage.bus.calls.in_flight == 2)
        time.sleep(0.3)  # both are with the service, which answers neither
        assert toy.terminate() == 1
        assert "stopped before everything had ended" in toy.text()
        fresh_stage.run()
        assert refusal_of(slow.result).code == OutcomeUnknown.code
        assert keyed.result()["what"] == "keyed"
    assert fresh_stage.marks("command") == ["keyed"]


def test_a_signal_during_the_start_ends_the_process_in_order(fresh_stage: Stage) -> None:
    """While it waits for a schema, or for a broker, that are not there yet."""
    fresh_stage.database.execute("DELETE FROM alembic_version")
    waiting = fresh_stage.run(wait=False, HEARTBEAT_FILE=str(fresh_stage.folder / "beat"))
    eventually((fresh_stage.folder / "beat").exists)
    assert waiting.terminate() == 0
    assert "gave up" not in waiting.text()
