"""Every service has the same rooms, they import downwards, and none outgrows the eye."""

from collections.abc import Iterator
from pathlib import Path

from .tree import GATEWAY, GUIDE, Service, Source, services, services_with_a_database, sources

ROOMS = ("__main__", "service", "usecases", "clients", "repository", "models", "schemas", "events", "domain", "errors", "config")
OPTIONAL_ROOMS = ("clients",)
GATEWAY_ROOMS = ("__main__", "app", "routes", "agency_api", "account_pages", "schemas", "clients", "limits", "auth", "errors", "config")
GATEWAY_OPTIONAL_ROOMS = ("agency_api", "account_pages")
TESTS = ("test_domain", "test_usecases", "test_repository", "test_service")
FILES = (
    "README.md",
    "pyproject.toml",
    "alembic.ini",
    "migrations/env.py",
    "migrations/versions",
    "tests/conftest.py",
    "tests/factories.py",
)
GATEWAY_FILES = ("README.md", "pyproject.toml", "tests/conftest.py")
DOES = (
    "a rule goes to domain, a verb to usecases, a question to repository, a table to models, a payload to schemas, a fact to events,"
    " a refusal to errors, a variable to config, a call outward to clients, a door to service"
)

MAY_IMPORT = {
    "__main__": set(ROOMS),
    "service": {"usecases", "clients", "schemas", "events"},
    "usecases": {"clients", "repository", "models", "events", "domain", "errors"},
    "clients": {"errors"},
    "repository": {"models"},
    "models": set(),
    "schemas": {"domain"},
    "events": {"domain"},
    "domain": {"errors"},
    "errors": set(),
    "config": set(),
}
WHY = {
    "service": "a door translates: what it needs to know goes through a use case",
    "usecases": "the verbs know facts and tables, not payloads: the doors load and dump",
    "clients": "a call outward knows neither our tables nor our verbs",
    "repository": "a question knows only the tables",
    "models": "a table knows only columns",
    "schemas": "a payload knows only the words of the domain",
    "events": "a fact knows only the words of the domain",
    "domain": "the rules are plain Python: values in, decisions out",
    "errors": "a refusal stands alone",
    "config": "the environment stands alone",
}
NOT_FOR = {
    "sqlalchemy": ("service", "clients", "schemas", "events", "domain", "errors", "config", "__main__"),
    "marshmallow": ("usecases", "repository", "models", "domain", "errors", "config"),
    "nameko": ("usecases", "clients", "repository", "models", "schemas", "events", "domain", "errors", "config"),
}
MOST_LINES = 400


def misshapen(root: Path) -> list[str]:
    """Name each room that is missing, each that is not a room, and each file of the shape that is missing."""
    found: list[str] = []
    for service in services(root):
        rooms, optional, files, tests = (
            (GATEWAY_ROOMS, GATEWAY_OPTIONAL_ROOMS, GATEWAY_FILES, ()) if service.name == GATEWAY else (ROOMS, OPTIONAL_ROOMS, FILES, TESTS)
        )
        found += _stray_rooms(service, rooms)
        found += _missing_parts(service, tuple(room for room in rooms if room not in optional), files, tests)
    return found


def _stray_rooms(service: Service, rooms: tuple[str, ...]) -> Iterator[str]:
    for path in sorted(service.package.iterdir()):
        is_module = path.suffix == ".py" or (path / "__init__.py").exists()
        if is_module and path.stem not in ("__init__", *rooms):
            yield (
                f"{path.relative_to(service.root)} is not a room. A service has the same rooms as every other ({', '.join(rooms)}): {DOES}."
                f" A room that outgrows {MOST_LINES} lines becomes a package of its name. See {GUIDE}."
            )


def _missing_parts(service: Service, rooms: tuple[str, ...], files: tuple[str, ...], tests: tuple[str, ...]) -> Iterator[str]:
    where = service.folder.relative_to(service.root)
    for room in rooms:
        if not service.room(room):
            yield f"{where} has no room {service.name}/{room}.py: copy the shape of another service. See {GUIDE}."
    for name in files:
        if not (service.folder / name).exists():
            yield f"{where} has no {name}: copy the shape of another service. See {GUIDE}."
    for test in tests:
        if not any((service.folder / "tests").glob(f"{test}*")):
            yield f"{where} has no tests/{test}.py: every room that decides, asks or answers is tested. See {GUIDE}."


def upward_imports(root: Path) -> list[str]:
    """Name each import that a room may not make."""
    return [sentence for service in services_with_a_database(root) for source in service.sources() for sentence in _judge(service, source)]


def _judge(service: Service, source: Source) -> Iterator[str]:
    room = source.path.relative_to(service.package).parts[0].removesuffix(".py")
    if room not in MAY_IMPORT:
        return
    for line, imported in source.imports():
        package, _, rest = imported.partition(".")
        other = rest.partition(".")[0]
        if package == service.name and other in ROOMS and other != room and other not in MAY_IMPORT[room]:
            allowed = ", ".join(name for name in ROOMS if name in MAY_IMPORT[room]) or "no other room"
            yield f"{source.name}:{line} imports {service.name}.{other}, but {room} may import {allowed}: {WHY[room]}. See {GUIDE}."
        if room in NOT_FOR.get(package, ()):
            yield f"{source.name}:{line} imports {package}, which is not for {room}: {WHY.get(room, 'the wiring only wires')}. See {GUIDE}."


def imports_of_other_services(root: Path) -> list[str]:
    """Name each import of a service by another, in its rooms and in its tests."""
    names = {service.name for service in services(root)}
    return [
        f"{source.name}:{line} imports {imported}: services never import one another. Call it by RPC (clients), or subscribe to its events"
        f" with a schema of your own of the fields you read (events). See {GUIDE}."
        for service in services(root)
        for source in sources(root, service.folder)
        for line, imported in source.imports()
        if (package := imported.partition(".")[0]) in names and package != service.name
    ]


def outgrown(root: Path) -> list[str]:
    """Name each file that is too long to be read at once."""
    return [
        f"{source.name} has {lines} lines: over {MOST_LINES}, a room becomes a package of its name with one file per noun, and a file of"
        f" claims one per subject. See {GUIDE}."
        for folder in ("services", "libs", "deploy", "tests", "bench")
        for source in sources(root, root / folder)
        if (lines := len(source.lines)) > MOST_LINES
    ]
