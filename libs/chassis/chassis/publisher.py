"""The outgoing connection of a service: replies on a kept channel, and messages that must not be lost on one with confirms."""

import threading
import time

from amqp import Channel, Connection, Message

from chassis.link import BROKEN, Link
from chassis.messages import publish

CONFIRM_SECONDS = 5.0
REPLY_RETRY_SECONDS = 0.05


class PublishingFailed(Exception):
    """The broker did not take the message; it is where it was before."""


class Publisher:
    """Publishes from any thread.

    Separate from the consuming connection: a broker short of memory stops reading from connections that publish.
    """

    def __init__(self, amqp_uri: str, *, name: str) -> None:
        self.link = Link(amqp_uri, name=name, prepare=self._prepare, lost=self._on_lost)
        self._replies: Channel | None = None
        self._confirmed: Channel | None = None
        self._one_at_a_time = threading.Lock()
        self._news = threading.Condition()
        self._number = 0
        self._outcome: str | None = None
        """What became of message `_number`: "" taken, else why not; None while nothing is known."""
        self._returned = False

    def reply(self, message: Message, *, exchange: str, routing_key: str, patience_seconds: float) -> bool:
        """Publish a transient, unconfirmed message, waiting for a broker that is away or blocked; tell whether it was written."""
        deadline = time.monotonic() + patience_seconds
        while True:
            if self.link.ready and self.link.blocked is None:
                try:
                    publish(self._replies, message, exchange=exchange, routing_key=routing_key)
                except BROKEN:
                    pass  # the reader is about to notice
                else:
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(REPLY_RETRY_SECONDS)

    def publish_confirmed(self, message: Message, *, exchange: str, routing_key: str, mandatory: bool = True) -> None:
        """Publish and wait until the broker has taken it (and, where `mandatory`, a queue has); raises `PublishingFailed`.

        One at a time: what goes this way is rare (retries, parking), and so its confirm cannot be mistaken for another's.
        """
        with self._one_at_a_time:
            if not self.link.wait_ready(CONFIRM_SECONDS) or self.link.blocked is not None:
                raise PublishingFailed("the broker is away or takes nothing")
            with self._news:
                channel = self._confirmed
                self._number += 1
                self._outcome = None
                self._returned = False
            try:
                publish(channel, message, exchange=exchange, routing_key=routing_key, mandatory=mandatory)
            except BROKEN as error:
                raise PublishingFailed(str(error) or type(error).__name__) from error
            with self._news:
                if not self._news.wait_for(lambda: self._outcome is not None, timeout=CONFIRM_SECONDS):
                    raise PublishingFailed("the broker did not confirm it in time")
                if self._outcome:
                    raise PublishingFailed(self._outcome)

    def _prepare(self, connection: Connection) -> None:
        self._replies = connection.channel()
        confirmed = connection.channel()
        confirmed.confirm_select()
        confirmed.events["basic_ack"].add(lambda number, _multiple: self._settle(number, refused=""))
        confirmed.events["basic_nack"].add(lambda number, _multiple: self._settle(number, refused="the broker refused it"))
        confirmed.events["basic_return"].add(self._on_return)
        with self._news:
            self._number = 0
            self._confirmed = confirmed

    def _on_return(self, *_arguments: object) -> None:
        """The broker sends a message back before it confirms it."""
        self._returned = True

    def _settle(self, number: int, *, refused: str) -> None:
        with self._news:
            if number == self._number:  # else it comes too late: nobody waits for it any more
                self._outcome = "no queue is bound for it" if self._returned else refused
                self._news.notify_all()

    def _on_lost(self) -> None:
        with self._news:
            self._outcome = "the connection was lost"
            self._news.notify_all()
