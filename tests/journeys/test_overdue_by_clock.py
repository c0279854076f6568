"""A card is refused at the renewal: what the agency sees, day by day, until it has another card, or until the account is over."""

from collections import Counter
from typing import Any

import requests

from chassis.testing import eventually

from .conftest import SERVICES, Agency, Platform
from .test_lives_by_clock import Life, lived
from .test_opening_an_account import PLUS

TRIES = (1, 3, 5, 7)


def billing_profile(agency: Agency, card: str) -> str:
    made = agency.post("/v1/billing-profiles", {"payment_method": card})
    assert made.status_code == requests.codes.created, made.text
    return str(made.json()["id"])


def pay_by(platform: Platform, agency: Agency, account_id: str, card: str) -> None:
    """From now on the account pays by this card, and billing knows."""
    path, profile = f"/v1/accounts/{account_id}", billing_profile(agency, card)
    etag = agency.get(path).headers["ETag"]
    changed = agency.send("PATCH", path, {"billing_profile_id": profile}, **{"If-Match": etag})
    assert changed.ok, changed.text
    known = "SELECT 1 FROM subscriptions WHERE account_id = %s AND billing_profile_id = %s"
    eventually(lambda: platform.databases["billing"].query(known, account_id, profile), what="billing knows the card")


def overdue(platform: Platform, life: Life) -> None:
    """Its card is one that is refused, and its period ends."""
    pay_by(platform, life.agency, life.id, "pm_card_insufficient_funds")
    life.clock.advance_to(life.until_paid())
    eventually(lambda: life.invoices()[1:] == [("renewal", "open", 3920)], what="the renewal is owed")
    until_told(platform, life.id, 0)


def until_told(platform: Platform, account_id: str, step: int) -> None:
    dunnings = "SELECT step FROM dunnings WHERE account_id = %s"
    eventually(lambda: platform.databases["billing"].query(dunnings, account_id) == [{"step": step}], what=f"step {step} is told")


def try_until_suspended(platform: Platform, life: Life) -> None:
    """The days on which it is tried again."""
    for step, (day, before) in enumerate(zip(TRIES, (0, *TRIES), strict=False), start=1):
        life.clock.advance(days=day - before)
        until_told(platform, life.id, step)
    life.until("disabled")


def told_of(seen: Any, agency: Agency) -> Counter[str]:
    """How often each thing was told that has to do with paying, and with the account's life."""
    names = [name for name in agency.names_of(seen) if name.split(".")[0] in {"billing", "accounts"}]
    quiet = {"billing.quote_created", "billing.billing_profile_added", "accounts.account_updated", "accounts.renewal_upcoming"}
    return Counter(name for name in names if name not in quiet)


def test_a_refused_card_is_tried_again_then_suspends_the_account_and_a_new_card_brings_it_back(platform: Platform) -> None:
    """R0.35, R0.60, R0.61, R0.73."""
    agency, clock = lived(platform)
    seen = platform.bus.collect(*SERVICES)
    life = Life(agency, PLUS, clock)
    overdue(platform, life)
    try_until_suspended(platform, life)
    enable = life.action("enable")
    assert (enable["allowed"], enable["code"]) == (False, "suspension_not_yours")
    assert "payment is overdue" in enable["reason"]
    assert life.refused("DELETE", "suspension") == "suspension_not_yours"

    pay_by(platform, agency, life.id, "pm_card_visa")
    life.until("active")
    assert life.invoices() == [("account_opening", "paid", 3920), ("renewal", "paid", 3920)]
    wanted = {
        "accounts.account_requested": 1,
        "accounts.account_activated": 1,
        "accounts.account_disabled": 1,
        "accounts.account_enabled": 1,
        "billing.invoice_issued": 2,
        "billing.invoice_paid": 2,
        "billing.payment_failed": 5,
        "billing.dunning_step": 6,
    }
    eventually(lambda: told_of(seen, agency) == wanted, what="exactly these events")
    subjects = eventually(lambda: [text for text in platform.mailbox.subjects_to(agency.notification_email) if "overdue" in text][5:])
    assert subjects
    mails = platform.mailbox.subjects_to(agency.notification_email)
    assert "Account disabled: invoice INV-000002 is overdue" in mails
    assert "Nothing is overdue any more: invoice INV-000002 is settled" in mails


def test_what_is_never_paid_is_taken_back_and_the_account_expires(platform: Platform) -> None:
    agency, clock = lived(platform)
    seen = platform.bus.collect(*SERVICES)
    life = Life(agency, PLUS, clock)
    overdue(platform, life)
    try_until_suspended(platform, life)
    clock.advance(days=14)
    life.until("expired")
    eventually(lambda: life.invoices() == [("account_opening", "paid", 3920), ("renewal", "credited", 3920)], what="nothing is owed")
    wanted = {
        "accounts.account_requested": 1,
        "accounts.account_activated": 1,
        "accounts.account_disabled": 1,
        "accounts.account_expired": 1,
        "billing.invoice_issued": 2,
        "billing.invoice_paid": 1,
        "billing.payment_failed": 5,
        "billing.dunning_step": 6,
        "billing.credit_note_issued": 1,
    }
    eventually(lambda: told_of(seen, agency) == wanted, what="exactly these events")
    assert life.action("change_plan")["allowed"]
