"""Routes of billing profiles, and of what the payment provider tells."""

import json
from typing import Any

import pytest

from chassis.errors import Refused
from gateway.schemas.billing_profiles import BillingProfile
from gateway.schemas.examples import example_of

from .conftest import AGENCY_ID, assert_problem
from .test_routes import ACCOUNT_ID, PROFILE_ID, RPC_ACCOUNT, MakeFront


def test_a_billing_profile_takes_a_token_and_never_shows_it(front: MakeFront) -> None:
    client = front(billing__add_billing_profile=lambda _: example_of(BillingProfile) | {"payment_method": "pm_card_visa"})
    answer = client.post("/v1/billing-profiles", {"payment_method": "pm_card_visa", "is_default": True})
    assert (answer.status_code, json.loads(answer.data)) == (201, example_of(BillingProfile))
    assert answer.headers["Location"] == f"/v1/billing-profiles/{PROFILE_ID}"
    asked = {"agency_id": AGENCY_ID, "payment_method": "pm_card_visa", "setup_intent": None, "name": None, "invoice_address": None}
    assert client.services.asked() == [("billing.add_billing_profile", {**asked, "is_default": True})]


@pytest.mark.parametrize("cards", [{}, {"payment_method": "pm_card_visa", "setup_intent": "seti_1"}, {"payment_method": None}])
def test_a_billing_profile_has_exactly_one_card(front: MakeFront, cards: dict[str, Any]) -> None:
    client = front()
    answer = client.post("/v1/billing-profiles", {"name": "Company card", **cards})
    assert_problem(answer, 422, "invalid_request", "payment_method")
    assert client.services.asked() == []


def test_a_change_of_a_billing_profile_names_its_version_and_one_card_at_most(front: MakeFront) -> None:
    """R0.64."""
    path = f"/v1/billing-profiles/{PROFILE_ID}"
    client = front(billing__update_billing_profile=lambda _: example_of(BillingProfile) | {"version": 8})
    answer = client.send("PATCH", path, data=b'{"setup_intent": "seti_1"}', Content_Type="application/json", If_Match='"7"')
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"8"')
    asked = {"agency_id": AGENCY_ID, "billing_profile_id": PROFILE_ID, "expected_version": 7, "setup_intent": "seti_1"}
    assert client.services.asked() == [("billing.update_billing_profile", asked)]
    both = client.send("PATCH", path, data=b'{"setup_intent": "seti_1", "payment_method": "pm_card_visa"}', Content_Type="application/json")
    assert_problem(both, 422, "invalid_request", "setup_intent")


@pytest.mark.parametrize("card", ["payment_method", "setup_intent", "billing_profile"])
def test_an_account_is_given_a_profile_that_there_is_and_makes_none(front: MakeFront, card: str) -> None:
    """R0.65, R0.66: a new billing profile is not made where an account is changed."""
    client = front(accounts__edit_account=lambda _: RPC_ACCOUNT)
    path = f"/v1/accounts/{ACCOUNT_ID}"
    chosen = f'{{"billing_profile_id": "{PROFILE_ID}"}}'.encode()
    assert client.send("PATCH", path, data=chosen, Content_Type="application/json").status_code == 200
    made = client.send("PATCH", path, data=f'{{"{card}": "pm_card_visa"}}'.encode(), Content_Type="application/json")
    assert_problem(made, 422, "invalid_request", card)
    assert len(client.services.asked()) == 1


def test_what_the_payment_provider_tells_goes_on_to_the_byte_without_a_key(front: MakeFront) -> None:
    client = front(billing__hear_provider=lambda _: {"effect": True})
    body = '{ "id":  "evt_1",\n"é": 1 }'
    answer = client.send("POST", "/webhooks/stripe", key=None, data=body.encode(), Stripe_Signature="t=1,v1=ab")
    assert (answer.status_code, json.loads(answer.data)) == (200, {"received": True})
    assert client.services.asked() == [("billing.hear_provider", {"body": body, "signature": "t=1,v1=ab"})]


def test_what_the_payment_provider_did_not_sign_is_malformed(front: MakeFront) -> None:
    forged = Refused.from_wire({"kind": "malformed", "code": "webhook_signature_invalid", "message": "Not signed.", "details": {}})

    def refuse(_request: object) -> object:
        raise forged

    answer = front(billing__hear_provider=refuse).send("POST", "/webhooks/stripe", key=None, data=b"{}", Stripe_Signature="t=1,v1=ab")
    assert_problem(answer, 400, "webhook_signature_invalid")


@pytest.mark.parametrize(
    ("data", "signature", "status"),
    [
        (b"{}", None, 400),
        (b"{}", "x" * 2001, 400),
        (b"\xff", "t=1,v1=ab", 400),
        (b"\x00", "t=1,v1=ab", 400),
        (b" " * (256 * 1024 + 1), "t=1,v1=ab", 413),
    ],
)
def test_what_the_payment_provider_cannot_have_told_is_refused(front: MakeFront, data: bytes, signature: str | None, status: int) -> None:
    client = front()
    headers = {} if signature is None else {"Stripe_Signature": signature}
    answer = client.send("POST", "/webhooks/stripe", key=None, data=data, **headers)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert client.services.asked() == []
