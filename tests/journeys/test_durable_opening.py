"""Opening an account goes on whatever is killed, charges once, and is undone and reported when it cannot be finished."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from chassis.testing import eventually

from .conftest import SERVICES, Agency, Platform, unique_name
from .test_opening_an_account import PLUS, account_request, eur

OPENINGS = 12
KILLED = (
    "accounts serve",
    "accounts relay",
    "billing serve",
    "billing relay",
    "credits serve",
    "snapshots serve",
    "snapshots relay",
    "identity serve",
)


@pytest.fixture(scope="module")
def platform(start_platform: Callable[[], Platform]) -> Platform:
    return start_platform()


def patiently(agency: Agency, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask as a patient caller does: with the same key until there is an answer."""
    key = unique_name()
    deadline = time.monotonic() + 60
    while (answer := agency.post(path, body, key=key)).status_code in {requests.codes.service_unavailable, requests.codes.gateway_timeout}:
        assert time.monotonic() < deadline, answer.text
    assert answer.ok, answer.text
    given: dict[str, Any] = answer.json()
    return given


def opened(agency: Agency, name: str) -> str:
    quote = patiently(agency, "/v1/quotes", PLUS)
    return str(patiently(agency, "/v1/accounts", account_request(name, quote_id=quote["id"]))["id"])


def test_openings_survive_the_sudden_death_of_every_process_and_each_is_charged_once(platform: Platform) -> None:
    """R0.48, R0.49."""
    agency = platform.agency()
    chance = random.Random(20260331)
    with ThreadPoolExecutor(max_workers=4) as callers:
        openings = [callers.submit(opened, agency, unique_name()) for _ in range(OPENINGS)]
        for name in KILLED:
            service, _, command = name.partition(" ")
            platform.processes[name].kill()
            time.sleep(chance.uniform(0.0, 0.3))  # a dead process is missed for a moment, as it would be
            platform.start(service, command)
        account_ids = [opening.result() for opening in openings]
    for account_id in account_ids:
        agency.until_status(account_id, "active", within_seconds=60)
    charges = platform.databases["billing"].query("SELECT count(*) AS count, sum(amount_minor) AS sum FROM test_provider_charges")
    assert charges == [{"count": OPENINGS, "sum": OPENINGS * 3920}]
    for account_id in account_ids:
        (invoice,) = agency.get(f"/v1/accounts/{account_id}/invoices").json()["data"]
        assert (invoice["status"], invoice["paid_card"]) == ("paid", eur(3920))
    for process in platform.processes.values():
        process.wait_ready()
    eventually(
        lambda: not any(platform.databases[service].emitted() for service in SERVICES), what="everything that was committed is delivered"
    )
    assert platform.bus.parked() == []


def test_an_opening_that_cannot_be_finished_is_undone_and_reported_and_stays_so(platform: Platform) -> None:
    agency = platform.agency()
    platform.processes["accounts serve"].terminate()
    platform.start("accounts", PROVISIONING_SECONDS="3").wait_ready()
    platform.processes["snapshots serve"].terminate()
    name = unique_name()
    account_id = opened(agency, name)
    failed = agency.until_status(account_id, "failed")
    assert failed["failure"]["code"] == "provisioning_timed_out"

    def credited() -> bool:
        (invoice,) = agency.get(f"/v1/accounts/{account_id}/invoices").json()["data"]
        return bool(invoice["status"] == "credited" and invoice["credited"] == eur(3920))

    eventually(credited, what="the invoice credited")
    refunds = "SELECT coalesce(sum(amount_minor), 0) AS refunded FROM test_provider_refunds"
    eventually(lambda: platform.databases["billing"].query(refunds) == [{"refunded": 3920}], what="the refund")
    assert agency.get(f"/v1/accounts/name-availability?name={name}").json()["available"] is True
    eventually(
        lambda: any(name in subject for subject in platform.mailbox.subjects_to(agency.notification_email)), what="the mail that says so"
    )

    platform.start("snapshots").wait_ready()
    eventually(
        lambda: platform.databases["snapshots"].query("SELECT 1 FROM inbox WHERE handler LIKE '%%failed'"), what="snapshots heard of it"
    )
    assert agency.account(account_id)["status"] == "failed"
