"""The settings of an account: what the routes ask, and what they make of the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from chassis.errors import Refused
from gateway.schemas.accounts import Account
from gateway.schemas.branding import Branding
from gateway.schemas.domains import DomainCheck
from gateway.schemas.examples import ID_END, example_of
from gateway.schemas.transfers import Transfer

from .conftest import AGENCY_ID, Front, assert_problem

MakeFront = Callable[..., Front]

ACCOUNT_ID = "acc" + ID_END
ACCOUNT = f"/v1/accounts/{ACCOUNT_ID}"
RPC_ACCOUNT = {"selection" if name == "plan" else name: value for name, value in example_of(Account).items()} | {"version": 7}
ASKED = {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID}


def send(client: Front, method: str, path: str, body: Any, **headers: str) -> TestResponse:
    return client.send(method, path, data=json.dumps(body).encode(), Content_Type="application/json", **headers)


# --- edit -------------------------------------------------------------------------------------------------------------------------------


def test_what_is_given_is_asked_for_and_null_is_given_too(front: MakeFront) -> None:
    """R0.17, R0.65."""
    client = front(accounts__edit_account=lambda _: RPC_ACCOUNT)
    answer = send(client, "PATCH", ACCOUNT, {"language": "en", "custom_domain": None}, Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(Account))
    assert answer.headers["ETag"] == '"7"'
    assert client.services.asked() == [
        ("accounts.edit_account", {**ASKED, "expected_version": None, "language": "en", "custom_domain": None})
    ]
    assert client.services.call.keys[-1] == "k1"


@pytest.mark.parametrize(
    ("header", "version"),
    [('"7"', 7), ("*", None)],
)
def test_if_match_says_which_version_is_changed(front: MakeFront, header: str, version: int | None) -> None:
    client = front(accounts__edit_account=lambda _: RPC_ACCOUNT)
    send(client, "PATCH", ACCOUNT, {"language": "en"}, If_Match=header)
    ((_, asked),) = client.services.asked()
    assert asked["expected_version"] == version


def test_a_change_is_answered_in_full_whatever_the_caller_has(front: MakeFront) -> None:
    client = front(accounts__edit_account=lambda _: RPC_ACCOUNT)
    assert send(client, "PATCH", ACCOUNT, {}, If_None_Match='"7"').status_code == 200


def test_a_change_of_something_else_by_now_is_412(front: MakeFront) -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise Refused(kind="stale", code="version_mismatch", message="It has changed.")

    answer = send(front(accounts__edit_account=refuse), "PATCH", ACCOUNT, {"language": "en"}, If_Match='"6"')
    assert_problem(answer, 412, "version_mismatch")


@pytest.mark.parametrize("body", [{"country": "FR"}, {"name": "other"}, {"language": None}, {"billing_profile_id": "bp_1"}])
def test_what_is_no_setting_is_refused(front: MakeFront, body: dict[str, Any]) -> None:
    client = front()
    assert_problem(send(client, "PATCH", ACCOUNT, body), 422, "invalid_request", *body)
    assert client.services.asked() == []


def test_an_agency_cannot_delete_an_account(front: MakeFront) -> None:
    """R0.58."""
    client = front()
    assert_problem(client.send("DELETE", ACCOUNT), 405, "method_not_allowed")
    assert client.services.asked() == []


def test_limits_and_add_ons_are_asked_for_as_they_are_given(front: MakeFront) -> None:
    """R0.37 to R0.39."""
    client = front(accounts__change_plan=lambda _: {"account": RPC_ACCOUNT, "change": {}})
    selection = {
        "pricing_version": "V3",
        "product": "EM",
        "plan": "Pro",
        "contacts": 1000,
        "frequency": "annual",
        "limits": {"activities": {"choice": "custom", "number": 9}, "email_sends": {"choice": "10000", "number": None}},
        "add_ons": ["pipelines"],
    }
    client.post(f"{ACCOUNT}/plan-changes", {"plan": selection})
    ((_, asked),) = client.services.asked()
    assert asked["selection"] == selection


# --- branding ---------------------------------------------------------------------------------------------------------------------------


def test_branding_is_shown(front: MakeFront) -> None:
    """R0.18."""
    client = front(accounts__branding=lambda _: example_of(Branding))
    assert json.loads(client.get(f"{ACCOUNT}/branding").data) == example_of(Branding)
    assert client.services.asked() == [("accounts.branding", ASKED)]


def test_branding_is_put_whole_and_what_is_left_out_is_reset(front: MakeFront) -> None:
    """R0.18, R0.113."""
    client = front(accounts__set_branding=lambda _: example_of(Branding))
    answer = send(client, "PUT", f"{ACCOUNT}/branding", {"brand_name": "Acme Mail"}, Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(Branding))
    left_out = dict.fromkeys(("primary_colour", "text_colour", "footer_text", "logo"))
    assert client.services.asked() == [("accounts.set_branding", {**ASKED, "brand_name": "Acme Mail", **left_out})]
    assert client.services.call.keys[-1] == "k1"


# --- custom domain ----------------------------------------------------------------------------------------------------------------------


def test_a_domain_check_is_started_and_shown(front: MakeFront) -> None:
    """R0.22, R0.114."""
    client = front(accounts__start_domain_check=lambda _: example_of(DomainCheck), accounts__domain_check=lambda _: example_of(DomainCheck))
    started = client.send("POST", f"{ACCOUNT}/domain-check", Idempotency_Key="k1")
    assert (started.status_code, json.loads(started.data)) == (200, example_of(DomainCheck))
    assert json.loads(client.get(f"{ACCOUNT}/domain-check").data) == example_of(DomainCheck)
    assert client.services.asked() == [("accounts.start_domain_check", ASKED), ("accounts.domain_check", ASKED)]


# --- transfers --------------------------------------------------------------------------------------------------------------------------


def test_a_transfer_is_asked_for_listed_and_shown(front: MakeFront) -> None:
    """R0.53 to R0.57."""
    transfer = example_of(Transfer)
    page = {"data": [transfer], "next_cursor": None, "total": 1}
    client = front(accounts__request_transfer=lambda _: transfer, accounts__transfers=lambda _: page, accounts__transfer=lambda _: transfer)
    wanted = {"direction": "out", "account_host": "acme.comptoir.example", "client_email": "owner@acme.example"}
    answer = client.post("/v1/transfers", wanted, Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (201, transfer)
    assert answer.headers["Location"] == f"/v1/transfers/{transfer['id']}"
    assert json.loads(client.get("/v1/transfers?limit=2").data) == page
    assert json.loads(client.get(f"/v1/transfers/{transfer['id']}").data) == transfer
    agency = {"agency_id": AGENCY_ID}
    assert client.services.asked() == [
        ("accounts.request_transfer", {**agency, **wanted, "agency_email": None}),
        ("accounts.transfers", {**agency, "limit": 2}),
        ("accounts.transfer", {**agency, "transfer_id": transfer["id"]}),
    ]


@pytest.mark.parametrize("path", ["confirmation", "completion"])
def test_no_agency_confirms_or_completes_a_transfer(front: MakeFront, path: str) -> None:
    """R0.56."""
    assert_problem(front().post(f"/v1/transfers/trf{ID_END}/{path}"), 404, "no_such_route")
