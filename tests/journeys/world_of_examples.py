"""The states that things must be in for the examples of the document, and what of the examples cannot be sent as it stands."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from chassis.testing import eventually

from .conftest import Agency, unique_name
from .operations import Json
from .world import MAKERS, PLUS, Maker, open_account_body

DOMAIN = "custom_domain"


def _account(agency: Agency, before: Mapping[str, str]) -> str:
    return MAKERS["account_id"](agency, before)


def _put(agency: Agency, account_id: str, noun: str, body: Json) -> str:
    """Put something on the account; while what it needs is still on its way, again."""

    def put() -> bool:
        answer = agency.send("PUT", f"/v1/accounts/{account_id}/{noun}", body)
        assert answer.ok or answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text
        return answer.ok

    eventually(put, what=f"{noun} of {account_id}")
    return account_id


def _paid_for(agency: Agency, before: Mapping[str, str]) -> str:
    account_id = _account(agency, before)
    eventually(lambda: agency.account(account_id)["renews_at"], what=f"{account_id} is known to be paid")
    return account_id


def _cancelled(agency: Agency, before: Mapping[str, str]) -> str:
    return _put(agency, _paid_for(agency, before), "cancellation", {"reason": "The client has gone."})


def _disabled(agency: Agency, before: Mapping[str, str]) -> str:
    return _put(agency, _account(agency, before), "suspension", {"message": "Please call your agency."})


def _on_starter(agency: Agency, _before: Mapping[str, str]) -> str:
    account_id = str(agency.post("/v1/accounts", {**open_account_body(), "plan": {**PLUS, "plan": "Starter"}}).json()["id"])
    agency.until_status(account_id, "active")
    eventually(lambda: agency.account(account_id)["renews_at"], what=f"{account_id} is known to be paid")
    return account_id


def _to_go_down(agency: Agency, before: Mapping[str, str]) -> str:
    account_id = _paid_for(agency, before)
    down = {"plan": {**PLUS, "plan": "Starter"}, "effective": "period_end"}
    eventually(lambda: agency.post(f"/v1/accounts/{account_id}/plan-changes", down).ok, what="a downgrade that waits")
    return account_id


def _with_domain(agency: Agency, before: Mapping[str, str]) -> str:
    account_id = _account(agency, before)
    answer = agency.send("PATCH", f"/v1/accounts/{account_id}", {DOMAIN: _domain()})
    assert answer.ok, answer.text
    return account_id


def _with_prepaid(agency: Agency, before: Mapping[str, str]) -> str:
    bought = agency.post("/v1/credits/prepaid/purchases", {"amount": {"amount": 10000, "currency": "EUR"}})
    assert bought.ok, bought.text
    account_id = _account(agency, before)
    one = {"account_id": account_id, "units": 1}
    eventually(lambda: agency.post("/v1/credits/prepaid/allocations", one).ok, what="credits has the credit, and knows the account")
    return account_id


def _domain() -> str:
    return f"{unique_name()}.acme.example"


def _later() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


STATES: Mapping[str, Maker] = {
    "cancel_account.account_id": _paid_for,
    "undo_cancellation.account_id": _cancelled,
    "renew_account.account_id": _cancelled,
    "disable_account.account_id": _account,
    "enable_account.account_id": _disabled,
    "change_plan.account_id": _on_starter,
    "drop_plan_change.account_id": _to_go_down,
    "claim_credentials.account_id": _account,
    "start_domain_check.account_id": _with_domain,
    "allocate_credits.account_id": _with_prepaid,
}
"""By `<operationId>.<name>`: what makes a thing that the example of this operation works on."""

OWN_AGENCY = {"create_test_clock", "advance_test_clock", "get_test_clock"}
"""Operations that change the time of all that the agency has: each example is sent by an agency of its own."""

MEMBERS: Mapping[str, Callable[[], Json]] = {
    "open_account": lambda: {"name": unique_name(), DOMAIN: _domain()},
    "edit_account": lambda: {DOMAIN: _domain()},
    "create_view": lambda: {"name": unique_name()},
    "change_view": lambda: {"name": unique_name()},
    "create_test_clock": lambda: {"now": _later()},
    "advance_test_clock": lambda: {"to": _later()},
}
"""Members of examples that are sent otherwise: names and domains that nobody else has, and moments that are not over."""

LEFT_OUT = {
    "cursor": "it is good for the list that gave it alone; test_longest_cursors.py goes on by cursors",
    "filter[created_at]": "no account is without it: its bounds alone can be given",
    "filter[updated_at]": "no account is without it: its bounds alone can be given",
}
"""Parameters that no example can be right for."""
