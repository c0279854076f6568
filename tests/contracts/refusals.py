"""What each method, and so each operation, may refuse: read off the code, from the door inwards, whatever it calls on the way.

`python -m tests.contracts.refusals` writes it for the gateway, whose document shows it (`make openapi` does so first).

What is counted: each refusal that is named in a function that the door reaches, and what other services refuse that it asks. Not counted:
what an `except` without a name catches. It is what may come, not what must: whether a branch is ever taken nobody knows here.
"""

import ast
import dataclasses
import enum
import functools
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from accounts.domain import Verb
from chassis.errors import IdempotencyKeyReused, InternalError, MalformedCall, OutcomeUnknown, Refusal, Refused
from gateway.app.codes import OURS
from gateway.errors import HTTP_PROBLEMS, PROBLEMS
from gateway.routes import Routes
from tests.architecture.tree import ROOT

from .surface import methods, refusals

Codes = dict[str, str]
"""The kind of each refusal by its code."""

TARGET = ROOT / "services" / "gateway" / "gateway" / "refusals.json"
PAGE = ROOT / "docs" / "errors.md"
LIST = "<!-- What is below is made by `make openapi`. -->"
FILLED = re.compile(r"\{[^}]*\}")
NOT_SAID = (Refused, InternalError, MalformedCall, OutcomeUnknown)
"""What no caller of the gateway ever reads: it is passed on under another name, or is ours."""
SHOWN: Mapping[str, str] = {
    "accounts/actions": "the refusals of the commands are its answer",
    "accounts/name_availability": "why a name cannot be is its answer",
    "accounts/account_page": "whether anybody can log in is its answer",
}
"""Methods that build refusals to show them, and raise none of their own but that of what is not there."""
GOES_ON = ("_call", "call", "ask", "tell")
ROOMS = ("domain", "clients")
CHOSEN: tuple[type[enum.Enum], ...] = (Verb,)
"""What a command names itself, so that of a table by it only that row can matter."""


class _Reach:
    """Everything that one function reaches."""

    def __init__(self, package: str, codes_of: Callable[[str], Codes]) -> None:
        self.codes: Codes = {}
        self.chosen: set[object] = set()
        self.asked: set[str] = set()
        self.package = package
        self._codes_of = codes_of
        self._seen: dict[tuple[int, frozenset[type]], object] = {}

    def follow(self, value: object, caught: frozenset[type] = frozenset()) -> None:
        """Count what this names: a refusal, or a function, a class, a table with such in it."""
        if (id(value), caught) in self._seen:
            return
        self._seen[id(value), caught] = value
        if isinstance(value, type):
            self._class(value, caught)
        elif isinstance(value, functools.partial):
            self.follow(value.func, caught)
        elif inspect.isfunction(value) or inspect.ismethod(value):
            self._function(getattr(inspect.unwrap(value), "__func__", inspect.unwrap(value)), caught)
        else:
            for inner in self._within(value):
                self.follow(inner, caught)

    def _within(self, value: object) -> Iterable[object]:
        """What a table holds, but for the rows that no command on the way chooses."""
        if isinstance(value, Mapping):
            return [inner for key, inner in value.items() if not isinstance(key, CHOSEN) or key in self.chosen]
        if isinstance(value, (tuple, list, frozenset, set)):
            return value
        if dataclasses.is_dataclass(value) and self._is_ours(type(value)):
            return [getattr(value, each.name) for each in dataclasses.fields(value)]
        return ()

    def _class(self, value: type, caught: frozenset[type]) -> None:
        if issubclass(value, Refusal):
            if value.code != Refusal.code and not issubclass(value, (*NOT_SAID, *caught)):
                self.codes[value.code] = value.kind
        elif self._is_ours(value) and not issubclass(value, enum.Enum):
            for name in ("__init__", "__post_init__", "__call__", "__enter__"):
                self.follow(vars(value).get(name), caught)

    def _function(self, function: FunctionType, caught: frozenset[type]) -> None:
        if not self._is_ours(function) or function.__code__.co_filename.startswith("<"):  # that of a dataclass has no source
            return
        for tree in _trees(function.__module__)[function.__code__.co_firstlineno]:
            self._body(function, tree, caught)

    def _body(self, function: FunctionType, tree: ast.FunctionDef | ast.Lambda, caught: frozenset[type]) -> None:
        scope = {**vars(sys.modules[function.__module__]), **inspect.getclosurevars(function).nonlocals}
        typed = {
            each.arg: _evaluated(each.annotation, scope)
            for each in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]
            if each.annotation is not None
        }
        if tree.args.args and tree.args.args[0].arg == "self":
            typed["self"] = _owner(function)
        _Walk(self, scope, typed).body(tree.body if isinstance(tree, ast.FunctionDef) else [tree.body], caught)

    def call_of(self, service: str, method: str) -> None:
        """Count what another service refuses."""
        self.asked.add(f"{service}/{method}")
        self.codes |= self._codes_of(f"{service}/{method}")

    def _is_ours(self, value: Any) -> bool:
        module = str(getattr(value, "__module__", "") or "").partition(".")[0]
        return module in (self.package, "chassis") and "chassis.testing" not in str(value.__module__)


