"""Who calls whom: the calls that are written in the services' code, and the graph that they make."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.tree import Service, called_name, decorators, services_with_a_database

CALLING = ("_call", "call")
"""`wiring.call`, and what clients keep it as."""
ONE_HOP = "who is called by a service calls no other, for each waits in a worker for the next, with what is left of the caller's time"


@dataclass(frozen=True, kw_only=True)
class Call:
    """`client.function` of the service `caller` calls `service.method`."""

    caller: str
    client: str
    function: str
    service: str
    method: str

    def __str__(self) -> str:
        return f"{self.caller}.clients.{self.client}.{self.function}"


def calls(service: Service) -> list[Call]:
    """Every call to another service that the clients of the service make."""
    return [
        Call(caller=service.name, client=client.name, function=function.name, service=names[0], method=names[1])
        for source in service.room("clients")
        for client in source.classes()
        for function, node in _calls(client)
        if len(names := _literals(node)) == 2
    ]


def unreadable_calls(root: Path) -> list[str]:
    """Name each call whose service and method cannot be read off the line, or that is made outside of `clients`."""
    found: list[str] = []
    for service in services_with_a_database(root):
        clients = service.room("clients")
        for source in service.sources():
            for _, node in _calls(source.syntax):
                if source not in clients:
                    found.append(f"{source.name}:{node.lineno} calls another service: calls outward are in clients, where they are found.")
                elif len(_literals(node)) != 2:
                    found.append(
                        f"{source.name}:{node.lineno} calls what only it knows: write service and method as two texts, on the call."
                    )
    return found


def graph(root: Path) -> dict[str, set[str]]:
    """Which services each service calls; the gateway, which calls all and is called by none, is left out."""
    return {service.name: {call.service for call in calls(service)} for service in services_with_a_database(root)}


def circles(edges: Mapping[str, set[str]]) -> list[str]:
    """Name each chain of calls that leads back to where it began, once."""
    found = []
    for start in sorted(edges):
        chains = [[start]]
        for chain in chains:
            for called in sorted(edges.get(chain[-1], set())):
                if called == start == min(chain):
                    found.append(
                        f"{' → '.join([*chain, start])} is a circle of calls: two services that wait for one another's workers can wait for"
                        " ever. Let one of them tell the other by an event."
                    )
                elif called not in chain:
                    chains.append([*chain, called])
    return found


def long_ways(root: Path) -> list[str]:
    """Name each method that one service calls in another and that calls on itself."""
    found: list[str] = []
    called = {(call.service, call.method): str(call) for service in services_with_a_database(root) for call in calls(service)}
    for service in services_with_a_database(root):
        callers = {client.name for source in service.room("clients") for client in source.classes() if next(_calls(client), None)}
        for door, used in _doors(service, callers):
            if used and (service.name, door) in called:
                found.append(
                    f"{called[service.name, door]} calls {service.name}.{door}, which uses {used} to call on: {ONE_HOP}. Let the first"
                    " caller ask both, or follow from an event."
                )
    return found


def _calls(scope: ast.AST) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """Every call outward with the function that makes it."""
    for function in ast.walk(scope):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLING:
                    yield function, node


def _literals(node: ast.Call) -> list[str]:
    return [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant) and isinstance(argument.value, str)]


def _doors(service: Service, callers: set[str]) -> Iterator[tuple[str, str]]:
    """Every method that can be called, with the attribute by which it calls other services ("": none)."""
    for source in service.room("service"):
        for made in source.classes():
            wired = {
                target.id
                for node in made.body
                if isinstance(node, ast.Assign) and any(_last_name(each) in callers for each in ast.walk(node.value))
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for method in made.body:
                if isinstance(method, ast.FunctionDef) and any(called_name(each) in ("query", "command") for each in decorators(method)):
                    used = {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)} & wired
                    yield method.name, ", ".join(f"self.{name}" for name in sorted(used))


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
