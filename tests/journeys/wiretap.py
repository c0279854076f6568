"""Everything that is published on a vhost, as RabbitMQ's own tracing tells it: calls, answers and events, with their headers."""

import time
from urllib.parse import urlsplit

from amqp import Connection, Message

from local_servers import RabbitNode

EXCHANGE = "amq.rabbitmq.trace"
QUIET_SECONDS = 0.5


class Wiretap:
    """Listens from when it is made until it is read."""

    def __init__(self, rabbit: RabbitNode, amqp_uri: str) -> None:
        uri = urlsplit(amqp_uri)
        self._rabbit = rabbit
        self._vhost = uri.path.removeprefix("/")
        self._connection = Connection(
            host=f"{uri.hostname}:{uri.port}", userid=uri.username, password=uri.password, virtual_host=self._vhost, heartbeat=0
        )
        self._connection.connect()
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare(exclusive=True).queue
        self._channel.queue_bind(self._queue, EXCHANGE, "publish.#")
        self._rabbit.erlang(f'rabbit_trace:start(<<"{self._vhost}">>).')

    def heard(self) -> tuple[str, str]:
        """All headers and properties that were sent, and all bodies; then listen no more."""
        self._rabbit.erlang(f'rabbit_trace:stop(<<"{self._vhost}">>).')
        headers, bodies = [], []
        while (message := self._next()) is not None:
            headers.append(str(message.headers))
            bodies.append(message.body if isinstance(message.body, str) else message.body.decode(errors="replace"))
        self._connection.close()
        return "\n".join(headers), "\n".join(bodies)

    def _next(self) -> Message | None:
        """The next message; what was published last is still on its way for a moment."""
        message: Message | None = self._channel.basic_get(self._queue, no_ack=True)
        if message is None:
            time.sleep(QUIET_SECONDS)
            message = self._channel.basic_get(self._queue, no_ack=True)
        return message
