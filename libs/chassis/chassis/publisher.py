"""The outgoing connection of a service: replies on a kept channel, and messages that must not be lost on one with confirms."""

import threading

from amqp import Channel, Connection, Message

from chassis.link import BROKEN, Link
from chassis.messages import publish

CONFIRM_SECONDS = 5.0


class PublishingFailed(Exception):
    """The broker did not take the message; it is where it was before."""


class Publisher:
    """Publishes from any thread. Separate from the consuming connection: a broker short of memory stops reading from connections that publish."""

    def __init__(self, amqp_uri: str, *, name: str) -> None:
        self.link = Link(amqp_uri, name=name, prepare=self._prepare, lost=self._lost)
        self._replies: Channel | None = None
        self._confirmed: Channel | None = None
        self._lock = threading.Lock()
        self._number = 0
        self._outcomes: dict[int, bool | None] = {}
        self._news = threading.Condition()

    def reply(self, message: Message, *, exchange: str, routing_key: str) -> bool:
        """Publish a transient, unconfirmed message; tell whether it was written."""
        if not self.link.ready or self.link.blocked is not None:
            return False
        try:
            publish(self._replies, message, exchange=exchange, routing_key=routing_key)
        except BROKEN:
            return False
        return True

    def publish_confirmed(self, message: Message, *, exchange: str, routing_key: str) -> None:
        """Publish and wait until the broker has taken it; raises `PublishingFailed`."""
        if not self.link.wait_ready(CONFIRM_SECONDS) or self.link.blocked is not None:
            raise PublishingFailed("the broker is away or takes nothing")
        with self._lock:
            self._number += 1
            number = self._number
            self._outcomes[number] = None
            try:
                publish(self._confirmed, message, exchange=exchange, routing_key=routing_key)
            except BROKEN as error:
                raise PublishingFailed(str(error)) from error
        with self._news:
            self._news.wait_for(lambda: self._outcomes.get(number, False) is not None, timeout=CONFIRM_SECONDS)
            if not self._outcomes.pop(number, False):
                raise PublishingFailed("the broker did not confirm it")

    def _prepare(self, connection: Connection) -> None:
        self._replies = connection.channel()
        confirmed = connection.channel()
        confirmed.confirm_select()
        confirmed.events["basic_ack"].add(lambda number, multiple: self._settle(number, multiple=multiple, taken=True))
        confirmed.events["basic_nack"].add(lambda number, multiple: self._settle(number, multiple=multiple, taken=False))
        self._number = 0
        self._confirmed = confirmed

    def _settle(self, number: int, *, multiple: bool, taken: bool) -> None:
        with self._news:
            for each in [one for one in self._outcomes if one == number or (multiple and one < number)]:
                self._outcomes[each] = taken
            self._news.notify_all()

    def _lost(self) -> None:
        with self._news:
            self._outcomes.clear()
            self._news.notify_all()
