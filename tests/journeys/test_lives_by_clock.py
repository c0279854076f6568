"""Whole lives of accounts, by the clock of their agency: what it asks, what time does by itself, and what it is told."""

from datetime import datetime, timedelta
from typing import Any

import requests

from chassis.testing import eventually

from .conftest import SERVICES, Agency, Clock, Platform, unique_name
from .test_opening_an_account import PLUS, PRO, TRIAL, account_request

STARTER = {**PLUS, "plan": "Starter"}


class Life:
    """One account."""

    def __init__(self, agency: Agency, selection: dict[str, Any], clock: Clock) -> None:
        opened = agency.post("/v1/accounts", account_request(unique_name(), plan=selection))
        assert opened.status_code == requests.codes.accepted, opened.text
        self.agency, self.clock, self.id = agency, clock, opened.json()["id"]
        self.path = f"/v1/accounts/{self.id}"
        agency.until_status(self.id, "active")

    def shown(self) -> dict[str, Any]:
        return self.agency.account(self.id)

    def moment(self, name: str) -> datetime:
        return datetime.fromisoformat(self.shown()[name])

    def until_paid(self) -> datetime:
        """When what was paid for ends."""
        eventually(lambda: self.shown()["renews_at"], what="the paid period is known")
        return self.moment("renews_at")

    def send(self, method: str, what: str, body: dict[str, Any] | None = None) -> requests.Response:
        path = f"{self.path}/{what}"
        return self.agency.post(path, body) if method == "POST" else self.agency.send(method, path, body)

    def asked(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.send(method, what, body)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def refused(self, method: str, what: str, body: dict[str, Any] | None = None) -> str:
        answer = self.send(method, what, body)
        assert answer.status_code == requests.codes.conflict, answer.text
        return str(answer.json()["code"])

    def action(self, name: str) -> dict[str, Any]:
        data = self.agency.get(f"{self.path}/actions").json()["data"]
        found: dict[str, Any] = next(each for each in data if each["action"] == name)
        return found

    def until(self, status: str) -> None:
        self.agency.until_status(self.id, status)

    def invoices(self) -> list[tuple[str, str, int]]:
        """Purpose, status and total of each, the oldest first."""
        data = self.agency.get(f"{self.path}/invoices").json()["data"]
        return [(each["purpose"], each["status"], each["total"]["amount"]) for each in reversed(data)]


def lived(platform: Platform) -> tuple[Agency, Clock]:
    agency = platform.agency()
    return agency, agency.make_clock()


def test_a_trial_ends_becomes_paid_and_goes_down_a_plan_at_the_end_of_its_month(platform: Platform) -> None:
    """R0.84, R0.87, R0.88, R3.6."""
    agency, clock = lived(platform)
    seen = platform.bus.collect(*SERVICES)
    life = Life(agency, TRIAL, clock)
    assert life.moment("expires_at") == clock.now + timedelta(days=15)
    clock.advance(days=12)
    seen.wait_for("accounts.trial_ending")
    clock.advance(days=3)
    life.until("expired")
    for status in ("expired", "all"):
        assert life.id in {row["id"] for row in agency.get(f"/v1/accounts?status={status}").json()["data"]}
    assert life.refused("POST", "renewals", {}) == "renew_by_plan_change"
    assert life.action("change_plan")["allowed"]

    changed = life.asked("POST", "plan-changes", {"plan": PLUS})
    assert (changed["account"]["kind"], changed["account"]["status"]) == ("paid", "active")
    ends = life.until_paid()
    eventually(lambda: life.invoices() == [("plan_change", "paid", 3920)], what="the first month is paid")

    scheduled = life.asked("POST", "plan-changes", {"plan": STARTER})
    assert scheduled["account"]["plan"]["plan"] == "Plus"
    assert datetime.fromisoformat(scheduled["change"]["due_at"]) == ends
    assert life.refused("POST", "plan-changes", {"plan": PRO}) == "plan_change_waiting"
    clock.advance_to(ends)
    eventually(lambda: life.shown()["plan"]["plan"] == "Starter", what="the downgrade took effect")
    paid = [("plan_change", "paid", 3920), ("renewal", "paid", 1200)]
    eventually(lambda: life.invoices() == paid, what="the next month is paid, at the lower price")
    eventually(lambda: life.moment("renews_at") > ends, what="the next renewal is known")

    wanted = [
        "accounts.account_activated",
        "accounts.account_converted",
        "accounts.account_downgraded",
        "accounts.account_expired",
        "accounts.account_requested",
        "accounts.plan_change_scheduled",
        "accounts.renewal_upcoming",
        "accounts.trial_ending",
    ]
    seen.wait_for(*wanted)
    assert [name for name in agency.names_of(seen) if name.startswith("accounts.")] == wanted


def test_a_year_in_the_life_of_an_account(platform: Platform) -> None:
    """R0.91, R0.92, R0.93, R0.94, R0.100, R0.118."""
    agency, clock = lived(platform)
    seen = platform.bus.collect(*SERVICES)
    life = Life(agency, PLUS, clock)
    ends = life.until_paid()

    clock.advance(days=5)
    assert life.asked("POST", "plan-changes", {"plan": PRO})["account"]["plan"]["plan"] == "Pro"
    eventually(lambda: [status for _, status, _ in life.invoices()] == ["paid", "paid"], what="the upgrade is paid")
    assert life.moment("renews_at") == ends
    assert datetime.fromisoformat(life.asked("POST", "plan-changes", {"plan": STARTER})["change"]["due_at"]) == ends

    cancelled = life.asked("PUT", "cancellation", {"reason": "The bakery closes."})
    assert (cancelled["status"], datetime.fromisoformat(cancelled["expires_at"])) == ("cancelled", ends)
    assert [each["state"] for each in agency.get(f"{life.path}/plan-changes").json()["data"]] == ["dropped", "applied"]
    undone = life.asked("DELETE", "cancellation")
    assert (undone["status"], undone["plan"]["plan"], undone["expires_at"]) == ("active", "Pro", None)
    life.asked("PUT", "cancellation", {})

    clock.advance_to(ends)
    life.until("expired")
    assert life.refused("DELETE", "cancellation") == "not_in_this_status"
    assert life.refused("POST", "renewals", {}) == "renew_by_plan_change"
    clock.advance(days=30)
    life.until("archived")
    archived_at = life.moment("archived_at")
    assert archived_at == ends + timedelta(days=30)
    year = datetime.fromisoformat(life.action("renew")["until"])
    assert year == archived_at.replace(year=archived_at.year + 1)
    (row,) = agency.get("/v1/accounts?status=archived").json()["data"]
    assert (row["id"], row["button"]) == (life.id, "renew")

    clock.advance(days=364)
    renewed = life.asked("POST", "renewals", {})
    assert (renewed["status"], renewed["plan"]["plan"]) == ("active", "Pro")
    eventually(lambda: life.invoices()[2:] == [("plan_change", "paid", 6320)], what="the new month is paid")
    ends = life.until_paid()
    assert timedelta(days=27) < ends - clock.now < timedelta(days=32)

    life.asked("PUT", "cancellation", {})
    clock.advance_to(ends)
    life.until("expired")
    clock.advance(days=30)
    life.until("archived")
    clock.advance(days=366)
    assert life.refused("POST", "renewals", {}) == "archived_too_long"
    renew = life.action("renew")
    assert (renew["allowed"], renew["code"]) == (False, "archived_too_long")
    assert len(life.invoices()) == len(["opening", "upgrade", "renewal"])

    wanted = [
        "accounts.account_activated",
        "accounts.account_archived",
        "accounts.account_archived",
        "accounts.account_cancelled",
        "accounts.account_cancelled",
        "accounts.account_cancelled",
        "accounts.account_expired",
        "accounts.account_expired",
        "accounts.account_renewed",
        "accounts.account_requested",
        "accounts.account_upgraded",
        "accounts.cancellation_undone",
        "accounts.plan_change_dropped",
        "accounts.plan_change_scheduled",
    ]
    seen.wait_for(*wanted)
    assert [name for name in agency.names_of(seen) if name.startswith("accounts.")] == wanted
    told = [entry["action"] for entry in agency.get(f"{life.path}/events?limit=200").json()["data"]]
    assert told[::-1] == [
        "open",
        "pay",
        "activate",
        "change_plan",
        "change_plan",
        "cancel",
        "undo_cancellation",
        "cancel",
        "expire",
        "archive",
        "renew",
        "pay",
        "cancel",
        "expire",
        "archive",
    ]
