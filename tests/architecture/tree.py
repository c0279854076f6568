"""Reading a tree of services: the real one, or a small wrong one that a test made."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "gateway"
GUIDE = "docs/writing-a-service.md"


def hold(found: list[str]) -> None:
    """Fail with the sentences alone: they say what to do."""
    if found:
        pytest.fail("\n\n".join(found), pytrace=False)


@dataclass(frozen=True)
class Source:
    """One Python file of the tree."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        """The path from the root, as sentences name it."""
        return str(self.path.relative_to(self.root))

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.path.read_text().splitlines()

    @cached_property
    def syntax(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.path.read_text(), filename=self.name)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every imported name, dotted, with its line: `from accounts import models` is `accounts.models`."""
        for node in ast.walk(self.syntax):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class of the file."""
        return (node for node in ast.walk(self.syntax) if isinstance(node, ast.ClassDef))


@dataclass(frozen=True)
class Service:
    """One folder of services/."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """The service's name, also its package's."""
        return self.folder.name

    @property
    def package(self) -> Path:
        """The folder of its rooms."""
        return self.folder / self.name

    def sources(self) -> list[Source]:
        """Every file of its package."""
        return sources(self.root, self.package)

    def room(self, name: str) -> list[Source]:
        """The files of one room, be it a module or a package; none when it has no such room."""
        module = self.package / f"{name}.py"
        return [Source(self.root, module)] if module.exists() else sources(self.root, self.package / name)


def services(root: Path) -> list[Service]:
    """Every service of the tree, the gateway among them."""
    return [Service(root, folder) for folder in sorted((root / "services").iterdir()) if (folder / folder.name).is_dir()]


def services_with_a_database(root: Path) -> list[Service]:
    """Every service but the gateway."""
    return [service for service in services(root) if service.name != GATEWAY]


def sources(root: Path, folder: Path) -> list[Source]:
    """Every Python file below a folder."""
    return [Source(root, path) for path in sorted(folder.rglob("*.py"))]


def decorators(node: ast.FunctionDef) -> Iterator[ast.Call]:
    """Every decorator of a function that is called: `@query(...)`."""
    return (decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call))


def called_name(node: ast.Call) -> str:
    """The name of what is called: `subscribe` for `subscribe(...)` and for `doors.subscribe(...)`."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def methods(service: Service) -> Iterator[ast.FunctionDef]:
    """Every method of the service's doors."""
    for source in service.room("service"):
        yield from (node for node in ast.walk(source.syntax) if isinstance(node, ast.FunctionDef))
