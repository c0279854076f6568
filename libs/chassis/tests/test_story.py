"""One call and one event, all the way."""

from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually


def test_a_command_is_answered_and_its_event_is_published(toy: ServiceProcess, relay: ServiceProcess, bus: Bus) -> None:
    seen = bus.collect("toy")
    answer = bus.call("toy", "mark", {"what": "first"}, idempotency_key="k1")
    assert answer["what"] == "first"
    assert bus.call("toy", "mark", {"what": "first"}, idempotency_key="k1") == answer
    assert seen.wait_for("toy.marked")[0]["data"] == {"what": "first"}


def test_an_event_is_handled(toy: ServiceProcess, bus: Bus, database: ServiceDatabase) -> None:
    bus.publish("elsewhere", "happened", {"what": "news", "more": 1})
    eventually(lambda: len(database.query("SELECT * FROM marks WHERE who LIKE 'on_%%'")) == 2)
