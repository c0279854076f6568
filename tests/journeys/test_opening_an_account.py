"""The story: an agency is quoted, opens an account, hands it over, upgrades it, and is told; its client never hears from us."""

from typing import Any

import pytest
import requests

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import SERVICES, Agency, Platform, unique_name

PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
PRO = {**PLUS, "plan": "Pro"}
TRIAL = {"pricing_version": "V1", "product": "EM", "plan": "Trial"}


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def account_request(name: str, **members: Any) -> dict[str, Any]:
    return {
        "name": name,
        "client_name": "Boulangerie Martin",
        "client_email": f"owner@{name}.example",
        "country": "FR",
        "language": "fr",
        "time_zone": "Europe/Paris",
        **members,
    }


def quoted(agency: Agency, selection: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = agency.post("/v1/quotes", {**selection, **members})
    assert answer.status_code == requests.codes.created, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture(scope="module")
def agency(platform: Platform) -> Agency:
    return platform.agency()


def test_a_paid_account_is_quoted_opened_handed_over_and_upgraded_and_the_agency_is_told(platform: Platform) -> None:
    """R0.41–R0.48, R0.50–R0.52, R0.73, R0.75, R0.103, R0.104, R0.116, R0.118."""
    agency = platform.agency()
    seen = platform.bus.collect(*SERVICES)

    quote = quoted(agency, PLUS, country="FR")
    assert {name: value for name, value in quote["offer"].items() if name != "taxes_note"} == {
        "list_price": eur(4900),
        "migration_discount": eur(0),
        "reseller_discount": eur(980),
        "per_cycle": eur(3920),
        "proration": eur(0),
        "granted": eur(0),
        "due_today": eur(3920),
        "taxes_included": False,
    }

    key = new_id("idk")
    request = account_request(unique_name(), quote_id=quote["id"])
    answer = agency.post("/v1/accounts", request, key=key)
    assert answer.status_code == requests.codes.accepted, answer.text
    account = answer.json()
    assert account["status"] == "creating"
    assert agency.post("/v1/accounts", request, key=key).json() == account
    active = agency.until_status(account["id"], "active")
    assert active["plan"]["plan"] == "Plus"

    (invoice,) = agency.get(f"/v1/accounts/{account['id']}/invoices").json()["data"]
    assert (invoice["total"], invoice["paid_card"], invoice["paid_prepaid"], invoice["status"]) == (eur(3920), eur(3920), eur(0), "paid")

    credentials = agency.post(f"/v1/accounts/{account['id']}/credentials").json()
    assert credentials["username"] == "admin"
    assert credentials["login_url"] == account["login_url"]
    again = agency.post(f"/v1/accounts/{account['id']}/credentials")
    assert (again.status_code, again.json()["code"]) == (requests.codes.gone, "credentials_already_claimed")
    for database in platform.databases.values():
        assert credentials["password"] not in database.everything()

    seen.wait_for("notifications.notice_sent")
    bought = agency.post("/v1/credits/prepaid/purchases", {"amount": eur(1000)})
    assert bought.status_code == requests.codes.accepted, bought.text
    eventually(lambda: agency.get("/v1/credits/prepaid").json()["balance"] == eur(1000), what="the prepaid credit")

    upgrade = quoted(agency, PRO, account_id=account["id"])
    due = upgrade["offer"]["due_today"]["amount"]
    assert 1000 < due <= 2400
    changed = agency.post(f"/v1/accounts/{account['id']}/plan-changes", {"quote_id": upgrade["id"]})
    assert changed.status_code == requests.codes.ok, changed.text
    assert changed.json()["account"]["plan"]["plan"] == "Pro"

    def upgrade_paid() -> bool:
        invoice = agency.get(f"/v1/accounts/{account['id']}/invoices").json()["data"][0]
        return bool(invoice["purpose"] == "plan_change" and invoice["status"] == "paid")

    eventually(upgrade_paid, what="the upgrade's invoice paid")
    invoice = agency.get(f"/v1/accounts/{account['id']}/invoices").json()["data"][0]
    assert invoice["total"] == eur(due)
    assert (invoice["paid_prepaid"], invoice["paid_card"]) == (eur(1000), eur(due - 1000))
    eventually(lambda: agency.get("/v1/credits/prepaid").json()["balance"] == eur(0), what="the prepaid credit spent")

    expected = [
        "accounts.account_activated",
        "accounts.account_requested",
        "accounts.account_upgraded",
        "billing.invoice_issued",
        "billing.invoice_issued",
        "billing.invoice_issued",
        "billing.invoice_paid",
        "billing.invoice_paid",
        "billing.invoice_paid",
        "billing.quote_created",
        "billing.quote_created",
        "credits.credits_purchased",
        "credits.credits_spent",
        "notifications.notice_sent",  # the account is ready
        "notifications.notice_sent",  # three invoices were paid
        "notifications.notice_sent",
        "notifications.notice_sent",
        "notifications.notice_sent",  # credit was bought
        "notifications.notice_sent",  # the account was upgraded
        "snapshots.workspace_prepared",
    ]
    seen.wait_for(*expected)
    assert agency.names_of(seen) == expected

    assert len(platform.mailbox.subjects_to(agency.notification_email)) >= 6
    assert request["client_email"] not in platform.mailbox.recipients()
    assert credentials["password"] not in platform.mailbox.everything()


def test_a_trial_is_opened_without_a_charge(platform: Platform) -> None:
    """R0.84."""
    agency = platform.agency()
    seen = platform.bus.collect(*SERVICES)
    quote = quoted(agency, TRIAL)
    assert quote["offer"]["due_today"] == eur(0)
    answer = agency.post("/v1/accounts", account_request(unique_name(), quote_id=quote["id"]))
    assert answer.status_code == requests.codes.accepted, answer.text
    account = agency.until_status(answer.json()["id"], "active")
    assert account["kind"] == "trial"
    expected = [
        "accounts.account_activated",
        "accounts.account_requested",
        "billing.quote_created",
        "notifications.notice_sent",
        "snapshots.workspace_prepared",
    ]
    seen.wait_for(*expected)
    assert agency.names_of(seen) == expected
    assert agency.get(f"/v1/accounts/{account['id']}/invoices").json()["data"] == []


def test_a_declined_card_fails_the_account_charges_nothing_frees_the_name_and_tells_the_agency_why(platform: Platform) -> None:
    agency = platform.agency()
    declined = agency.post("/v1/billing-profiles", {"payment_method": "pm_card_declined"}).json()
    seen = platform.bus.collect(*SERVICES)
    name = unique_name()
    quote = quoted(agency, PLUS)
    answer = agency.post("/v1/accounts", account_request(name, quote_id=quote["id"], billing_profile_id=declined["id"]))
    assert answer.status_code == requests.codes.accepted, answer.text
    failed = agency.until_status(answer.json()["id"], "failed")
    assert failed["failure"]["code"] == "card_declined"

    expected = [
        "accounts.account_failed",
        "accounts.account_requested",
        "billing.credit_note_issued",
        "billing.invoice_issued",
        "billing.payment_failed",
        "billing.quote_created",
        "notifications.notice_sent",
        "notifications.notice_sent",
        "snapshots.workspace_prepared",
    ]
    seen.wait_for(*expected)
    assert agency.names_of(seen) == expected
    (invoice,) = agency.get(f"/v1/accounts/{failed['id']}/invoices").json()["data"]
    assert (invoice["status"], invoice["paid_card"], invoice["credited"]) == ("credited", eur(0), eur(3920))
    assert agency.get(f"/v1/accounts/name-availability?name={name}").json()["available"] is True
    assert any(name in subject for subject in platform.mailbox.subjects_to(agency.notification_email))

    again = agency.post("/v1/accounts", account_request(name, quote_id=quoted(agency, PLUS)["id"]))
    agency.until_status(again.json()["id"], "active")


def test_no_agency_sees_anything_of_another(platform: Platform, agency: Agency) -> None:
    """R0.2."""
    stranger = platform.agency(name="Stranger")
    quote = quoted(agency, TRIAL)
    account = agency.post("/v1/accounts", account_request(unique_name(), quote_id=quote["id"])).json()
    agency.until_status(account["id"], "active")
    for path in (f"/v1/accounts/{account['id']}", f"/v1/quotes/{quote['id']}"):
        answer = stranger.get(path)
        assert answer.status_code == requests.codes.not_found, (path, answer.text)
        assert answer.json() == {**stranger.get(path).json(), "request_id": answer.json()["request_id"]}
    assert stranger.post(f"/v1/accounts/{account['id']}/credentials").status_code == requests.codes.not_found
    assert stranger.post(f"/v1/accounts/{account['id']}/plan-changes", {"plan": PRO}).status_code == requests.codes.not_found
    assert stranger.get("/v1/accounts").json()["data"] == []
    assert all(event["agency_id"] == stranger.id for event in stranger.get("/v1/events").json()["data"])


def test_one_request_is_found_by_its_id_in_the_logs_of_every_service_it_went_through(platform: Platform, agency: Agency) -> None:
    request_id = new_id("req")
    quote = quoted(agency, PLUS)
    answer = agency.post("/v1/accounts", account_request(unique_name(), quote_id=quote["id"]), **{"X-Request-Id": request_id})
    assert answer.headers["X-Request-Id"] == request_id
    agency.until_status(answer.json()["id"], "active")

    def found_everywhere() -> bool:
        return all(
            request_id in platform.processes[f"{service} serve"].text()
            for service in ("gateway", "accounts", "billing", "credits", "snapshots", "identity", "notifications")
        )

    eventually(found_everywhere, what="the request id in every log")
