"""Billing and credits keep some figures both: where they differ, the audit of the two quotes both."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from billing.domain.catalogue import Frequency, Selection
from chassis import audit
from chassis.testing import MovingClock, ServiceDatabase

from .world import Cards, World

BOUGHT_MINOR = 5_000


def on(plan: str) -> Selection:
    return Selection(pricing_version="V3", product="EM", plan=plan, contacts=1000, frequency=Frequency.MONTHLY)


@pytest.fixture
def world(make_database: Callable[[str], ServiceDatabase], clock: MovingClock) -> World:
    """An account that was paid by prepaid and by card, and whose downgrade at once was granted as prepaid."""
    world = World(make_database("billing"), make_database("credits"), clock, Cards(clock, lambda _token, _now: None))
    agency_id = world.an_agency()
    profile_id = world.a_card(agency_id, "pm_card_visa", is_default=True)
    world.buy_prepaid(agency_id, BOUGHT_MINOR)
    account_id = world.open_account(agency_id, on("Pro"), time_zone="Europe/Paris", billing_profile_id=profile_id)
    clock.now += timedelta(days=15)
    world.downgrade_now(agency_id, account_id, on("Starter"))
    return world


def differences(world: World) -> list[str]:
    return audit.audit_all({service: database.url for service, database in world.databases.items()}, patience_seconds=0)


def test_what_billing_says_was_prepaid_and_granted_is_what_credits_spent_and_granted(world: World) -> None:
    assert differences(world) == []
    [note] = world.query("billing", "SELECT granted_minor FROM credit_notes")
    [lot] = world.query("credits", "SELECT units FROM lots WHERE credit_note_id IS NOT NULL")
    assert note["granted_minor"] == lot["units"] > 0


GRANT = "(SELECT id FROM transactions WHERE purpose = 'grant')"


@pytest.mark.parametrize(
    ("service", "harm", "figure"),
    [
        ("billing", "UPDATE payments SET prepaid_minor = prepaid_minor - 1, card_minor = card_minor + 1 WHERE prepaid_minor > 0", "pay_"),
        ("billing", "UPDATE credit_notes SET granted_minor = granted_minor + 1, total_minor = total_minor + 1", "cn_"),
        ("billing", "DELETE FROM credit_notes", "cn_"),
        ("credits", f"UPDATE postings SET units = units + sign(units) WHERE transaction_id = {GRANT}", "cn_"),
        ("credits", f"UPDATE transactions SET credit_note_id = 'cn_other' WHERE id = {GRANT}", "cn_"),
        ("credits", "UPDATE transactions SET payment_id = 'pay_other' WHERE purpose = 'spending'", "pay_"),
    ],
)
def test_a_figure_that_one_of_the_two_changed_is_quoted_from_both(world: World, service: str, harm: str, figure: str) -> None:
    world.databases[service].execute(f"SET session_replication_role = replica; {harm}")
    told = [each for each in differences(world) if " says " in each]
    assert told
    assert all(each.startswith(figure) and "billing says" in each and "credits says" in each for each in told)


SHORT = "SET session_replication_role = replica; UPDATE credit_notes SET granted_minor = granted_minor - 1, total_minor = total_minor - 1"
AS_IT_WAS = (
    "SET session_replication_role = replica; UPDATE credit_notes SET granted_minor = granted_minor + 1, total_minor = total_minor + 1"
)


def named(world: World) -> list[str]:
    """The command line's arguments."""
    return [f"{service}={database.url}" for service, database in world.databases.items()]


def test_what_is_on_its_way_between_the_two_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.databases["billing"].execute(SHORT)
    assert differences(world) != []
    monkeypatch.setattr("chassis.audit.time.sleep", lambda _seconds: world.databases["billing"].execute(AS_IT_WAS))
    assert audit.main(named(world)) == 0


def test_the_command_fails_with_a_line_for_everything_that_is_wrong(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.databases["billing"].execute(SHORT)
    assert audit.main(named(world), patience_seconds=0) == 1
    assert capsys.readouterr().out.splitlines() == differences(world)


def test_the_command_says_that_the_books_are_right(world: World) -> None:
    command = [sys.executable, "-m", "chassis.audit", *named(world)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "billing, credits: the books are right\n")


def test_the_command_says_that_nothing_was_audited_where_a_database_is_away(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([f"billing={world.databases['billing'].url}", "credits=postgresql://127.0.0.1:1/none"]) == audit.NOT_AUDITED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("billing, credits: nothing was audited. The database cannot be reached right now: ")
