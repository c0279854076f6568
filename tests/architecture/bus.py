"""What goes over the bus is declared, published, read and said."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Service, called_name, decorators, methods, services_with_a_database

EVERY_EVENT = "*"
DOORS_OF_EVENTS = ("subscribe", "follow_clocks")
DOORS = ("query", "command", "subscribe", "due")
TOPOLOGY = "deploy/topology.json"
REGENERATE = "run `make topology` and commit deploy/topology.json"

Read = tuple[str, str]


def reads(service: Service) -> set[Read]:
    """The events that the service's doors subscribe to, as pairs of source and name."""
    found: set[Read] = set()
    for room in service.room("service"):
        for call in ast.walk(room.syntax):
            if isinstance(call, ast.Call) and called_name(call) in DOORS_OF_EVENTS:
                source, name = (argument.value for argument in call.args[:2] if isinstance(argument, ast.Constant))
                found.add((str(source), str(name)))
    return found


def facts(service: Service) -> dict[str, str]:
    """The names of the events that the service publishes, with the class of each."""
    found: dict[str, str] = {}
    families = {"Fact"}  # `class _AgencyFact(Fact)` holds what several facts share, and is none itself
    for source in service.room("events"):
        for node in source.classes():
            if any(isinstance(base, ast.Name) and base.id in families for base in node.bases):
                families.add(node.name)
                if not node.name.startswith("_"):
                    found[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()] = node.name
    return found


def calls(service: Service) -> list[str]:
    """The names of the methods that others may call."""
    return [method.name for method in methods(service) if any(called_name(call) in ("query", "command") for call in decorators(method))]


def broken_topology(root: Path) -> list[str]:
    """Name each difference between deploy/topology.json, which everybody declares at start, and the services' doors."""
    declared = {
        name: {(source, event) for source, event in part["reads"]} for name, part in json.loads((root / TOPOLOGY).read_text()).items()
    }
    found: list[str] = []
    for service in services_with_a_database(root):
        if service.name not in declared:
            found.append(f"{TOPOLOGY} does not declare the queues of {service.name}: calls would be lost until it ran; {REGENERATE}.")
        for source, event in sorted(reads(service) - declared.get(service.name, set())):
            found.append(
                f"{service.name} reads {source}.{event}, which {TOPOLOGY} does not bind: it would be lost until then; {REGENERATE}."
            )
        for source, event in sorted(declared.get(service.name, set()) - reads(service)):
            found.append(
                f"{TOPOLOGY} binds {source}.{event} to {service.name}, which has no door for it: it would be parked; {REGENERATE}."
            )
    known = {service.name for service in services_with_a_database(root)}
    found += [f"{TOPOLOGY} declares queues of {name}, which no service consumes; {REGENERATE}." for name in sorted(declared.keys() - known)]
    return found


def unpublished_reads(root: Path) -> list[str]:
    """Name each event that somebody reads and nobody publishes."""
    published = {service.name: facts(service) for service in services_with_a_database(root)}
    return [
        f"{service.name} subscribes to {source}.{event}, which {source} does not publish: what it says is in its events.py."
        for service in services_with_a_database(root)
        for source, event in sorted(reads(service))
        if event != EVERY_EVENT and source in published and event not in published[source]
    ]


def unsaid(root: Path) -> list[str]:
    """Name each method and each event that the service's README has no row for."""
    return [sentence for service in services_with_a_database(root) for sentence in _unsaid(service)]


def _unsaid(service: Service) -> Iterator[str]:
    readme = service.folder / "README.md"
    if not readme.exists():
        return
    rows = "\n".join(line for line in readme.read_text().splitlines() if line.lstrip().startswith("|"))
    where = readme.relative_to(service.root)
    for kind, names in (("RPC method", calls(service)), ("event it publishes", sorted(facts(service)))):
        for name in names:
            if not re.search(rf"`[^`]*\b{name}\b[^`]*`", rows):
                yield f"{where} has no table row for the {kind} `{name}`: who calls or reads it from outside learns of it there."


def doors_that_nobody_opens(root: Path) -> list[str]:
    """Name each method of a service's doors that nothing leads to."""
    return [
        f"{service.name}'s {method.name}() is no door ({', '.join(f'@{door}' for door in DOORS)}): nothing ever calls it."
        for service in services_with_a_database(root)
        for method in methods(service)
        if not method.name.startswith("_") and not any(called_name(call) in DOORS for call in decorators(method))
    ]
