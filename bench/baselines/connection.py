"""A py-amqp connection as it comes."""

import os

from amqp import Connection
from kombu.utils.url import parse_url


def connected() -> Connection:
    """Connect to `AMQP_URI`, without heartbeats: nobody would answer them between two measurements."""
    parts = parse_url(os.environ["AMQP_URI"])
    connection = Connection(
        host=f"{parts['hostname']}:{parts['port']}",
        userid=parts["userid"],
        password=parts["password"],
        virtual_host=parts["virtual_host"] or "/",
    )
    connection.connect()
    return connection
