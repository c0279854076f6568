"""The AMQP names and message shapes that nameko speaks, and those of our own."""

import json
from typing import Any

from amqp import Channel, Message, spec

RPC_EXCHANGE = "nameko-rpc"
RETRY_EXCHANGE = "comptoir.retry.{delay_ms}ms"
PARKING_LOT = "comptoir.parking-lot"
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"

TRANSIENT, PERSISTENT = 1, 2
REPUBLISHED = "x-comptoir-"
"""Prefix of the headers that tell a retried or parked message's history."""


def rpc_queue(service: str) -> str:
    """The queue of a service's calls, as nameko names it."""
    return f"rpc-{service}"


def inbox_queue(service: str) -> str:
    """The one queue of the events a service reads."""
    return f"{service}.inbox"


def dumps(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def publish(channel: Channel, message: Message, *, exchange: str, routing_key: str, mandatory: bool = False) -> None:
    """Write one message, from any thread. Unlike py-amqp's basic_publish it neither reads (another thread does) nor touches the socket's timeout."""
    channel.send_method(spec.Basic.Publish, "Bssbb", (0, exchange, routing_key, mandatory, False), message)
