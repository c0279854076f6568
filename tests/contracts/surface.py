"""What the services offer one another, as their code says it: facts, the doors that read them, the methods that can be called."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import marshmallow
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from chassis.doors import CallDoor, EventDoor
from chassis.errors import Refusal
from chassis.events import Event, Fact
from tests.architecture.tree import ROOT, services_with_a_database

SERVICES = tuple(service.name for service in services_with_a_database(ROOT))


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A door that handles an event of `source`, or every one (`*`).

    Its data is loaded by `reads`; what a door takes as it comes is read by the `facts_of` of the reader's events, where there is one.
    """

    reader: str
    source: str
    event: str
    reads: marshmallow.Schema | None = None
    facts_of: Callable[[Event], dict[str, Any]] | None = None


def facts() -> dict[str, type[Fact]]:
    """Every fact that is published, by the name of its example: `billing/invoice_paid.v1`."""
    return {
        f"{service}/{fact.name}.v{fact.version}": fact
        for service in SERVICES
        for fact in vars(importlib.import_module(f"{service}.events")).values()
        if isinstance(fact, type) and issubclass(fact, Fact) and fact is not Fact and not fact.__name__.startswith("_")
    }


def methods() -> dict[str, CallDoor]:
    """Every method that can be called, by the name of its example: `billing/quote`."""
    return {f"{service}/{name}": door for service, name, door in _doors() if isinstance(door, CallDoor)}


def subscriptions() -> list[Subscription]:
    """Every door that handles events."""
    return [
        Subscription(
            reader=service,
            source=door.source,
            event=door.event,
            reads=door.reads,
            facts_of=getattr(importlib.import_module(f"{service}.events"), "facts_of", None) if door.reads is None else None,
        )
        for service, _, door in _doors()
        if isinstance(door, EventDoor)
    ]


def refusals() -> list[type[Refusal]]:
    """Every refusal that the services and the chassis have a name for."""
    for service in SERVICES:
        importlib.import_module(f"{service}.errors")
    return list(_below(Refusal))


def _doors() -> Iterator[tuple[str, str, object]]:
    for service in SERVICES:
        for made in vars(importlib.import_module(f"{service}.service")).values():
            if isinstance(made, type) and getattr(made, "name", None) == service:
                for name, method in vars(made).items():
                    yield from ((service, name, door) for door in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ()))


def _below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in refusal.__subclasses__():
        yield each
        yield from _below(each)
