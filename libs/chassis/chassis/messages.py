"""The AMQP names and message shapes that nameko speaks, and those of our own."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from amqp import Channel, Message, spec

CONTENT_TYPE = "application/json"
EVENTS = ".events"
"""How the name of an exchange of events ends, as nameko names it."""

RPC_EXCHANGE = "nameko-rpc"
RETRY_EXCHANGE = "comptoir.retry.{delay_ms}ms"
PARKING_LOT = "comptoir.parking-lot"
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"

TRANSIENT, PERSISTENT = 1, 2
REPUBLISHED = "x-comptoir-"
"""Prefix of the headers that tell a retried or parked message's history."""

BROKERS_HISTORY = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count")

KEPT_PROPERTIES = frozenset({"content_type", "content_encoding", "correlation_id", "message_id", "timestamp", "type", "app_id"})
"""What a message moved on keeps. The broker refuses some of the others from anybody but the first sender (user_id)."""


dumps: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Write compact JSON."""


def exchange_of(service: str) -> str:
    """The topic exchange a service publishes its events on."""
    return service + EVENTS


def rpc_queue(service: str) -> str:
    """The queue of a service's calls, as nameko names it."""
    return f"rpc-{service}"


def inbox_queue(service: str) -> str:
    """The one queue of the events a service reads."""
    return f"{service}.inbox"


def publish(channel: Channel, message: Message, *, exchange: str, routing_key: str, mandatory: bool = False) -> None:
    """Write one message, from any thread.

    Unlike py-amqp's basic_publish it neither reads (another thread does) nor touches the socket's timeout.
    """
    channel.send_method(spec.Basic.Publish, "Bssbb", (0, exchange, routing_key, mandatory, False), message)


def headers_of(message: Message) -> dict[str, Any]:
    """The headers of a message; none where it has none."""
    return dict(message.properties.get("application_headers") or {})


def history(headers: Mapping[str, Any], name: str) -> str:
    """What our header `name` says of a moved message; empty where it is not there or not ours."""
    value = headers.get(REPUBLISHED + name)
    return value if isinstance(value, str) else ""


def attempts_of(headers: Mapping[str, Any]) -> int:
    """How often the handling of a message was tried before."""
    value = headers.get(f"{REPUBLISHED}attempt")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def moved(message: Message, *, exchange: str, routing_key: str, attempt: int, **said: str) -> Message:
    """The message again, to be published elsewhere: it says where it was published first, its attempts, and what `said` adds.

    Headers of strangers are kept where they are plain values; the broker's own history (x-death) would make it see cycles.
    """
    headers: dict[str, Any] = {
        name: value
        for name, value in headers_of(message).items()
        if isinstance(value, (str, int, float)) and not str(name).startswith(BROKERS_HISTORY)
    }
    headers[f"{REPUBLISHED}exchange"] = exchange
    headers[f"{REPUBLISHED}routing-key"] = routing_key
    headers[f"{REPUBLISHED}attempt"] = attempt
    headers |= {REPUBLISHED + name.replace("_", "-"): value for name, value in said.items()}
    properties = {name: value for name, value in message.properties.items() if name in KEPT_PROPERTIES}
    return Message(message.body, delivery_mode=PERSISTENT, application_headers=headers, **properties)
