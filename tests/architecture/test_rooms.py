"""Claims about the shape of every service, and about the checks that hold it."""

from pathlib import Path

import pytest

from .conftest import write
from .rooms import MOST_LINES, imports_of_other_services, misshapen, outgrown, upward_imports
from .tree import ROOT, hold


def test_every_service_has_the_same_rooms() -> None:
    hold(misshapen(ROOT))


def test_rooms_import_downwards_only() -> None:
    hold(upward_imports(ROOT))


def test_no_service_imports_another() -> None:
    hold(imports_of_other_services(ROOT))


def test_no_room_outgrows_the_eye() -> None:
    hold(outgrown(ROOT))


def test_the_small_tree_is_right(tree: Path) -> None:
    assert misshapen(tree) + upward_imports(tree) + imports_of_other_services(tree) + outgrown(tree) == []


def test_a_stray_room_is_named_and_told_where_things_go(tree: Path) -> None:
    write(tree / "services/accounts/accounts/helpers.py")
    [sentence] = misshapen(tree)
    assert sentence.startswith("services/accounts/accounts/helpers.py is not a room.")
    assert "a rule goes to domain, a verb to usecases" in sentence


def test_a_stray_package_is_a_stray_room_too(tree: Path) -> None:
    write(tree / "services/gateway/gateway/managers/__init__.py")
    [sentence] = misshapen(tree)
    assert sentence.startswith("services/gateway/gateway/managers is not a room.")


def test_a_folder_of_texts_is_no_room(tree: Path) -> None:
    write(tree / "services/billing/billing/texts/en.txt")
    assert misshapen(tree) == []


def test_a_room_may_become_a_package(tree: Path) -> None:
    (tree / "services/accounts/accounts/domain.py").unlink()
    write(tree / "services/accounts/accounts/domain/__init__.py")
    write(
        tree / "services/accounts/accounts/domain/names.py", "from accounts.domain.lifecycle import Status\nfrom accounts import errors\n"
    )
    assert misshapen(tree) + upward_imports(tree) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("accounts/schemas.py", "services/accounts has no room accounts/schemas.py: copy the shape"),
        ("README.md", "services/accounts has no README.md: copy the shape"),
        ("tests/test_repository.py", "services/accounts has no tests/test_repository.py: every room"),
    ],
)
def test_what_is_missing_is_named(tree: Path, missing: str, said: str) -> None:
    (tree / "services/accounts" / missing).unlink()
    [sentence] = misshapen(tree)
    assert sentence.startswith(said)


def test_a_service_needs_no_clients(tree: Path) -> None:
    (tree / "services/accounts/accounts/clients.py").unlink()
    assert misshapen(tree) == []


@pytest.mark.parametrize(
    ("room", "line", "said"),
    [
        ("domain", "from accounts.models import Account", "domain may import errors: the rules are plain Python"),
        ("models", "import accounts.repository", "models may import no other room: a table knows only columns"),
        ("usecases", "from accounts import schemas", "usecases may import clients, repository, models, events, domain, errors"),
        ("service", "from accounts import repository", "service may import usecases, clients, schemas, events: a door translates"),
        ("domain", "from sqlalchemy import select", "imports sqlalchemy, which is not for domain: the rules are plain Python"),
        ("usecases", "from nameko.rpc import rpc", "imports nameko, which is not for usecases"),
    ],
)
def test_an_import_that_a_room_may_not_make_is_named_with_the_reason(tree: Path, room: str, line: str, said: str) -> None:
    write(tree / f"services/accounts/accounts/{room}.py", f"\n{line}\n")
    [sentence] = upward_imports(tree)
    assert sentence.startswith(f"services/accounts/accounts/{room}.py:2 imports ")
    assert said in sentence


@pytest.mark.parametrize("file", ["accounts/usecases.py", "tests/test_usecases.py"])
def test_an_import_of_another_service_is_named_with_what_to_do_instead(tree: Path, file: str) -> None:
    write(tree / "services/accounts" / file, "from billing.schemas import Quote\n")
    [sentence] = imports_of_other_services(tree)
    assert sentence.startswith(f"services/accounts/{file}:1 imports billing.schemas.Quote: services never import one another.")
    assert "schema of your own" in sentence


def test_a_long_room_and_a_long_file_of_claims_are_named(tree: Path) -> None:
    write(tree / "services/accounts/accounts/usecases.py", "\n" * (MOST_LINES + 1))
    write(tree / "libs/chassis/tests/test_all.py", "\n" * (MOST_LINES + 1))
    room, claims = outgrown(tree)
    assert room.startswith("services/accounts/accounts/usecases.py has 401 lines: over 400, a room becomes a package")
    assert claims.startswith("libs/chassis/tests/test_all.py has 401 lines")
