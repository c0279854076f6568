"""The demo agency: registered by RPC as the platform's operators would, with an API key and a card to pay with.

Run as a process of its own (`python -m local_platform.demo`), which prints what it made as JSON: the supervisor stays small.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from chassis.errors import Refused, Unavailable
from chassis.ids import new_id
from chassis.rpc_client import RpcClient

CALL_SECONDS = 10.0
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.1

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
    agency_id = call("identity", "register_agency", AGENCY)["id"]
    api_key = call("identity", "create_api_key", {"agency_id": agency_id, "name": "make up", "scopes": ["admin"]})["secret"]
    _patiently(lambda: call("billing", "add_billing_profile", {"agency_id": agency_id, **BILLING_PROFILE}))
    return {"agency_id": agency_id, "api_key": api_key}


def _patiently(step: Callable[[], Any]) -> Any:
    """Repeat the step until the other services have heard of the agency: they are told by events."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return step()
        except (Refused, Unavailable) as refusal:
            if time.monotonic() > deadline or refusal.kind not in ("not_found", "unavailable"):
                raise
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Make the agency on the platform behind AMQP_URI and print it."""
    client = RpcClient(os.environ["AMQP_URI"], name="make-up").start()

    def call(service: str, method: str, payload: dict[str, Any]) -> Any:
        return client.call(service, method, payload, timeout_seconds=CALL_SECONDS, idempotency_key=new_id("idk"))

    try:
        json.dump(make(call), sys.stdout)
    finally:
        client.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
