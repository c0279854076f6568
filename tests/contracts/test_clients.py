"""Claims about what services ask one another: by the examples of those they ask."""

import importlib
import inspect
from typing import Any

import pytest

from chassis.wiring import Wiring
from tests.architecture.tree import ROOT, services_with_a_database

from .calls import Call, calls
from .golden import examples
from .rpc import RPC, StandIn
from .surface import methods

CALLS = [call for service in services_with_a_database(ROOT) for call in calls(service)]
GOLDEN = examples(ROOT / RPC)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "accounts.clients.Billing.region_of": {"country": "FR"},
    "billing.clients.Credits.prepaid_pots": {"agency_id": "agy_01KAMV7Q9ZC4S2T1X8RJ5N6B3D", "currency": "EUR"},
    "accounts.clients.Billing.create_quote": {
        "agency_id": "agy_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
        "account_id": "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
        "selection": {"pricing_version": "V3", "product": "EM", "plan": "Pro", "contacts": 1000, "frequency": "monthly"},
        "country": "FR",
        "effective": "now",
    },
}
"""What a client's function is called with where that is not, under the same names, what its call asks."""


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_client_asks_what_the_door_takes_and_reads_whatever_it_answers(call: Call) -> None:
    name = f"{call.service}/{call.method}"
    assert name in GOLDEN, (
        f"{call} calls {call.service}.{call.method}, which has no door: the methods of {call.service} are in its service.py."
    )
    services = StandIn(caller=str(call), methods=methods(), golden=GOLDEN)
    client = getattr(importlib.import_module(f"{call.caller}.clients"), call.client)(Wiring(call=services.call, config=None))
    function = getattr(client, call.function)
    arguments = ARGUMENTS.get(str(call)) or services.methods[name].request().load(GOLDEN[name]["request"])
    missing = inspect.signature(function).parameters.keys() - arguments.keys()
    assert not missing, f"{call} takes {missing}, of which {RPC}/{name}.json says nothing: say in ARGUMENTS what it is called with."
    for _ in services.answer_variants(name):
        function(**arguments)
    assert set(services.asked) == {name}
    assert services.wrong == []
