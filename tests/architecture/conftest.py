"""A small tree with everything in its place, for the tests of the checks: each test spoils one thing in it."""

import json
from pathlib import Path

import pytest

from .names import LISTS
from .rooms import FILES, GATEWAY_FILES, GATEWAY_ROOMS, ROOMS, TESTS

EVENTS = {
    "accounts": "class AccountRequested(Fact):\n    source = 'accounts'\n",
    "billing": "class _Money(Fact): ...\n\n\nclass InvoicePaid(_Money):\n    source = 'billing'\n",
}
DOORS = {
    "accounts": (
        "class AccountsService:\n"
        "    @query(request=schemas.A, answer=schemas.B)\n    def account(self, request): ...\n"
        "    @subscribe('billing', 'invoice_paid', reads=events.InvoicePaid)\n    def on_invoice_paid(self, event): ...\n"
    ),
    "billing": (
        "class BillingService:\n"
        "    @command(request=schemas.A, answer=schemas.B)\n    def create_quote(self, request): ...\n"
        "    @subscribe('accounts', 'account_requested', reads=events.AccountRequested)\n    def on_account_requested(self, event): ...\n"
    ),
}
READMES = {
    "accounts": "| method | does |\n|---|---|\n| `account` | … |\n\n| event | says |\n|---|---|\n| `account_requested` | … |\n",
    "billing": "| method | does |\n|---|---|\n| `create_quote(selection)` | … |\n\n| event | says |\n|---|---|\n| `invoice_paid` | … |\n",
}
MIGRATIONS = {"0001_first_tables.py": ("0001", None), "0002_more.py": ("0002", "0001")}
TOPOLOGY = {"accounts": {"reads": [["billing", "invoice_paid"]]}, "billing": {"reads": [["accounts", "account_requested"]]}}


def write(path: Path, text: str = "") -> None:
    """Write a file of the small tree, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_migration(folder: Path, name: str, revision: str, before: str | None) -> None:
    """Write a migration that does nothing."""
    write(folder / name, f"revision = {revision!r}\ndown_revision = {before!r}\n")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two services and a gateway that every check finds right."""
    for name in ("accounts", "billing"):
        folder = tmp_path / "services" / name
        for file in FILES:
            if file != "migrations/versions":
                write(folder / file)
        for test in TESTS:
            write(folder / "tests" / f"{test}.py")
        for room in ("__init__", *ROOMS):
            write(folder / name / f"{room}.py")
        write(folder / name / "events.py", EVENTS[name])
        write(folder / name / "service.py", DOORS[name])
        write(folder / "README.md", READMES[name])
        for migration, (revision, before) in MIGRATIONS.items():
            write_migration(folder / "migrations" / "versions", migration, revision, before)
    gateway = tmp_path / "services" / "gateway"
    for file in GATEWAY_FILES:
        write(gateway / file)
    for room in ("__init__", *GATEWAY_ROOMS):
        write(gateway / "gateway" / f"{room}.py")
    for name in LISTS:
        write(tmp_path / name, "accounts billing gateway")
    write(tmp_path / "libs" / "chassis" / "chassis" / "doors.py")
    write(tmp_path / "deploy" / "topology.json", json.dumps(TOPOLOGY))
    write(tmp_path / "docs" / "decisions" / "0001-one-thing.md", "# One thing\n")
    return tmp_path
