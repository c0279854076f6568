"""Exchanges, queues and bindings: who reads what.

Everybody declares all of it at start, so that no event is published before its readers' queues exist.
The file (`deploy/topology.json`) is generated from the services' doors: ``{"accounts": {"reads": [["billing", "invoice_paid"], …]}, …}``.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from amqp import Channel, Connection

from chassis.messages import PARKING_LOT, RETRY_EXCHANGE, RPC_EXCHANGE, exchange_of, inbox_queue, rpc_queue

DELIVERY_LIMIT = 20
"""How often the broker delivers one message whose reader dies of it, before it parks the message itself."""

NEVER = 1_000_000_000
"""The parking lot is looked at by taking and giving back: that must never count as an attempt."""


@dataclass(frozen=True, kw_only=True)
class ServiceTopology:
    """One service's part: its RPC queue, its exchange, its inbox and what is bound to it."""

    service: str
    reads: tuple[tuple[str, str], ...] = ()
    """Pairs of source service and event name; `*` for every event of the source."""


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The whole platform's, or what is known of it."""

    services: tuple[ServiceTopology, ...]

    @classmethod
    def load(cls, path: Path) -> "Topology":
        """Read the committed file."""
        return cls.from_json(json.loads(path.read_text()))

    @classmethod
    def from_json(cls, content: Mapping[str, Mapping[str, Iterable[Iterable[str]]]]) -> "Topology":
        """Read what `to_json` wrote."""
        return cls(
            services=tuple(
                ServiceTopology(service=service, reads=tuple((source, name) for source, name in part["reads"]))
                for service, part in content.items()
            )
        )

    def to_json(self) -> dict[str, dict[str, list[list[str]]]]:
        """The content of the committed file."""
        return {
            part.service: {"reads": [list(pair) for pair in sorted(part.reads)]}
            for part in sorted(self.services, key=lambda part: part.service)
        }

    def with_service(self, own: ServiceTopology) -> "Topology":
        """This, with `own` in the place of what it says of that service."""
        return Topology(services=(*(part for part in self.services if part.service != own.service), own))

    def queues(self) -> list[str]:
        """Every queue that a service consumes."""
        return [queue for part in self.services for queue in (rpc_queue(part.service), inbox_queue(part.service))]


def declare(connection: Connection, topology: Topology, *, retry_delays_seconds: Iterable[float]) -> None:
    """Declare all of it, idempotently. Must run where replies can be read: in the thread that owns the connection."""
    channel = connection.channel()
    channel.exchange_declare(RPC_EXCHANGE, "topic", durable=True, auto_delete=False)
    declare_parking_lot(channel)
    for delay_seconds in retry_delays_seconds:
        _declare_retry(channel, delay_ms=int(delay_seconds * 1000))
    for part in topology.services:
        channel.exchange_declare(exchange_of(part.service), "topic", durable=True, auto_delete=False)
        channel.queue_declare(rpc_queue(part.service), durable=True, auto_delete=False)
        channel.queue_bind(rpc_queue(part.service), RPC_EXCHANGE, f"{part.service}.*")
        channel.queue_declare(
            inbox_queue(part.service),
            durable=True,
            auto_delete=False,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-overflow": "reject-publish",
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": PARKING_LOT,
                "x-dead-letter-strategy": "at-least-once",
            },
        )
    for part in topology.services:
        for source, name in part.reads:
            channel.exchange_declare(exchange_of(source), "topic", durable=True, auto_delete=False)
            channel.queue_bind(inbox_queue(part.service), exchange_of(source), "#" if name == "*" else name)
    channel.close()


def declare_parking_lot(channel: Channel) -> None:
    """Declare the queue of what nobody could handle."""
    channel.queue_declare(PARKING_LOT, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum", "x-delivery-limit": NEVER})


def _declare_retry(channel: Channel, *, delay_ms: int) -> None:
    """One rung of the ladder: what is published to it under a queue's name comes to that queue after the delay."""
    name = RETRY_EXCHANGE.format(delay_ms=delay_ms)
    channel.exchange_declare(name, "fanout", durable=True, auto_delete=False)
    channel.queue_declare(
        name,
        durable=True,
        auto_delete=False,
        arguments={
            "x-queue-type": "quorum",
            "x-message-ttl": delay_ms,
            "x-overflow": "reject-publish",
            "x-dead-letter-exchange": "",
            "x-dead-letter-strategy": "at-least-once",
        },
    )
    channel.queue_bind(name, name)


def of_services(packages: Iterable[str]) -> Topology:
    """The topology that the doors of these services ask for; imports every one of them, so for tools and tests alone."""
    from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR  # noqa: PLC0415  only where it is asked for

    parts = []
    for package in packages:
        module = importlib.import_module(f"{package}.service")
        service = next(value for value in vars(module).values() if isinstance(value, type) and getattr(value, "name", None) == package)
        doors = [door for method in vars(service).values() for door in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ())]
        reads = sorted({(door.source, door.event) for door in doors if hasattr(door, "reads")})
        parts.append(ServiceTopology(service=package, reads=tuple(reads)))
    return Topology(services=tuple(parts))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(of_services(sys.argv[2:]).to_json(), indent=2) + "\n")
