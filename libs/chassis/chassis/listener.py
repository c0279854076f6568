"""Hears events as they are told, and keeps none: for what a process remembers of others and must forget in time."""

from collections.abc import Callable

import marshmallow
import structlog
from amqp import Connection, Message

from chassis.events import Event, UnreadableEvent, decode, read
from chassis.link import Link
from chassis.messages import exchange_of

log = structlog.get_logger()


class Listener:
    """Calls `heard(event)` for each `event` of the service `source`, on a queue of this process's own that goes with its connection.

    What is told while there is no connection is not heard: `missed()` is called each time there is one (again), once nothing is missed
    any more, and for a message that cannot be read. Both are called by the link's thread, one after the other.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        name: str,
        source: str,
        event: str,
        reads: marshmallow.Schema,
        heard: Callable[[Event], None],
        missed: Callable[[], None],
    ) -> None:
        self._name = name
        self._source = source
        self._event = event
        self._reads = reads
        self._heard = heard
        self._missed = missed
        self.link = Link(amqp_uri, name=name, prepare=self._prepare)

    def start(self) -> "Listener":
        """Begin to listen, and keep at it."""
        self.link.start()
        return self

    def stop(self) -> None:
        """Listen no more."""
        self.link.stop()

    def _prepare(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.exchange_declare(exchange_of(self._source), "topic", durable=True, auto_delete=False)
        queue = channel.queue_declare("", durable=False, exclusive=True, auto_delete=True).queue
        channel.queue_bind(queue, exchange_of(self._source), self._event)
        channel.basic_consume(queue, callback=self._on_message, no_ack=True)
        self._missed()

    def _on_message(self, message: Message) -> None:
        try:
            raw, loaded = decode(message.body, content_type=message.properties.get("content_type"))
            event = read(raw, loaded, source=self._source, name=self._event, reads=self._reads, handler=self._name)
        except UnreadableEvent as error:
            log.warning("an event cannot be read", listener=self._name, source=self._source, name=self._event, reason=str(error))
            self._missed()
        else:
            self._heard(event)
