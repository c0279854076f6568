"""A quarter of an agency with ten accounts: prepaid bought once a month, every change of plan, a card refused, and statements by hand.

| when | what | to pay |
|---|---|---|
| 1 January | 1000.00 of prepaid by card; eight accounts on Plus, one on Pro, one on Plus by the year | 8 × 39.20 + 63.20 + 376.32 |
| 16 January, noon | half of the month is left: Plus → Pro, and Pro → Starter at once | 31.60 − 19.60; 31.60 − 6.00 granted |
| 31 January | exactly what is missing for the renewals of the 1st | 7 × 39.20 + 63.20 − what the agency has left |
| 1 February | renewals, none of them by card | 7 × 39.20 + 63.20 + 12.00 |
| 1 March | renewals, by card but for what one account has of its own; one Plus has a card that is refused | the same; 39.20 of it open |
| 2 and 4 March | the refused one is tried again, in vain, then at once with another card | 39.20 |
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import requests

from chassis.testing import eventually
from chassis.testing.bus import Collector

from .conftest import SERVICES, Agency, Clock, Platform, unique_name
from .test_opening_an_account import PLUS, PRO, account_request, eur
from .test_overdue_by_clock import pay_by, told_of, until_told

STARTER = {**PLUS, "plan": "Starter"}
YEARLY = {**PLUS, "frequency": "annual"}
PLUS_MINOR, PRO_MINOR, STARTER_MINOR, YEARLY_MINOR = 3_920, 6_320, 1_200, 37_632
BOUGHT_MINOR = 100_000
OPENED_MINOR = 8 * PLUS_MINOR + PRO_MINOR + YEARLY_MINOR
UP_MINOR, GRANTED_MINOR = 1_200, 2_560
RENEWED_MINOR = 7 * PLUS_MINOR + PRO_MINOR + STARTER_MINOR


class Quarter:
    """An agency by its clock."""

    def __init__(self, agency: Agency, clock: Clock) -> None:
        self.agency, self.clock = agency, clock

    def asked(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.agency.post(path, body)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def shown(self, path: str) -> dict[str, Any]:
        answer = self.agency.get(path)
        assert answer.status_code == requests.codes.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def open(self, *plans: dict[str, Any]) -> list[str]:
        account_ids = [str(self.asked("/v1/accounts", account_request(unique_name(), plan=plan))["id"]) for plan in plans]
        for account_id in account_ids:
            self.agency.until_status(account_id, "active")
        return account_ids

    def buy(self, amount: int) -> None:
        before = self.prepaid()
        self.asked("/v1/credits/prepaid/purchases", {"amount": eur(amount)})
        eventually(lambda: self.prepaid() == before + amount, what="the credit is there")

    def prepaid(self) -> int:
        """What the agency has for all of its accounts."""
        return int(self.shown("/v1/credits/prepaid")["units"])

    def settled(self, count: int, *, owed: int = 0) -> None:
        """Wait until there are so many invoices, all but `owed` of them paid, and credits has heard of every payment."""

        def is_settled() -> bool:
            page = self.shown("/v1/invoices?limit=200")
            statement = self.statement(f"{self.clock.now:%Y-%m}")
            statuses = Counter(each["status"] for each in page["data"])
            is_paid = (page["total"], statuses["paid"], statuses["open"]) == (count, count - owed, owed)
            return is_paid and statement["prepaid"]["spent"] == statement["paid_prepaid"]

        eventually(is_settled, within_seconds=60, what=f"{count} invoices are paid but for {owed}")

    def statement(self, month: str) -> dict[str, Any]:
        return self.shown(f"/v1/statements/{month}")

    def sums(self, month: str) -> tuple[dict[str, int], dict[str, int]]:
        """What of a month's statement is not zero: of invoices, and of prepaid."""
        told = self.statement(month)
        owed = {name: value["amount"] for name, value in told.items() if isinstance(value, dict) and name != "prepaid"}
        held = {name: value["amount"] for name, value in told["prepaid"].items()}
        return {name: value for name, value in owed.items() if value}, {name: value for name, value in held.items() if value}

    def charges(self, platform: Platform) -> tuple[int, int]:
        """How often the provider took money from the agency's cards, and how much."""
        question = (
            "SELECT count(*), sum(c.amount_minor) FROM test_provider_charges c JOIN payments p ON p.id = c.idempotency_key"
            " JOIN invoices i ON i.id = p.invoice_id WHERE i.agency_id = %s"
        )
        [taken] = platform.databases["billing"].query(question, self.agency.id)
        return taken["count"], taken["sum"]


