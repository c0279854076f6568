"""The credits page: buying three kinds, handing them out, taking back, spending, hearing when it is low, and the history of it all."""

from typing import Any

import requests

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import SERVICES, Agency, Platform
from .world import PLUS, open_account_body


def units(agency: Agency, kind: str, account_id: str | None = None) -> int:
    answer = agency.get(f"/v1/credits/{kind}" + (f"?account_id={account_id}" if account_id else ""))
    assert answer.status_code == requests.codes.ok, answer.text
    return int(answer.json()["units"])


def bought(agency: Agency, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Buy, and wait until the credit is there."""
    before = units(agency, kind)
    answer = agency.post(f"/v1/credits/{kind}/purchases", body)
    assert answer.status_code == requests.codes.accepted, answer.text
    eventually(lambda: units(agency, kind) > before, what=f"{kind} credit is there")
    invoice: dict[str, Any] = agency.get(f"/v1/invoices/{answer.json()['id']}").json()
    return invoice


def opened(agency: Agency, **plan: Any) -> str:
    answer = agency.post("/v1/accounts", {**open_account_body(), "plan": {**PLUS, **plan}})
    assert answer.status_code == requests.codes.accepted, answer.text
    account_id = str(answer.json()["id"])
    agency.until_status(account_id, "active")
    return account_id


def allocated(agency: Agency, kind: str, account_id: str, number: int) -> requests.Response:
    return agency.post(f"/v1/credits/{kind}/allocations", {"account_id": account_id, "units": number})


def test_an_agency_lives_by_its_credits_page(platform: Platform) -> None:
    """R0.101, R0.102, R0.103, R0.106, R0.107, R0.108, R0.109, R0.110, R0.111, R0.112."""
    agency = platform.agency()
    with_sms, without = opened(agency, add_ons=["sms"]), opened(agency)
    seen = platform.bus.collect(*SERVICES)

    prepaid = bought(agency, "prepaid", {"amount": {"amount": 10_000, "currency": "EUR"}})
    assert (prepaid["paid_card"]["amount"], units(agency, "prepaid")) == (10_000, 10_000)
    sms = bought(agency, "sms", {"units": 200})
    assert (sms["total"]["amount"], sms["paid_prepaid"]["amount"], sms["paid_card"]["amount"]) == (900, 900, 0)
    bought(agency, "inbox-preview", {"units": 10})
    eventually(lambda: units(agency, "prepaid") == 10_000 - 900 - 900, what="prepaid paid for both")
    assert [each["id"] for each in agency.get("/v1/credits/sms/purchases").json()["data"]] == [sms["id"]]

    made: dict[str, Any] = {}

    def is_handed_out() -> bool:
        answer = allocated(agency, "sms", with_sms, 120)
        made.update(answer.json())
        return answer.ok

    eventually(is_handed_out, what="credits knows the account")
    assert (made["agency_units"], made["account_units"]) == (80, 120)
    eventually(lambda: allocated(agency, "inbox-preview", without, 4).ok, what="credits knows the other account")
    refused = allocated(agency, "sms", without, 1)
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.conflict, "sms_not_on_plan")
    assert agency.post("/v1/credits/sms/purchases", {"units": 100, "account_id": without}).json()["code"] == "sms_not_on_plan"
    spend = {"agency_id": agency.id, "account_id": with_sms, "kind": "sms", "units": 30, "reference": new_id("ref")}
    for _ in range(2):
        platform.bus.call("credits", "spend_credits", spend)
    refused = allocated(agency, "sms", with_sms, -91)
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.conflict, "not_enough_credits")
    assert allocated(agency, "sms", with_sms, -20).json()["account_units"] == 70

    settings = {"threshold": 50, "top_up": {"units": 100}}
    answer = agency.send("PUT", "/v1/credits/sms/settings", settings)
    assert answer.json() == {"kind": "sms", "currency": None, **settings, "is_low": False}
    assert allocated(agency, "sms", with_sms, 60).json()["agency_units"] == 40
    eventually(lambda: units(agency, "sms") == 140, what="the pot was topped up")
    assert agency.get("/v1/credits/sms/settings").json()["is_low"] is False

    history = agency.get("/v1/credits/sms/transactions").json()["data"]
    assert [(entry["purpose"], entry["balance_units"]) for entry in history] == [
        *[("purchase", 140), ("allocation", 40), ("take_back", 100), ("spending", 80), ("allocation", 80), ("purchase", 200)]
    ]
    own = agency.get(f"/v1/credits/sms/transactions?account_id={with_sms}").json()["data"]
    assert [entry["balance_units"] for entry in own] == [130, 70, 90, 120]
    handed = agency.get("/v1/credits/sms/allocations").json()
    assert ([entry["units"] for entry in handed["data"]], handed["total"]) == ([60, -20, 120], 3)
    eventually(
        lambda: any("Balance low: 40 SMS credits left" in each for each in platform.mailbox.subjects_to(agency.notification_email)),
        what="the agency hears that its balance is low",
    )
    names = [name for name in agency.names_of(seen) if name.startswith("credits.")]
    assert {name: names.count(name) for name in names} == {
        "credits.credits_purchased": 4,
        "credits.credits_spent": 4,
        "credits.credits_allocated": 3,
        "credits.credits_taken_back": 1,
        "credits.balance_low": 1,
    }
