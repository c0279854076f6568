"""What must name every service, and what is binding but short."""

import re
from pathlib import Path

from .tree import services

LISTS = (".importlinter", "Makefile", "pyproject.toml", "deploy/local/set-up", "deploy/local/local_platform/settings.py")
NOT_IN_EVERY_LIST = {"gateway": ("Makefile", "deploy/local/local_platform/settings.py")}  # it has no database, and is started by itself
MOST_LINES_OF_A_DECISION = 40
DECISION = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


def unlisted_services(root: Path) -> list[str]:
    """Name each list of services that one is missing from."""
    return [
        f"{name} does not name {service.name}: a new service is named there too, or it is not checked, tested and started like the others."
        for service in services(root)
        for name in LISTS
        if name not in NOT_IN_EVERY_LIST.get(service.name, ()) and not re.search(rf"\b{service.name}\b", (root / name).read_text())
    ]


def unruly_decisions(root: Path) -> list[str]:
    """Name each decision that is too long, is not numbered, or takes another's number."""
    found: list[str] = []
    numbers: dict[str, str] = {}
    for path in sorted((root / "docs" / "decisions").iterdir()):
        match = DECISION.fullmatch(path.name)
        if match is None:
            found.append(f"docs/decisions/{path.name} should be called NNNN-title.md.")
            continue
        if match[1] in numbers:
            found.append(f"docs/decisions/{path.name} has the number of {numbers[match[1]]}: decisions are cited by number.")
        numbers[match[1]] = path.name
        lines = len(path.read_text().splitlines())
        if lines > MOST_LINES_OF_A_DECISION:
            found.append(f"docs/decisions/{path.name} has {lines} lines: a decision is read whole, in {MOST_LINES_OF_A_DECISION} at most.")
    return found