def refused_and_recovered(platform: Platform, quarter: Quarter, account_id: str) -> str:
    """On 1 March the card of an account is refused, and twice more; on the 4th another one pays: the number of that invoice."""
    agency = quarter.agency
    pay_by(platform, agency, account_id, "pm_card_insufficient_funds")
    quarter.clock.advance_to(datetime(2027, 3, 1, tzinfo=UTC))
    quarter.settled(13 + 9 + 9, owed=1)
    assert quarter.sums("2027-03")[0] == {
        "invoiced": RENEWED_MINOR,
        "paid_prepaid": STARTER_MINOR,
        "paid_card": RENEWED_MINOR - STARTER_MINOR - PLUS_MINOR,
        "closing": PLUS_MINOR,
    }
    [owed] = quarter.shown("/v1/invoices?status=open")["data"]
    assert (owed["account_id"], owed["purpose"], owed["total"]) == (account_id, "renewal", eur(PLUS_MINOR))
    until_told(platform, account_id, 0)
    for day, step in ((2, 1), (4, 2)):
        quarter.clock.advance_to(datetime(2027, 3, day, tzinfo=UTC))
        until_told(platform, account_id, step)
    assert agency.account(account_id)["status"] == "active"
    pay_by(platform, agency, account_id, "pm_card_visa")
    quarter.settled(13 + 9 + 9)
    return str(owed["number"])


def told_exactly(platform: Platform, seen: Collector, agency: Agency, number: str) -> None:
    """Every fact of the quarter was told once, and of the invoice that was refused whoever had to be."""
    wanted = {
        "accounts.account_requested": 10,
        "accounts.account_activated": 10,
        "accounts.account_upgraded": 1,
        "accounts.account_downgraded": 1,
        "billing.invoice_issued": 13 + 9 + 9,
        "billing.invoice_paid": 13 + 9 + 9,
        "billing.credit_note_issued": 1,
        "billing.payment_failed": 3,
        "billing.dunning_step": 4,
    }
    eventually(lambda: told_of(seen, agency) == wanted, what="exactly these events")
    steps = [event["data"] for event in seen.events() if event["agency_id"] == agency.id and event["type"].split(".")[2] == "dunning_step"]
    said = [(each["number"], each["step"], each["outcome"]) for each in sorted(steps, key=lambda step: step["sequence"])]
    assert said == [(number, 0, "retry"), (number, 1, "retry"), (number, 2, "retry"), (number, 2, "recovered")]
    mails = {
        f"The payment of invoice {number} failed": 3,
        f"Invoice {number} is overdue": 3,
        f"Nothing is overdue any more: invoice {number} is settled": 1,
        f"Invoice {number} is paid": 1,
    }
    told = platform.mailbox.subjects_to
    eventually(lambda: Counter(each for each in told(agency.notification_email) if number in each) == mails, what="exactly these notices")


