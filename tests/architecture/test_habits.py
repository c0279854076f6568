"""Claims about time, transactions, errors and migrations, and about the checks that hold them."""

from pathlib import Path

import pytest

from .conftest import write, write_migration
from .habits import CHASSIS, OUTERMOST, own_transactions, readers_of_the_clock, takers_of_anything, unordered_migrations
from .tree import ROOT, hold


def test_nobody_reads_the_wall_clock() -> None:
    hold(readers_of_the_clock(ROOT))


def test_nobody_ends_a_transaction_by_himself() -> None:
    hold(own_transactions(ROOT))


def test_nobody_takes_whatever_is_raised_but_the_outermost_frames() -> None:
    hold(takers_of_anything(ROOT))


def test_migrations_are_numbered_and_in_one_line() -> None:
    hold(unordered_migrations(ROOT))


def test_the_small_tree_is_right(tree: Path) -> None:
    assert readers_of_the_clock(tree) + own_transactions(tree) + takers_of_anything(tree) + unordered_migrations(tree) == []


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("datetime.now(UTC)", "datetime.now"),
        ("datetime.datetime.utcnow()", "datetime.utcnow"),
        ("date.today()", "date.today"),
        ("time.time()", "time.time"),
        ("func.now()", "func.now"),
        ("sa.func.now()", "func.now"),
    ],
)
def test_a_reader_of_the_clock_is_named_and_told_of_another_time(tree: Path, code: str, call: str) -> None:
    write(tree / "services/accounts/accounts/usecases.py", f"moment = {code}\n")
    [sentence] = readers_of_the_clock(tree)
    assert sentence.startswith(
        f"services/accounts/accounts/usecases.py:1 reads the wall clock ({call}): the time of a unit of work is `uow.now`"
    )


def test_a_reader_of_the_clock_may_say_why(tree: Path) -> None:
    write(tree / "services/accounts/accounts/usecases.py", "moment = func.now()  # wall clock: keys are used in real time\n")
    assert readers_of_the_clock(tree) == []


def test_a_monotonic_clock_measures_and_is_no_time_of_day(tree: Path) -> None:
    write(tree / "services/gateway/gateway/auth.py", "started = time.monotonic()\n")
    assert readers_of_the_clock(tree) == []


@pytest.mark.parametrize("code", ["session.commit()", "uow.session.rollback()", "self.connection.commit()"])
def test_a_commit_is_named_and_told_who_does_it(tree: Path, code: str) -> None:
    write(tree / "services/accounts/accounts/usecases.py", f"{code}\n")
    [sentence] = own_transactions(tree)
    assert sentence.startswith("services/accounts/accounts/usecases.py:1 calls ")
    assert "one use case is one transaction, and the chassis ends it" in sentence


@pytest.mark.parametrize(
    ("name", "revision", "before", "said"),
    [
        ("add_index.py", "0003", "0002", "should be called 0003_….py"),
        ("0004_later.py", "0003", "0002", "should be called 0003_….py"),
        ("0003_more.py", "0003", "0001", "has down_revision = '0001' and not '0002'"),
        ("0003_more.py", "abc", "0002", "has revision = 'abc' and not '0003'"),
    ],
)
def test_a_migration_out_of_line_is_named(tree: Path, name: str, revision: str, before: str, said: str) -> None:
    write_migration(tree / "services/accounts/migrations/versions", name, revision, before)
    [sentence] = unordered_migrations(tree)
    assert sentence.startswith(f"services/accounts/migrations/versions/{name} {said}")


@pytest.mark.parametrize("kind", ["", " Exception", " BaseException as error", " (ValueError, Exception)"])
@pytest.mark.parametrize("file", ["services/accounts/accounts/usecases.py", f"{CHASSIS}/clocks.py", f"{CHASSIS}/testing/doors.py"])
def test_who_takes_whatever_is_raised_is_named_and_told_where_defects_go(tree: Path, file: str, kind: str) -> None:
    write(tree / file, f"def _do() -> None:\n    try:\n        pass\n    except{kind}:\n        pass\n")
    [sentence] = takers_of_anything(tree)
    assert sentence.startswith(f"{file}:4 takes whatever is raised: name what you expect.")


def test_the_outermost_frames_may_and_who_names_errors_may(tree: Path) -> None:
    for file, function in OUTERMOST:
        write(tree / CHASSIS / file, f"def {function}() -> None:\n    try:\n        pass\n    except Exception:\n        pass\n")
    write(tree / CHASSIS / "clocks.py", "def _do() -> None:\n    try:\n        pass\n    except (ValueError, KeyError):\n        pass\n")
    assert takers_of_anything(tree) == []
