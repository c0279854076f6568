"""Claims about what goes over the bus, and about the checks that hold them."""

import json
from pathlib import Path

from .bus import TOPOLOGY, broken_topology, doors_that_nobody_opens, facts, reads, unpublished_reads, unsaid
from .conftest import DOORS, write
from .tree import ROOT, hold, services


def test_every_queue_is_declared_and_consumed() -> None:
    hold(broken_topology(ROOT))


def test_every_event_that_is_read_is_published() -> None:
    hold(unpublished_reads(ROOT))


def test_every_method_and_every_event_has_its_row_in_a_readme() -> None:
    hold(unsaid(ROOT))


def test_every_method_of_a_service_is_a_door() -> None:
    hold(doors_that_nobody_opens(ROOT))


def test_the_small_tree_is_right(tree: Path) -> None:
    assert broken_topology(tree) + unpublished_reads(tree) + unsaid(tree) + doors_that_nobody_opens(tree) == []


def test_the_checks_see_what_doors_read_and_what_events_say(tree: Path) -> None:
    accounts, billing, _ = services(tree)
    assert reads(accounts) == {("billing", "invoice_paid")}
    assert list(facts(billing)) == ["invoice_paid"]


def change_topology(tree: Path, **parts: object) -> None:
    topology = json.loads((tree / TOPOLOGY).read_text()) | parts
    write(tree / TOPOLOGY, json.dumps({name: part for name, part in topology.items() if part is not None}))


def test_an_undeclared_queue_is_named_with_the_command_that_declares_it(tree: Path) -> None:
    change_topology(tree, accounts=None)
    missing_queues, missing_binding = broken_topology(tree)
    assert missing_queues.startswith("deploy/topology.json does not declare the queues of accounts")
    assert missing_binding.startswith("accounts reads billing.invoice_paid, which deploy/topology.json does not bind")
    assert missing_queues.endswith("run `make topology` and commit deploy/topology.json.")


def test_a_binding_without_a_door_is_named(tree: Path) -> None:
    change_topology(tree, billing={"reads": [["accounts", "account_requested"], ["accounts", "account_failed"]]})
    [sentence] = broken_topology(tree)
    assert sentence.startswith("deploy/topology.json binds accounts.account_failed to billing, which has no door for it")


def test_a_queue_without_a_service_is_named(tree: Path) -> None:
    change_topology(tree, referrals={"reads": []})
    [sentence] = broken_topology(tree)
    assert sentence.startswith("deploy/topology.json declares queues of referrals, which no service consumes")


def test_an_event_that_nobody_publishes_is_named_with_its_reader(tree: Path) -> None:
    write(tree / "services/billing/billing/events.py")
    [sentence] = unpublished_reads(tree)
    assert sentence.startswith("accounts subscribes to billing.invoice_paid, which billing does not publish")


def test_a_method_and_an_event_without_a_row_are_named(tree: Path) -> None:
    write(tree / "services/accounts/README.md", "# Accounts\n\nSays `account` and `account_requested`, but in no table.\n")
    method, event = unsaid(tree)
    assert method.startswith("services/accounts/README.md has no table row for the RPC method `account`")
    assert event.startswith("services/accounts/README.md has no table row for the event it publishes `account_requested`")


def test_work_that_lost_its_period_is_named(tree: Path) -> None:
    write(tree / "services/accounts/accounts/service.py", DOORS["accounts"] + "    def expire_trials(self): ...\n")
    [sentence] = doors_that_nobody_opens(tree)
    assert sentence == "accounts's expire_trials() is no door (@query, @command, @subscribe, @due): nothing ever calls it."
