"""Claims about what the agency API asks the services and makes of their answers, call by call."""

import json

import pytest
from flask.testing import FlaskClient

from gateway.agency_api import PATHS
from gateway.agency_api.table import ACTIONS, FORM
from gateway.app import create_app
from gateway.app.observation import AccessLog
from tests.architecture.tree import ROOT

from .golden import Json, examples
from .rpc import RPC, StandIn
from .surface import methods

GOLDEN = examples(ROOT / RPC)
KEY, STRANGE = "ck_live_" + "a" * 43, "ck_live_" + "b" * 43
SELECTION = GOLDEN["billing/plans"]["answer"]["data"][0]["selection"]
ACCOUNTS = {**GOLDEN["accounts/accounts"]["answer"], "next_cursor": None}
ACCOUNT: Json = {**ACCOUNTS["data"][0], "selection": {**SELECTION, "limits": {}, "add_ons": []}}
REFUSED = {"account_conversations", "account_scoring"}
"""Calls whose subject does not exist here."""
GIVEN = {
    "account": "acme",
    "name": "Acme SARL",
    "email": "owner@acme.example",
    "plan": "7",
    "timezone": "Europe/Paris",
    "status": "1",
    "message": "Call us.",
    "reason": "Gone.",
    "credits": "30",
    "id": "3",
    "cname": "mail.acme.example",
    "notification": "ops@atelier.example",
    "footer_html": "Acme SARL",
    "site_name": "Acme",
    "page": "1",
    "search": "acme",
    "planfilter": "7",
    "contacts": "2500",
    "frequency": "annual",
    "product": "EM",
    "country": "FR",
    "language": "french",
    "kind": "sms",
    "billing_profile": "bp_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "snapshot": "snp_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "sso_user": "admin",
    "sso_duration": "15",
}


def called(client: FlaskClient, name: str, *, key: str | None = KEY, given: Json = GIVEN) -> Json:
    """Call with what the call needs and takes, of what is given."""
    action = ACTIONS[name]
    asked = {each: given[each] for each in (*action.needs, *action.takes) if each in given}
    query = {"api_action": name, "api_output": "json", **({} if key is None else {"api_key": key})}
    method = "POST" if action.verbs == FORM else "GET"
    answer = client.open(PATHS[0], method=method, query_string=query | (asked if method == "GET" else {}), data=asked or None)
    assert answer.status_code == 200
    said: Json = json.loads(answer.data)
    return said


@pytest.fixture(scope="module")
def everything() -> tuple[StandIn, FlaskClient]:
    """Services that answer by their examples, with one account of a plan that has a number; and the application over them."""
    free = {"name": "acme", "available": True, "code": None, "reason": None}
    change = {**GOLDEN["accounts/actions"]["answer"]["data"][0], "action": "change_plan"}
    answers = {
        "accounts/accounts": {**ACCOUNTS, "data": [ACCOUNT]},
        "accounts/name_availability": free,
        "accounts/actions": {**GOLDEN["accounts/actions"]["answer"], "data": [change]},
    }
    services = StandIn(caller="the agency API", methods=methods(), golden=GOLDEN, answers=answers)
    return services, create_app(services, access_log=AccessLog()).test_client()


@pytest.fixture
def client(everything: tuple[StandIn, FlaskClient]) -> FlaskClient:
    """The application; nothing was asked yet."""
    services, client = everything
    services.asked.clear()
    return client


@pytest.fixture
def services(everything: tuple[StandIn, FlaskClient]) -> StandIn:
    """The services."""
    return everything[0]


@pytest.mark.parametrize("name", ACTIONS)
def test_every_call_asks_what_the_doors_take_and_reads_what_they_answer(services: StandIn, client: FlaskClient, name: str) -> None:
    said = called(client, name)
    assert said["result_code"] == (0 if name in REFUSED else 1), said
    assert services.wrong == []
    assert all(isinstance(value, (str, list, dict)) for member, value in said.items() if member != "result_code")


@pytest.mark.parametrize("name", ACTIONS)
def test_every_call_asks_what_the_doors_take_where_no_more_is_given_than_it_needs(
    services: StandIn, client: FlaskClient, name: str
) -> None:
    needed = {each: GIVEN[each] for each in ACTIONS[name].needs}
    called(client, name, given=needed | ({"plan": "7", "country": "FR"} if name == "account_add" else {}))
    assert services.wrong == []


@pytest.mark.parametrize("name", ACTIONS)
def test_no_call_does_anything_for_a_stranger(services: StandIn, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for key in (None, "", "nonsense"):
        assert called(client, name, key=key)["result_code"] == 0
    monkeypatch.setitem(services.refusals, "identity/key_by_digest", GOLDEN["identity/key_by_digest"]["refusal"])
    assert called(client, name, key=STRANGE)["result_message"] == f"Authentication for API key 'ck_live_{'*' * 43}' failed."
    assert set(services.asked) <= {"identity/key_by_digest"}
    assert services.wrong == []
