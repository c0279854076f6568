"""What the routes of the lifecycle ask accounts, and what they make of the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Refused
from gateway.schemas.accounts import Account, PlanChange
from gateway.schemas.examples import example_of
from gateway.schemas.lifecycle import AccountEvent, Actions

from .conftest import AGENCY_ID, Front, assert_problem
from .test_routes import ACCOUNT_ID, RPC_ACCOUNT, RPC_CHANGE, page

MakeFront = Callable[..., Front]
PATH = f"/v1/accounts/{ACCOUNT_ID}"
ASKED = {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID}


@pytest.mark.parametrize(
    ("path", "method", "asked", "answer", "shown"),
    [
        ("actions", "actions", {}, example_of(Actions), example_of(Actions)),
        ("events?limit=2", "account_history", {"limit": 2}, page(example_of(AccountEvent)), page(example_of(AccountEvent))),
        ("plan-changes", "plan_changes", {"limit": 50}, page(RPC_CHANGE), page(example_of(PlanChange))),
    ],
)
def test_what_may_be_done_and_what_was_is_asked_for_the_callers_agency(
    front: MakeFront, path: str, method: str, asked: dict[str, Any], answer: dict[str, Any], shown: dict[str, Any]
) -> None:
    client = front(**{f"accounts__{method}": lambda _: answer})
    got = client.get(f"{PATH}/{path}")
    assert (got.status_code, json.loads(got.data)) == (200, shown)
    assert client.services.asked() == [(f"accounts.{method}", {**ASKED, **asked})]


@pytest.mark.parametrize(
    ("verb", "path", "body", "method", "asked"),
    [
        ("PUT", "cancellation", {"reason": "Gone."}, "cancel_account", {"reason": "Gone."}),
        ("DELETE", "cancellation", None, "undo_cancellation", {}),
        ("PUT", "suspension", {"message": "Call us."}, "disable_account", {"message": "Call us."}),
        ("DELETE", "suspension", None, "enable_account", {}),
        ("POST", "renewals", {}, "renew_account", {"billing_profile_id": None, "quote_id": None}),
    ],
)
def test_a_command_answers_the_account_and_its_refusal_goes_out_by_name(
    front: MakeFront, verb: str, path: str, body: dict[str, Any] | None, method: str, asked: dict[str, Any]
) -> None:
    def send(client: Front) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        return client.send(verb, f"{PATH}/{path}", data=data, Content_Type="application/json", Idempotency_Key="k1")

    client = front(**{f"accounts__{method}": lambda _: RPC_ACCOUNT})
    answer = send(client)
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(Account))
    assert client.services.asked() == [(f"accounts.{method}", {**ASKED, **asked})]
    assert "k1" in client.services.call.keys

    def refuse(_: dict[str, Any]) -> Any:
        raise Refused(kind="conflict", code="not_in_this_status", message="Not now.")

    assert_problem(send(front(**{f"accounts__{method}": refuse})), 409, "not_in_this_status")
    assert_problem(send(front(scopes=("accounts:read",))), 403, "scope_missing")


def test_a_scheduled_change_is_dropped(front: MakeFront) -> None:
    client = front(accounts__drop_plan_change=lambda _: RPC_CHANGE)
    answer = client.send("DELETE", f"{PATH}/plan-changes")
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(PlanChange))
    assert client.services.asked() == [("accounts.drop_plan_change", ASKED)]