def test_a_quarter_is_billed_paid_and_stated_to_the_cent(platform: Platform) -> None:
    """R0.47, R0.63, R0.67, R0.68, R0.73, R0.96, R0.103, R0.105."""
    agency = platform.agency()
    seen = platform.bus.collect(*SERVICES)
    quarter = Quarter(agency, agency.make_clock())
    quarter.clock.advance_to(datetime(2027, 1, 1, tzinfo=UTC))
    quarter.buy(BOUGHT_MINOR)
    *plus, pro, _ = quarter.open(*[PLUS] * 8, PRO, YEARLY)
    quarter.settled(11)
    assert quarter.prepaid() == BOUGHT_MINOR - OPENED_MINOR

    quarter.clock.advance_to(datetime(2027, 1, 16, 12, tzinfo=UTC))
    going_up = quarter.asked("/v1/quotes", {**PRO, "account_id": plus[0]})
    assert (going_up["direction"], going_up["offer"]["due_today"]) == ("upgrade", eur(UP_MINOR))
    assert going_up["draws"] == {"account_prepaid": eur(0), "agency_prepaid": eur(UP_MINOR), "card": eur(0)}
    quarter.asked(f"/v1/accounts/{plus[0]}/plan-changes", {"quote_id": going_up["id"]})
    going_down = quarter.asked("/v1/quotes", {**STARTER, "account_id": pro, "effective": "now"})
    assert (going_down["direction"], going_down["offer"]["granted"]) == ("downgrade", eur(GRANTED_MINOR))
    quarter.asked(f"/v1/accounts/{pro}/plan-changes", {"quote_id": going_down["id"], "effective": "now"})
    quarter.settled(12)
    own = f"/v1/credits/prepaid?account_id={pro}"
    eventually(lambda: quarter.shown(own)["units"] == GRANTED_MINOR, what="what was unused is the account's")
    [note] = quarter.shown("/v1/credit-notes")["data"]
    assert (note["number"], note["account_id"], note["granted"], note["invoice_id"]) == ("CN-000001", pro, eur(GRANTED_MINOR), None)
    paper = agency.get(f"/v1/credit-notes/{note['id']}.pdf")
    assert (paper.status_code, paper.content[:5]) == (requests.codes.ok, b"%PDF-")

    quarter.clock.advance_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    plan = quarter.shown("/v1/credits/prepaid/plan?until=2027-02-02T00:00:00Z")
    missing = 7 * PLUS_MINOR + PRO_MINOR - (BOUGHT_MINOR - OPENED_MINOR - UP_MINOR)
    assert (plan["to_buy"], plan["due"], plan["account_prepaid"]) == (eur(missing), eur(RENEWED_MINOR), eur(STARTER_MINOR))
    quarter.buy(missing)
    assert quarter.shown("/v1/credits/prepaid/plan?until=2027-02-02T00:00:00Z")["to_buy"] == eur(0)

    quarter.clock.advance_to(datetime(2027, 2, 1, tzinfo=UTC))
    quarter.settled(13 + 9)
    assert quarter.prepaid() == 0
    number = refused_and_recovered(platform, quarter, plus[1])
    assert quarter.charges(platform) == (2 + 7 + 1, BOUGHT_MINOR + missing + RENEWED_MINOR - STARTER_MINOR)

    by_prepaid = OPENED_MINOR + UP_MINOR
    assert quarter.sums("2027-01") == (
        {
            "invoiced": BOUGHT_MINOR + missing + by_prepaid,
            "paid_card": BOUGHT_MINOR + missing,
            "paid_prepaid": by_prepaid,
            "granted": GRANTED_MINOR,
        },
        {
            "purchased": BOUGHT_MINOR + missing,
            "granted": GRANTED_MINOR,
            "spent": by_prepaid,
            "closing": RENEWED_MINOR + GRANTED_MINOR - STARTER_MINOR,
        },
    )
    assert quarter.sums("2027-02") == (
        {"invoiced": RENEWED_MINOR, "paid_prepaid": RENEWED_MINOR},
        {
            "opening": RENEWED_MINOR + GRANTED_MINOR - STARTER_MINOR,
            "spent": RENEWED_MINOR,
            "closing": GRANTED_MINOR - STARTER_MINOR,
        },
    )
    assert quarter.sums("2027-03") == (
        {"invoiced": RENEWED_MINOR, "paid_prepaid": STARTER_MINOR, "paid_card": RENEWED_MINOR - STARTER_MINOR},
        {"opening": GRANTED_MINOR - STARTER_MINOR, "spent": STARTER_MINOR, "closing": GRANTED_MINOR - 2 * STARTER_MINOR},
    )
    assert [each["month"] for each in quarter.shown("/v1/statements")["data"]] == ["2027-03", "2027-02", "2027-01"]
    name = agency.account(pro)["name"]
    of_one = [quarter.shown(path)["data"] for path in (f"/v1/invoices?account_name={name.upper()}", f"/v1/accounts/{pro}/invoices")]
    assert of_one[0] == of_one[1]
    assert [each["total"] for each in of_one[0]] == [eur(STARTER_MINOR), eur(STARTER_MINOR), eur(PRO_MINOR)]
    told_exactly(platform, seen, agency, number)
