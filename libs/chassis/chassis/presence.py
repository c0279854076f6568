"""Which services nobody serves right now: told by the broker, so that a caller hears it long before its deadline.

A service's queue outlives its processes, and takes calls that nobody will answer. The number of its consumers says so: a process that died
is missing in it at once, one that hangs when the broker has given its connection up.
"""

import threading
import time
from collections.abc import Sequence

from amqp import Connection
from amqp.exceptions import NotFound

from chassis.link import BROKEN, close_connection, open_connection
from chassis.messages import rpc_queue

LOOK_SECONDS = 0.25
AWAY_SECONDS = 0.75
"""A service that nobody serves for less than this may be on its way back: calls wait for it."""
BROKER_SECONDS = 1.0


class Presence:
    """Looks after `services` by a connection of its own; while the broker is away itself, every service may be there."""

    def __init__(self, amqp_uri: str, services: Sequence[str], *, name: str = "presence") -> None:
        self._amqp_uri = amqp_uri
        self._services = services
        self._name = name
        self._unserved_since: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> "Presence":
        """Begin to look."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join(timeout=2)

    def is_away(self, service: str) -> bool:
        """Whether nobody has served it for a while."""
        since = self._unserved_since.get(service)
        return since is not None and time.monotonic() - since >= AWAY_SECONDS

    def _run(self) -> None:
        while not self._stopping.is_set():
            connection = None
            try:
                connection = open_connection(self._amqp_uri, name=self._name)
                self._look(connection)
            except BROKEN:  # the calls' own connection says that the broker is away
                self._unserved_since.clear()
            finally:
                if connection is not None:
                    close_connection(connection, politely=False)
            self._stopping.wait(BROKER_SECONDS)

    def _look(self, connection: Connection) -> None:
        channel = connection.channel()
        while not self._stopping.is_set():
            for service in self._services:
                try:
                    consumers = channel.queue_declare(rpc_queue(service), passive=True).consumer_count
                except NotFound:  # which closed the channel
                    consumers = 0
                    channel = connection.channel()
                if consumers:
                    self._unserved_since.pop(service, None)
                else:
                    self._unserved_since.setdefault(service, time.monotonic())
            self._stopping.wait(LOOK_SECONDS)
