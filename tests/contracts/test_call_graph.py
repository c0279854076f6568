"""Claims about who calls whom, and about the checks that hold them."""

from pathlib import Path

import pytest

from tests.architecture.conftest import write
from tests.architecture.tree import ROOT, hold, services

from .calls import calls, circles, graph, long_ways, unreadable_calls


def test_every_call_can_be_read_off_the_clients() -> None:
    hold(unreadable_calls(ROOT))


def test_calls_never_go_in_a_circle() -> None:
    hold(circles(graph(ROOT)))


def test_what_is_called_by_a_service_calls_no_other() -> None:
    hold(long_ways(ROOT))


def test_the_graph_is_what_the_code_says() -> None:
    assert {caller: called for caller, called in graph(ROOT).items() if called} == {
        "accounts": {"billing", "identity"},
        "billing": {"credits"},
    }


# --- the checks, on a small tree --------------------------------------------------------------------------------------------------------

CLIENTS = {
    "shop": "class Till:\n    def __init__(self, wiring):\n        self._call = wiring.call\n"
    "    def pay(self, amount):\n        return self._call('till', 'pay', {'amount': amount}, timeout_seconds=3)\n",
    "till": "class Bank:\n    def __init__(self, wiring):\n        self._call = wiring.call\n"
    "    def book(self, amount):\n        return self._call('bank', 'book', {'amount': amount}, timeout_seconds=3)\n"
    "class Printer:\n    def print(self, text):\n        return text\n",
}
DOORS = {
    "till": "class TillService:\n"
    "    bank = Wired(clients.Bank)\n"
    "    printer = Wired(clients.Printer)\n"
    "    @command(request=schemas.A, answer=schemas.B)\n    def pay(self, request):\n        return self.printer.print('paid')\n"
    "    @command(request=schemas.A, answer=schemas.B)\n    def close(self, request):\n        return usecases.close(self.bank)\n"
    "    @subscribe('shop', 'sold', reads=events.Sold)\n    def on_sold(self, event):\n        self.bank.book(1)\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A shop that calls a till, which calls a bank when nobody waits for it."""
    for name in ("shop", "till", "bank"):
        write(tmp_path / "services" / name / name / "clients.py", CLIENTS.get(name, ""))
        write(tmp_path / "services" / name / name / "service.py", DOORS.get(name, ""))
    return tmp_path


def test_the_small_tree_is_right(tree: Path) -> None:
    assert [str(call) for service in services(tree) for call in calls(service)] == ["shop.clients.Till.pay", "till.clients.Bank.book"]
    assert graph(tree) == {"bank": set(), "shop": {"till"}, "till": {"bank"}}
    assert unreadable_calls(tree) + circles(graph(tree)) + long_ways(tree) == []


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ({"shop": {"till"}, "till": {"bank"}, "bank": {"shop"}}, "bank → shop → till → bank is a circle of calls"),
        ({"shop": {"till", "bank"}, "till": {"shop"}}, "shop → till → shop is a circle of calls"),
        ({"shop": {"shop"}}, "shop → shop is a circle of calls"),
    ],
)
def test_a_circle_is_named_once_with_the_way_out(edges: dict[str, set[str]], said: str) -> None:
    [sentence] = circles(edges)
    assert sentence.startswith(said)
    assert sentence.endswith("Let one of them tell the other by an event.")


def test_a_way_of_two_hops_is_named_with_the_way_out(tree: Path) -> None:
    write(tree / "services/till/till/service.py", DOORS["till"].replace("self.printer.print('paid')", "usecases.pay(self.bank)"))
    [sentence] = long_ways(tree)
    assert sentence.startswith(
        "shop.clients.Till.pay calls till.pay, which uses self.bank to call on: who is called by a service calls no other"
    )


def test_a_call_that_cannot_be_read_is_named(tree: Path) -> None:
    write(tree / "services/shop/shop/clients.py", CLIENTS["shop"].replace("'pay'", "METHOD"))
    [sentence] = unreadable_calls(tree)
    assert sentence.startswith("services/shop/shop/clients.py:5 calls what only it knows: write service and method as two texts")


def test_a_call_outside_of_clients_is_named(tree: Path) -> None:
    write(tree / "services/shop/shop/usecases.py", "def buy(wiring):\n    wiring.call('till', 'pay', {}, timeout_seconds=3)\n")
    [sentence] = unreadable_calls(tree)
    assert sentence == "services/shop/shop/usecases.py:2 calls another service: calls outward are in clients, where they are found."
