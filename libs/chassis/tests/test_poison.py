"""Messages that cannot be handled: parked, looked at, replayed, discarded; and nobody else is disturbed."""

import json
from typing import Any

import pytest

from chassis import parking_lot
from chassis.messages import RPC_EXCHANGE, dumps, inbox_queue
from chassis.parking_lot import Parked
from chassis.testing import eventually

from .conftest import Stage


def parked(stage: Stage, count: int) -> list[Parked]:
    """The parked messages, when there are `count`."""
    found: list[Parked] = []

    def there() -> bool:
        found[:] = stage.bus.parked()
        return len(found) == count

    eventually(there, within_seconds=20, what=f"{count} parked messages")
    return found


def send_poisons(stage: Stage) -> dict[str, Any]:
    """Five messages that can never be handled; gives the envelope of the one that only a handler refuses."""
    bus = stage.bus
    bus.publish_raw("elsewhere.events", "happened", "{no json")
    bus.publish_raw("elsewhere.events", "happened", dumps(bus.envelope("elsewhere", "happened", {"what": "x"})), content_type="text/plain")
    bus.publish("elsewhere", "happened", {"something": "else"})
    failing = bus.publish("elsewhere", "happened", {"what": "poison"})
    bus.publish_raw(RPC_EXCHANGE, "toy.mark", dumps({"args": [{"what": "nobody waits"}], "kwargs": {}}))
    return failing


def test_five_poisons_are_parked_and_everything_else_goes_on(stage: Stage) -> None:
    """Trap: in the stock framework each of these loses the message, loops 3,000 times a second, or ends the service."""
    toy = stage.toy
    for number in range(10):
        stage.bus.publish("elsewhere", "happened", {"what": f"good {number}"})
    failing = send_poisons(stage)
    for number in range(10, 20):
        stage.bus.publish("elsewhere", "happened", {"what": f"good {number}"})
        assert stage.bus.call("toy", "echo", {"what": str(number)}) == str(number)
    messages = parked(stage, 5)
    eventually(lambda: sorted(stage.marks("on_happened")) == sorted(f"good {number}" for number in range(20)))
    assert sorted(message.reason.partition(":")[0] for message in messages) == [
        "content type 'text/plain' instead of application/json",
        "elsewhere.happened does not hold what on_happened reads",
        "failed 5 times",
        "no JSON",
        "no reply_to",
    ]
    assert {message.queue for message in messages} == {"toy.inbox", "rpc-toy"}
    assert {message.event for message in messages} == {"elsewhere.happened", "nameko-rpc.toy.mark"}
    retried = next(message for message in messages if message.reason.startswith("failed"))
    assert retried.attempts == 5
    assert json.loads(retried.body) == failing
    assert toy.running
    assert toy.metric("comptoir_messages_parked_total", service="toy") == 5
    assert toy.metric("comptoir_event_retries_total", service="toy", event="elsewhere.happened") == 4
    assert toy.metric("comptoir_events_handled_total", event="elsewhere.happened", outcome="parked") == 4
    assert toy.metric("comptoir_events_handled_total", event="elsewhere.happened", outcome="ok") == 20


def test_a_handler_that_fails_leaves_the_others_of_the_same_event_their_turn(fresh_stage: Stage) -> None:
    toy = fresh_stage.run()
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "poison for both"})

    def failed() -> set[str]:
        lines = [line for line in toy.text().splitlines() if "handler failed" in line]
        return {handler for handler in ("on_happened", "on_anything") for line in lines if handler in line}

    eventually(lambda: failed() == {"on_happened", "on_anything"}, within_seconds=10)


