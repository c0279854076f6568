"""The demo agency: registered by RPC as the platform's operators would, with an API key and a card to pay with.

Run as a process of its own (`python -m local_platform.demo`), which prints what it made as JSON: `make up` itself stays small.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.rpc_client import RpcClient

CALL_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.1
PASSING = ("not_found", "unavailable", "timeout")

AGENCY = {
    "name": "Atelier Démo",
    "programme": "reseller",
    "currency": "EUR",
    "discount_basis_points": 2000,
    "notification_email": "atelier@demo.example",
    "language": "en",
    "entitlements": ["snapshots"],
    "test_mode": True,
}
BILLING_PROFILE = {"payment_method": "pm_card_visa", "name": "Visa 4242", "invoice_address": None, "is_default": True}


def make(call: Callable[..., Any]) -> dict[str, str]:
    """Register the agency, make its key, add its billing profile; return `agency_id` and `api_key`."""
    once, again = new_id("idk"), new_id("idk")
    agency_id = _patiently(lambda: call("identity", "register_agency", AGENCY, idempotency_key=once))["id"]
    key = {"agency_id": agency_id, "name": "make up", "scopes": ["admin"]}  # each try makes another: a secret is told only once
    api_key = _patiently(lambda: call("identity", "create_api_key", key, idempotency_key=new_id("idk")))["secret"]
    profile = {"agency_id": agency_id, **BILLING_PROFILE}
    _patiently(lambda: call("billing", "add_billing_profile", profile, idempotency_key=again))
    return {"agency_id": agency_id, "api_key": api_key}


def _patiently(step: Callable[[], Any]) -> Any:
    """Repeat the step while a machine that is still busy with starting answers late, or billing has not heard of the agency yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return step()
        except Refusal as refusal:
            if time.monotonic() > deadline or refusal.kind not in PASSING:
                raise
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Make the agency on the platform behind AMQP_URI and print it."""
    client = RpcClient(os.environ["AMQP_URI"], name="make-up").start()

    try:
        json.dump(make(partial(client.call, timeout_seconds=CALL_SECONDS)), sys.stdout)
    finally:
        client.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
