"""Calls and events of one service by processes of their own: whoever waits for an answer does not wait for what nobody waits for."""

import time

from chassis.link import close_connection, open_connection
from chassis.messages import rpc_queue
from chassis.testing import eventually

from .conftest import Stage

PERIOD_SECONDS = 0.1


def who_answers(stage: Stage) -> int:
    """How many processes take calls: what others know of a service's presence."""
    connection = open_connection(stage.amqp_uri, name="test")
    try:
        return int(connection.channel().queue_declare(rpc_queue("toy"), passive=True).consumer_count)
    finally:
        close_connection(connection, politely=True)


def test_a_process_for_calls_alone_handles_no_event_and_begins_nothing_that_is_due(fresh_stage: Stage) -> None:
    fresh_stage.run(EVENT_WORKERS="0", DUE_SECONDS=str(PERIOD_SECONDS))
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "first"})
    called, end = 0, time.monotonic() + 5 * PERIOD_SECONDS
    while time.monotonic() < end:
        fresh_stage.bus.call("toy", "mark", {"what": f"call {called}"})
        called += 1
    assert len(fresh_stage.marks("command")) == called
    assert (fresh_stage.marks("on_happened"), fresh_stage.marks("tick")) == ([], [])
    fresh_stage.run(RPC_WORKERS="0", DUE_SECONDS=str(PERIOD_SECONDS))
    eventually(lambda: fresh_stage.marks("on_happened") == ["first"])
    eventually(lambda: len(fresh_stage.marks("tick")) > 0)


def test_a_process_for_events_alone_answers_no_call_and_its_death_keeps_nobody_waiting(fresh_stage: Stage) -> None:
    """Those who ask whether the service is there do not count it; what happens while it is gone is handled once when it is back."""
    events = fresh_stage.run(RPC_WORKERS="0")
    assert who_answers(fresh_stage) == 0
    fresh_stage.run(EVENT_WORKERS="0")
    assert who_answers(fresh_stage) == 1
    told = [f"event {number}" for number in range(20)]
    for what in told[:10]:
        fresh_stage.bus.publish("elsewhere", "happened", {"what": what})
    events.kill()
    for what in told[10:]:
        fresh_stage.bus.publish("elsewhere", "happened", {"what": what})
    assert fresh_stage.bus.call("toy", "mark", {"what": "answered"})["what"] == "answered"
    assert len(fresh_stage.marks("on_happened")) < len(told)
    fresh_stage.run(RPC_WORKERS="0")
    eventually(lambda: sorted(fresh_stage.marks("on_happened")) == sorted(told))