def test_the_command_line_lists_shows_replays_and_discards(fresh_stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """A parked message is a person's to decide about: nothing is thrown away that nobody has seen."""

    def say(*arguments: str) -> tuple[int, str]:
        """As the process does, but in this one: starting one takes a second."""
        code = parking_lot.main(fresh_stage.amqp_uri, list(arguments))
        return code, capsys.readouterr().out

    assert say("list") == (0, "Nothing is parked.\n")
    assert say("replay", "--all") == (0, "Nothing is parked.\n")
    toy = fresh_stage.run()
    send_poisons(fresh_stage)
    messages = parked(fresh_stage, 5)
    code, listed = fresh_stage.command("parking-lot", "list")
    assert code == 0
    assert [line.split()[0] for line in listed.splitlines()] == [message.id for message in messages]
    failing = next(message for message in messages if message.reason.startswith("failed"))
    assert "elsewhere.happened" in listed
    assert "attempts 5  failed 5 times: RuntimeError('this always fails')" in listed
    assert fresh_stage.command("list", module="chassis.parking_lot") == (0, listed)
    code, shown = fresh_stage.command("parking-lot", "show", failing.id)
    assert code == 0
    assert json.loads(json.loads(shown)["body"])["data"] == {"what": "poison"}
    assert json.loads(shown)["event"] == "elsewhere.happened"
    assert say("show", "0123") == (1, "Nothing is parked under 0123: list shows what is.\n")
    assert say("discard", "0123", failing.id) == (1, "Nothing is parked under 0123: list shows what is.\n")
    assert say("replay") == (2, "Name the messages by their ids, or say --all.\n")
    with pytest.raises(SystemExit):
        say("juggle")
    assert parking_lot.main("amqp://127.0.0.1:1//", ["list"]) == 1
    assert "Connection refused" in capsys.readouterr().out

    assert fresh_stage.command("parking-lot", "replay", failing.id) == (0, "1 message replayed.\n")
    again = next(message for message in parked(fresh_stage, 5) if message.reason.startswith("failed"))
    assert again.attempts == 5, "its attempts were counted from the start"
    assert again.parked_at > failing.parked_at
    assert again.id != failing.id

    fresh_stage.bus.publish("elsewhere", "happened", {"what": "antidote to poison"})
    eventually(lambda: "antidote to poison" in fresh_stage.marks("on_happened"))
    assert say("replay", again.id) == (0, "1 message replayed.\n")
    eventually(lambda: "poison" in fresh_stage.marks("on_happened"))
    assert len(parked(fresh_stage, 4)) == 4
    assert fresh_stage.command("parking-lot", "discard", "--all") == (0, "4 messages discarded.\n")
    assert fresh_stage.bus.parked() == []
    assert toy.running


def test_a_message_that_kills_its_reader_is_parked_by_the_broker(fresh_stage: Stage) -> None:
    """Trap: a reader that dies of a message gets it again when it is back, for ever. The broker counts, and parks it itself.

    The limit of twenty is lowered to two by a policy, so that three deaths do.
    """
    first = fresh_stage.run()
    vhost = fresh_stage.amqp_uri.rpartition("/")[2]
    fresh_stage.rabbit.erlang(
        f'rabbit_policy:set(<<"{vhost}">>, <<"impatient">>, <<"inbox">>, [{{<<"delivery-limit">>, 2}}], 0, <<"queues">>, <<"guest">>)'
    )
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "deadly"})
    assert first.wait() < 0
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "good"})
    assert fresh_stage.run(wait=False, TOY_PAUSE_SECONDS="2").wait() < 0
    assert fresh_stage.marks("on_happened") == ["good"], "what stands beside it gets through"
    assert fresh_stage.run(wait=False).wait() < 0
    survivor = fresh_stage.run()
    (deadly,) = parked(fresh_stage, 1)
    assert deadly.queue == "toy.inbox"
    assert deadly.event == "elsewhere.happened"
    assert deadly.reason == "its reader died of it, again and again"
    assert fresh_stage.command("parking-lot", "discard", deadly.id) == (0, "1 message discarded.\n")
    assert survivor.running


def test_an_event_that_only_a_newer_replica_can_handle_waits_on_the_ladder(stage: Stage) -> None:
    """Trap: in a rolling update the new version binds our queue to a new event, and the old version throws it away.

    Without a handler anywhere it is parked in the end.
    """
    assert stage.toy.ready()
    before = {message.id for message in stage.bus.parked()}
    stage.bus.publish_raw("", inbox_queue("toy"), dumps(stage.bus.envelope("nowhere", "happened", {})))
    (found,) = [message for message in parked(stage, len(before) + 1) if message.id not in before]
    assert found.attempts == 5
    assert found.reason == "failed 5 times: LookupError('toy has no handler for toy.inbox of ')"
    assert stage.toy.metric("comptoir_event_retries_total", event="unknown") == 4


def test_an_event_with_properties_and_headers_of_every_kind_is_moved_on(stage: Stage) -> None:
    """Trap: what a stranger wrote into the properties breaks the publishing of the retry (a user id is refused from anybody else)."""
    assert stage.toy.ready()
    before = {message.id for message in stage.bus.parked()}
    headers = {
        "nameko.request_id": 5,
        "nameko.traceparent": None,
        "nameko.deadline_ms": "soon",
        "nameko.depth": [1],
        "x-comptoir-attempt": "many",
        "x-comptoir-exchange": 7,
        "x-death": "yes",
        "flag": True,
        "ratio": 0.5,
        "nested": {"a": [1, "b"]},
        "bytes": b"\xff\xfe",
    }
    envelope = stage.bus.envelope("elsewhere", "happened", {"what": "poison of a stranger"}, correlation_id=None)
    properties: dict[str, Any] = {"user_id": "guest", "reply_to": "somebody", "expiration": "60000", "priority": 3, "timestamp": 5}
    stage.bus.publish_raw("elsewhere.events", "happened", dumps(envelope), application_headers=headers, message_id="m1", **properties)
    (found,) = [message for message in parked(stage, len(before) + 1) if message.id not in before]
    assert found.attempts == 5
    assert found.headers["flag"] is True
    assert found.headers["ratio"] == 0.5
    assert "nested" not in found.headers
    assert stage.toy.running


def test_what_is_parked_stays_there_when_its_queue_is_no_more(fresh_stage: Stage) -> None:
    """Trap: a message replayed to a queue that does not exist is confirmed by the broker, and gone."""
    toy = fresh_stage.run()
    fresh_stage.bus.publish("elsewhere", "happened", {"something": "else"})
    parked(fresh_stage, 1)
    assert toy.terminate() == 0
    vhost = fresh_stage.amqp_uri.rpartition("/")[2]
    fresh_stage.rabbit.erlang(
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"toy.inbox">>)),'
        ' rabbit_amqqueue:delete(Q, false, false, <<"guest">>), ok'
    )
    code, said = fresh_stage.command("parking-lot", "replay", "--all")
    assert code == 1
    assert "stays parked: there is no queue toy.inbox any more" in said
    assert len(fresh_stage.bus.parked()) == 1
