"""kill -9 at every bad moment: what was committed is told, and told effects happen once."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.errors import Refused
from chassis.testing import eventually
from chassis.testing.bus import refusal_of

from .conftest import Stage

KILLED = -signal.SIGKILL


def test_an_event_whose_handler_died_before_its_commit_has_its_effect_once(fresh_stage: Stage) -> None:
    """Trap: an event is acknowledged when it is taken, and lost with the process that took it."""
    doomed = fresh_stage.run(TOY_DIE_AT="before commit")
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "news"})
    assert doomed.wait() == KILLED
    assert fresh_stage.marks("on_happened") == []
    assert fresh_stage.waiting() == 0
    fresh_stage.run()
    eventually(lambda: fresh_stage.waiting() == 2, what="each handler's effect")
    assert fresh_stage.marks("on_happened") == ["news"]
    assert len(fresh_stage.marks("on_anything")) == 1


def test_an_event_whose_handler_died_between_commit_and_acknowledgement_has_its_effect_once(fresh_stage: Stage) -> None:
    """Trap: the broker delivers again what was done already, and it is done twice."""
    doomed = fresh_stage.run(TOY_DIE_AT="before ack")
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "news"})
    assert doomed.wait() == KILLED
    assert fresh_stage.marks("on_happened") == ["news"]
    toy = fresh_stage.run()
    eventually(lambda: toy.metric("comptoir_events_handled_total", outcome="ok") == 1)
    assert fresh_stage.marks("on_happened") == ["news"]
    assert len(fresh_stage.marks("on_anything")) == 1
    assert fresh_stage.waiting() == 2


def test_a_command_interrupted_after_its_commit_is_answered_from_its_key_or_not_run_again(fresh_stage: Stage) -> None:
    """Trap: a redelivered command is run a second time; the caller, still waiting, is told of the second run.

    With a key the stored answer is given. Without one nobody can know, and the service says so.
    """
    doomed = fresh_stage.run(TOY_DIE_AT="before reply")
    with ThreadPoolExecutor() as pool:
        keyed = pool.submit(fresh_stage.bus.call, "toy", "mark", {"what": "keyed"}, timeout_seconds=60, idempotency_key="k")
        assert doomed.wait() == KILLED
        assert fresh_stage.marks("command") == ["keyed"]
        doomed_too = fresh_stage.run(TOY_DIE_AT="before reply", wait=False)
        assert doomed_too.wait() == KILLED  # it had the stored answer in its hands
        bare = pool.submit(fresh_stage.bus.call, "toy", "mark", {"what": "bare"}, timeout_seconds=60)
        third = fresh_stage.run(TOY_DIE_AT="before reply", wait=False)
        assert third.wait() == KILLED
        fresh_stage.run()
        assert keyed.result()["what"] == "keyed"
        failure = bare.exception()
        assert isinstance(failure, Refused)
        assert failure.code == "outcome_unknown"
    assert fresh_stage.marks("command").count("keyed") == 1
    assert fresh_stage.marks("command").count("bare") <= 1


@pytest.mark.parametrize(("moment", "sent_before"), [("before publish", 0), ("before mark", 1), ("after mark", 1)], ids=str)
def test_events_whose_relay_died_are_published_all_the_same(fresh_stage: Stage, moment: str, sent_before: int) -> None:
    """Trap: an event is forgotten between its commit and its publishing; or sent again for ever because nobody noted that it went."""
    seen = fresh_stage.bus.collect("toy")
    doomed = fresh_stage.run("relay", TOY_DIE_AT=moment)
    assert fresh_stage.toy.ready()
    fresh_stage.bus.call("toy", "mark", {"what": "news"}, idempotency_key="k")
    assert doomed.wait() == KILLED
    assert fresh_stage.waiting() == (0 if moment == "after mark" else 1)
    eventually(lambda: len(seen.events()) == sent_before)
    fresh_stage.run("relay")
    eventually(lambda: fresh_stage.waiting() == 0)
    events = seen.wait_for("toy.marked")
    assert len({event["id"] for event in events}) == 1
    assert len(events) == (2 if moment == "before mark" else 1)


def test_refusal_of_says_what_was_answered_instead(stage: Stage) -> None:
    assert stage.toy.ready()
    with pytest.raises(AssertionError, match="not refused: 'a'"):
        refusal_of(lambda: stage.bus.call("toy", "echo", {"what": "a"}))
