"""Claims about who listens without a queue that lasts: it hears what is told while it is there, and says when it may have missed some."""

from collections.abc import Callable, Iterator

import pytest

from chassis.listener import Listener
from chassis.messages import exchange_of
from chassis.schemas import Reading, fields
from chassis.testing import Bus, eventually
from local_servers import RabbitNode


class LeafFell(Reading):
    leaf_id = fields.Id("lef", required=True)


LEAF_ID = "lef_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"


class Ear:
    """What one listener was told."""

    def __init__(self, amqp_uri: str) -> None:
        self.heard: list[str] = []
        self.times_missed = 0
        self.listener = Listener(
            amqp_uri,
            name="ear",
            source="trees",
            event="leaf_fell",
            reads=LeafFell(),
            heard=lambda event: self.heard.append(event.data["leaf_id"]),
            missed=self._missed,
        ).start()

    def _missed(self) -> None:
        self.times_missed += 1


@pytest.fixture
def ears(amqp_uri: str) -> Iterator[Callable[[], Ear]]:
    made: list[Ear] = []

    def make() -> Ear:
        made.append(Ear(amqp_uri))
        assert made[-1].listener.link.wait_ready(10)
        return made[-1]

    yield make
    for ear in made:
        ear.listener.stop()


def test_each_of_several_processes_hears_every_event_and_no_others(ears: Callable[[], Ear], bus: Bus) -> None:
    first, second = ears(), ears()
    bus.publish("trees", "leaf_grew", {"leaf_id": LEAF_ID})
    bus.publish("trees", "leaf_fell", {"leaf_id": LEAF_ID, "colour": "red"})
    for ear in (first, second):
        eventually(lambda: ear.heard == [LEAF_ID])  # noqa: B023  called here
        assert ear.times_missed == 1, "once, when it began"


def test_what_cannot_be_read_may_be_anything(ears: Callable[[], Ear], bus: Bus) -> None:
    ear = ears()
    bus.publish_raw(exchange_of("trees"), "leaf_fell", "no JSON")
    bus.publish("trees", "leaf_fell", {"leaf_id": "acc_1"})
    eventually(lambda: ear.times_missed == 3)
    assert ear.heard == []


def test_a_connection_that_comes_back_says_that_something_may_be_missed_and_hears_again(
    ears: Callable[[], Ear], bus: Bus, rabbit: RabbitNode
) -> None:
    ear = ears()
    rabbit.close_all_connections()
    eventually(lambda: ear.times_missed == 2)
    bus.publish("trees", "leaf_fell", {"leaf_id": LEAF_ID})
    eventually(lambda: ear.heard == [LEAF_ID])
