"""One call and one event, all the way."""

from chassis.testing import eventually

from .conftest import Stage


def test_a_command_is_answered_and_its_event_is_published(stage: Stage) -> None:
    seen = stage.bus.collect("toy")
    assert stage.toy.ready()
    assert stage.relay.ready()
    answer = stage.bus.call("toy", "mark", {"what": "first"}, idempotency_key="k1")
    assert answer["what"] == "first"
    assert seen.wait_for("toy.marked")[0]["data"] == {"what": "first"}


def test_an_event_is_handled_by_each_of_its_handlers(stage: Stage) -> None:
    assert stage.toy.ready()
    event = stage.bus.publish("elsewhere", "happened", {"what": "news", "more": 1})
    eventually(lambda: stage.marks("on_happened") == ["news"] and stage.marks("on_anything") == [f"happened:{event['id']}"])