class _Walk:
    """One function's body."""

    def __init__(self, reach: _Reach, scope: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
        self._reach, self._scope, self._typed = reach, scope, typed

    def body(self, nodes: list[Any], caught: frozenset[type]) -> None:
        """Walk them in order."""
        for node in nodes:
            self._node(node, caught)

    def _node(self, node: ast.AST, caught: frozenset[type]) -> None:
        if isinstance(node, ast.Try):
            ends = {self.value_of(each.type) for each in node.handlers if each.type is not None and _forgets(each)}
            self.body(node.body, caught | {each for each in ends if isinstance(each, type)})
            self.body([*(each for handler in node.handlers for each in handler.body), *node.orelse, *node.finalbody], caught)
            return
        if isinstance(node, ast.Call):
            self._call(node, caught)
        if isinstance(node, ast.AnnAssign):
            self.body([node.value] if node.value else [], caught)
            return
        if isinstance(node, (ast.Name, ast.Attribute)):
            value = self.value_of(node)
            if isinstance(value, CHOSEN):
                self._reach.chosen.add(value)
            if value is not None:
                self._reach.follow(value, caught)
                return
        if isinstance(node, ast.FunctionDef):
            self.body(node.body, caught)
            return
        self.body(list(ast.iter_child_nodes(node)), caught)

    def _call(self, node: ast.Call, caught: frozenset[type]) -> None:
        if not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr not in GOES_ON:
            if self.value_of(node.func) is None:
                self._reach.follow(_methods_called(self._reach.package).get(node.func.attr, ()), caught)
            return
        said = [each.value for each in node.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        called = node.func.value
        if node.func.attr in ("ask", "tell") and said and isinstance(called, ast.Attribute):
            self._reach.call_of(called.attr, said[0])
        elif len(said) == 2:
            self._reach.call_of(*said)

    def value_of(self, node: ast.AST) -> Any:
        """What a dotted name means here; None where that is known only when it runs."""
        if isinstance(node, ast.Name):
            return self._typed.get(node.id, self._scope.get(node.id))
        if isinstance(node, ast.Attribute):
            inner = self.value_of(node.value)
            if getattr(inner, "_is_protocol", False):
                return _methods_called(self._reach.package).get(node.attr)
            if isinstance(inner, (ModuleType, type)):
                found = inspect.getattr_static(inner, node.attr, None)
                if isinstance(found, (classmethod, staticmethod)):
                    return found.__func__
                if isinstance(found, property):
                    return found.fget
                wired = getattr(found, "_make", None)
                return wired if isinstance(wired, type) else getattr(inner, node.attr, None) if isinstance(inner, ModuleType) else found
        return None


def _forgets(handler: ast.ExceptHandler) -> bool:
    return handler.name is None and not any(isinstance(each, ast.Raise) and each.exc is None for each in ast.walk(handler))


def _evaluated(annotation: ast.expr, scope: Mapping[str, Any]) -> Any:
    value = _Walk(None, scope, {}).value_of(annotation)  # type: ignore[arg-type]  # nothing is followed
    return value if isinstance(value, type) else None


def _owner(function: FunctionType) -> type | None:
    name = function.__qualname__.rpartition(".")[0]
    found = vars(sys.modules[function.__module__]).get(name)
    return found if isinstance(found, type) else None


@functools.cache
def _methods_called(package: str) -> Mapping[str, tuple[FunctionType, ...]]:
    """The methods of all rules and clients of a service by their names: of what is called on a thing, its kind is not always known here."""
    found: dict[str, tuple[FunctionType, ...]] = {}
    for room in ROOMS:
        for module in _modules(f"{package}.{room}"):
            for made in vars(module).values():
                if isinstance(made, type) and made.__module__ == module.__name__ and not issubclass(made, Refusal):
                    for name, method in vars(made).items():
                        if isinstance(method, FunctionType):
                            found[name] = (*found.get(name, ()), method)
    return found


def _modules(name: str) -> Iterator[ModuleType]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        return
    yield module
    for each in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield importlib.import_module(f"{name}.{each.name}")


@functools.cache
def _trees(module: str) -> Mapping[int, list[ast.FunctionDef | ast.Lambda]]:
    """Every function of a module by the line it begins in."""
    found: dict[int, list[ast.FunctionDef | ast.Lambda]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            found.setdefault(first, []).append(node)
    return found


@functools.cache
def codes_of(method: str) -> Mapping[str, str]:
    """What a method (`billing/quote`) may refuse, by code."""
    service, _, name = method.partition("/")
    [made] = [
        each
        for each in vars(importlib.import_module(f"{service}.service")).values()
        if isinstance(each, type) and getattr(each, "name", None) == service
    ]
    reach = _reached(service, inspect.unwrap(getattr(made, name)))
    if methods()[method].is_command:
        reach.codes[IdempotencyKeyReused.code] = IdempotencyKeyReused.kind
    if method in SHOWN:
        return {code: kind for code, kind in reach.codes.items() if kind == "not_found"}
    return reach.codes


def _reached(package: str, function: object) -> _Reach:
    """Follow the function until nothing more is named on the way that chooses a row of a table."""
    chosen: set[object] = set()
    while True:
        reach = _Reach(package, lambda method: dict(codes_of(method)))
        reach.chosen |= chosen
        reach.follow(function)
        if reach.chosen == chosen:
            return reach
        chosen = reach.chosen


def operations() -> dict[str, dict[str, list[str]]]:
    """What each operation may refuse for the services that it asks and in its own view: kind → codes, by operationId."""
    views = {
        name: vars(module)[name]
        for module in _modules("gateway.routes")
        if isinstance(vars(module).get("routes"), Routes)
        for name in module.routes.scopes
        if name in vars(module)
    }
    return {name: _by_kind(_reached("gateway", view).codes) for name, view in sorted(views.items())}


def _by_kind(codes: Mapping[str, str]) -> dict[str, list[str]]:
    kinds = sorted(set(codes.values()) - {InternalError.kind})
    return {kind: sorted(code for code in codes if codes[code] == kind) for kind in kinds}


def written() -> str:
    """The file, as it should be."""
    return json.dumps(operations(), indent=1) + "\n"


def page() -> str:
    """docs/errors.md with a list of every code, as it should be."""
    statuses = {code: status for status, codes in OURS.items() for code in codes}
    statuses |= {code: status for status, (_, code, _) in HTTP_PROBLEMS.items()}
    for kinds in operations().values():
        statuses |= {code: PROBLEMS[kind].status for kind, codes in kinds.items() for code in codes}
    rows = [f"| `{code}` | {int(status)} | {_said_by(code)} |" for code, status in sorted(statuses.items())]
    head, _, _ = PAGE.read_text().partition(LIST)
    return f"{head}{LIST}\n\n| code | status | says |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _said_by(code: str) -> str:
    """What a refusal tells people: the sentence of the service itself, with … for what is different each time."""
    said = [detail for _, each, detail in HTTP_PROBLEMS.values() if each == code]
    for refusal in sorted(refusals(), key=_nearest):
        if refusal.code == code:
            is_bare = FILLED.fullmatch(refusal.message) is not None
            said.append(str(inspect.getdoc(refusal)).partition("\n")[0] if is_bare else FILLED.sub("…", refusal.message))
    return said[0].replace("|", "\\|")


def _nearest(refusal: type[Refusal]) -> tuple[bool, bool, str]:
    """The order of those with one code, whatever was imported first: the chassis' own sentence, then the services', then the gateway's."""
    package = refusal.__module__.partition(".")[0]
    return package == "gateway", package != "chassis", refusal.__module__


if __name__ == "__main__":
    TARGET.write_text(written())
    PAGE.write_text(page())
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} says what {len(operations())} operations refuse.\n")
