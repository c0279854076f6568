"""Habits that reviews would otherwise have to keep: time, transactions, errors, migrations."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Service, Source, services, services_with_a_database, sources

CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("func", "now"),
    ("func", "current_timestamp"),
    ("func", "clock_timestamp"),
}
EXCUSE = "# wall clock:"
TRANSACTIONS = {("session", "commit"), ("session", "rollback"), ("connection", "commit"), ("connection", "rollback")}
CHASSIS = Path("libs/chassis/chassis")
OUTERMOST = {
    ("broker.py", "_reply_to"),
    ("broker.py", "_handle_event"),
    ("broker.py", "_run_handlers"),
    ("doors.py", "_do"),
    ("link.py", "_run"),
}
"""Where in the chassis a defect of any kind is met: the decision says what each does with it."""
ANYTHING = {"Exception", "BaseException"}
NUMBERED = re.compile(r"(\d{4})_[a-z0-9_]+\.py")


def readers_of_the_clock(root: Path) -> list[str]:
    """Name each place of a service that reads the wall clock."""
    return [
        f"{source.name}:{line} reads the wall clock ({owner}.{method}): the time of a unit of work is `uow.now`,"
        " a rule gets `now` as an argument, and an agency in test mode has a clock of its own."
        f" Where no agency's time is meant, say why on the line: `{EXCUSE} …`."
        for service in services(root)
        for source in service.sources()
        for line, owner, method in _calls(source)
        if (owner, method) in CLOCK and EXCUSE not in source.lines[line - 1]
    ]


def own_transactions(root: Path) -> list[str]:
    """Name each place of a service that ends a transaction by itself."""
    return [
        f"{source.name}:{line} calls {owner}.{method}(): one use case is one transaction, and the chassis ends it at the edge"
        " (`work.once`, `work.handle`, `work.begin`); `uow.session.flush()` is fine."
        for service in services(root)
        for source in service.sources()
        for line, owner, method in _calls(source)
        if (owner, method) in TRANSACTIONS
    ]


def _calls(source: Source) -> Iterator[tuple[int, str, str]]:
    """Line, owner and method of every call `owner.method()` or `x.owner.method()`."""
    for node in ast.walk(source.syntax):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            yield node.lineno, name, node.func.attr


def takers_of_anything(root: Path) -> list[str]:
    """Name each place of a service or the chassis that takes whatever is raised, but for the outermost frames."""
    everywhere = [source for service in services(root) for source in service.sources()] + sources(root, root / CHASSIS)
    return [
        f"{source.name}:{line} takes whatever is raised: name what you expect. A defect goes to the outermost frames of the chassis,"
        " which tell of it and go on (docs/decisions/0025-where-defects-are-met.md)."
        for source in everywhere
        for line, function in _broad(source)
        if source.path.parent != root / CHASSIS or (source.path.name, function) not in OUTERMOST
    ]


def _broad(source: Source) -> Iterator[tuple[int, str]]:
    """Line of every handler of anything, and the function it is in."""
    for function in ast.walk(source.syntax):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler):
                    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                    if any(kind is None or (isinstance(kind, ast.Name) and kind.id in ANYTHING) for kind in kinds):
                        yield node.lineno, function.name


def unordered_migrations(root: Path) -> list[str]:
    """Name each migration that is not numbered, or does not follow the one before it."""
    return [sentence for service in services_with_a_database(root) for sentence in _unordered(service)]


def _unordered(service: Service) -> Iterator[str]:
    folder = service.folder / "migrations" / "versions"
    before: str | None = None
    for position, path in enumerate(sorted(folder.glob("*.py")), start=1):
        source = Source(service.root, path)
        number = f"{position:04d}"
        match = NUMBERED.fullmatch(path.name)
        if match is None or match[1] != number:
            yield f"{source.name} should be called {number}_….py: migrations are numbered one after the other."
        for name, expected in (("revision", number), ("down_revision", before)):
            value = _assigned(source, name)
            if value != expected:
                yield f"{source.name} has {name} = {value!r} and not {expected!r}: migrations are one line, in the order of their numbers."
        before = number


def _assigned(source: Source, name: str) -> object:
    for node in source.syntax.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = getattr(node, "value", None)
            return value.value if isinstance(value, ast.Constant) else ast.dump(value) if value else None
    return f"no {name}"
