"""Credit of three kinds at the front door."""

import json
from typing import Any

import pytest

from gateway.schemas.credits import AllocationMade, Settings
from gateway.schemas.examples import example_of
from gateway.schemas.invoices import Invoice

from .conftest import AGENCY_ID, Front, assert_problem
from .test_routes import ACCOUNT_ID, INNER, PROFILE_ID, MakeFront


def put(client: Front, path: str, body: Any) -> Any:
    return client.send("PUT", path, data=json.dumps(body).encode(), Content_Type="application/json")


@pytest.mark.parametrize(("word", "kind"), [("sms", "sms"), ("inbox-preview", "inbox_preview")])
def test_pieces_are_bought_by_number(front: MakeFront, word: str, kind: str) -> None:
    """R0.109, R0.112."""
    client = front(billing__purchase_credits=lambda _: example_of(Invoice))
    answer = client.post(f"/v1/credits/{word}/purchases", {"units": 100, "billing_profile_id": PROFILE_ID})
    assert answer.status_code == 202
    how = {"amount": None, "units": 100, "billing_profile_id": PROFILE_ID, "account_id": None}
    assert client.services.asked() == [("billing.purchase_credits", {"agency_id": AGENCY_ID, "kind": kind, **how})]


@pytest.mark.parametrize(
    ("word", "body", "field"),
    [
        ("prepaid", {}, "amount"),
        ("prepaid", {"units": 100}, "amount"),
        ("prepaid", {"amount": {"amount": 1, "currency": "EUR"}, "units": 100}, "units"),
        ("sms", {"amount": {"amount": 1, "currency": "EUR"}}, "units"),
        ("sms", {"amount": {"amount": 1, "currency": "EUR"}, "units": 100}, "amount"),
        ("sms", {"units": 0}, "units"),
    ],
)
def test_a_purchase_says_how_much_in_the_way_of_its_kind(front: MakeFront, word: str, body: dict[str, Any], field: str) -> None:
    assert_problem(front().post(f"/v1/credits/{word}/purchases", body), 422, "invalid_request", field)


def test_credit_is_allocated_by_units_and_never_by_none(front: MakeFront) -> None:
    """R0.111."""
    client = front(credits__allocate_credits=lambda _: example_of(AllocationMade) | INNER)
    answer = client.post("/v1/credits/inbox-preview/allocations", {"account_id": ACCOUNT_ID, "units": -5})
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(AllocationMade))
    asked = {"agency_id": AGENCY_ID, "kind": "inbox_preview", "account_id": ACCOUNT_ID, "units": -5}
    assert client.services.asked() == [("credits.allocate_credits", asked)]
    nothing = {"account_id": ACCOUNT_ID, "units": 0}
    assert_problem(front().post("/v1/credits/sms/allocations", nothing), 422, "invalid_request", "units")


def test_the_settings_are_set_whole(front: MakeFront) -> None:
    client = front(credits__change_settings=lambda _: example_of(Settings), credits__settings=lambda _: example_of(Settings))
    body = {"threshold": 5000, "top_up": {"units": 20000}}
    assert put(client, "/v1/credits/inbox-preview/settings", body).status_code == 200
    assert put(client, "/v1/credits/prepaid/settings", {}).status_code == 200
    assert json.loads(client.get("/v1/credits/sms/settings").data) == example_of(Settings)
    assert client.services.asked() == [
        ("credits.change_settings", {"agency_id": AGENCY_ID, "kind": "inbox_preview", "currency": None, **body}),
        ("credits.change_settings", {"agency_id": AGENCY_ID, "kind": "prepaid", "currency": None, "threshold": None, "top_up": None}),
        ("credits.settings", {"agency_id": AGENCY_ID, "kind": "sms"}),
    ]


def test_a_top_up_needs_a_threshold(front: MakeFront) -> None:
    assert_problem(put(front(), "/v1/credits/sms/settings", {"top_up": {"units": 100}}), 422, "invalid_request", "threshold")
