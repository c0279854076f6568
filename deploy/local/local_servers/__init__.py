"""Real servers of one's own: an embedded PostgreSQL, a private RabbitMQ node, a private Redis.

Used by `make up` and by the tests. Everything a server writes is in the folder it is given, every port is on the loopback address, and
two instances beside each other share nothing. A server started from the main thread ends with the process that started it, even when
that process is killed.
"""

from local_servers.ports import PortTaken, chosen_port, free_port
from local_servers.postgres import PostgresServer
from local_servers.processes import ServerFailed
from local_servers.rabbit import RabbitNode
from local_servers.redis import RedisServer

__all__ = ["PortTaken", "PostgresServer", "RabbitNode", "RedisServer", "ServerFailed", "chosen_port", "free_port"]
