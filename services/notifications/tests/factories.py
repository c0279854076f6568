"""Ready-made facts of the other services, by the contract between them."""

from datetime import timedelta
from typing import Any

from chassis.events import Event
from chassis.ids import new_id
from chassis.testing.clock import START

AGENCY_ADDRESS = "notices@atelier.example"
ACCOUNT_ADDRESS = "acme-notices@atelier.example"
CLIENT_ADDRESS = "owner@client.example"

SELECTION = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
LARGER = {**SELECTION, "plan": "Pro", "contacts": 2500}

LIFECYCLE_FACTS = (
    *("account_activated", "account_failed", "account_upgraded", "account_downgraded", "account_converted", "account_renewed"),
    *("plan_change_scheduled", "plan_change_dropped", "account_cancelled", "cancellation_undone", "account_disabled", "account_enabled"),
    *("account_expired", "account_archived", "trial_ending", "renewal_upcoming", "account_login_locked"),
)
NOTICE_FACTS = (
    *(*LIFECYCLE_FACTS, "invoice_paid", "payment_failed", "dunning_step", "card_expiring"),
    *("credits_purchased", "credits_expired", "balance_low", "top_up_refused"),
)
TRANSFER_ADDRESS = "hello@atelier.example"

LATER = START + timedelta(days=7)
TRANSFER_ID = "trf_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"

SOURCES = {
    "agency_registered": "identity",
    "agency_updated": "identity",
    "api_key_created": "identity",
    "account_login_locked": "identity",
    "invoice_paid": "billing",
    "payment_failed": "billing",
    "dunning_step": "billing",
    "card_expiring": "billing",
    "credits_purchased": "credits",
    "credits_expired": "credits",
    "balance_low": "credits",
    "top_up_refused": "billing",
    "workspace_prepared": "snapshots",
    "notice_sent": "notifications",
    "client_answered": "notifications",
}


def source_of(name: str) -> str:
    """The service that publishes the event."""
    return SOURCES.get(name, "accounts")


class World:
    """One agency with one account, and every fact that can be told of them."""

    def __init__(self, *, programme: str = "reseller", language: str = "en", client_language: str = "es") -> None:
        self.agency_id = new_id("agy")
        self.account_id = new_id("acc")
        self.programme = programme
        self.language = language
        self.client_language = client_language

    def data(self, event_name: str, /, **changes: Any) -> dict[str, Any]:
        """The data of the event."""
        account = {"account_id": self.account_id, "name": "acme", "notification_email": ACCOUNT_ADDRESS}
        invoice = {"invoice_id": new_id("inv"), "number": "F-2026-0001", "payment_id": new_id("pay"), "account_id": self.account_id}
        facts: dict[str, Any] = {
            "agency_registered": {
                "agency_id": self.agency_id,
                "name": "Atelier Démo",
                "programme": self.programme,
                "currency": "EUR",
                "discount_basis_points": 2000,
                "language": self.language,
                "notification_email": AGENCY_ADDRESS,
                "entitlements": [],
                "test_mode": False,
            },
            "account_requested": {
                **account,
                "kind": "paid",
                "selection": SELECTION,
                "quote_id": new_id("quo"),
                "billing_profile_id": new_id("bp"),
                "snapshot_id": None,
                "region": "eu",
                "country": "FR",
                "language": self.client_language,
                "time_zone": "Europe/Paris",
                "client_name": "Client & Co",
                "client_email": CLIENT_ADDRESS,
                "requested_at": START.isoformat(),
            },
            "account_activated": {**account, "kind": "paid", "selection": SELECTION, "activated_at": START.isoformat()},
            "account_failed": {**account, "code": "card_declined", "reason": "The card was declined by its bank."},
            "account_upgraded": {
                **account,
                "quote_id": new_id("quo"),
                "billing_profile_id": new_id("bp"),
                "old_selection": SELECTION,
                "new_selection": LARGER,
            },
            "invoice_paid": {
                **invoice,
                "purpose": "account_opening",
                "total_minor": 3920,
                "prepaid_minor": 1000,
                "card_minor": 2920,
                "currency": "EUR",
                "credit": None,
            },
            "payment_failed": {
                **invoice,
                "purpose": "account_opening",
                "amount_minor": 3920,
                "currency": "EUR",
                "code": "insufficient_funds",
                "reason": "Not enough money.",
            },
            "dunning_step": {
                **{name: invoice[name] for name in ("invoice_id", "number", "account_id")},
                "step": 1,
                "outcome": "retry",
                "code": "insufficient_funds",
                "reason": "Not enough money.",
                "amount_minor": 3920,
                "currency": "EUR",
                "next_attempt_at": LATER.isoformat(),
            },
            "card_expiring": {
                "billing_profile_id": new_id("bp"),
                "name": "Company card",
                "brand": "visa",
                "last_four": "4242",
                "expiry_month": 6,
                "expiry_year": 2026,
                "days": 30,
                "is_default": True,
            },
            "credits_purchased": {
                "transaction_id": new_id("txn"),
                "invoice_id": new_id("inv"),
                "kind": "prepaid",
                "units": 10_000,
                "currency": "EUR",
                "account_id": None,
            },
            "credits_expired": {
                "transaction_id": new_id("txn"),
                "lot_id": new_id("lot"),
                "kind": "sms",
                "units": 120,
                "currency": None,
                "account_id": None,
                "expired_at": START.isoformat(),
            },
            "top_up_refused": {
                "kind": "sms",
                "units": 200,
                "currency": None,
                "code": "billing_profile_required",
                "reason": "Choose a billing profile: there is no default one.",
            },
            "balance_low": {"kind": "sms", "units": 40, "threshold": 50, "currency": None, "top_up": None},
            "workspace_prepared": {"account_id": self.account_id, "snapshot_id": None, "assets": 0},
        }
        plans = {"old_selection": LARGER, "new_selection": SELECTION, "quote_id": new_id("quo"), "billing_profile_id": None}
        later, transfer = LATER.isoformat(), {**account, "account_host": "acme.comptoir.example", "agency_email": TRANSFER_ADDRESS}
        facts |= {
            "account_updated": {**account, "changes": {}},
            "account_downgraded": {**account, **plans, "change_id": new_id("chg"), "effective": "period_end"},
            "account_converted": {**account, **plans, "change_id": new_id("chg")},
            "account_renewed": {**account, **plans, "previous_status": "archived"},
            "plan_change_scheduled": {**account, **plans, "change_id": new_id("chg"), "due_at": later},
            "plan_change_dropped": {**account, "change_id": new_id("chg"), "quote_id": new_id("quo")},
            "account_cancelled": {**account, "reason": "Moved.", "cancelled_at": START.isoformat(), "expires_at": later},
            "cancellation_undone": {**account, "status": "active"},
            "account_disabled": {**account, "reason": "payment", "message": "Please call us.", "suspensions": ["payment"]},
            "account_enabled": {**account, "reason": "payment"},
            "account_expired": {
                **account,
                "kind": "paid",
                "previous_status": "cancelled",
                "expired_at": START.isoformat(),
                "archives_at": later,
            },
            "account_archived": {**account, "archived_at": START.isoformat(), "renewable_until": later},
            "trial_ending": {**account, "expires_at": later},
            "renewal_upcoming": {**account, "selection": SELECTION, "renews_at": later},
            "account_login_locked": {"account_id": self.account_id, "username": "marie", "locked_until": later},
            "transfer_requested": {
                **transfer,
                "transfer_id": TRANSFER_ID,
                "direction": "in",
                "client_email": CLIENT_ADDRESS,
                "language": self.client_language,
                "login_url": "http://acme.localhost:8000/login",
                "expires_at": later,
            },
            "transfer_completed": {
                **transfer,
                "transfer_id": TRANSFER_ID,
                "direction": "in",
                "to_agency_id": self.agency_id,
                "completed_at": later,
            },
        }
        facts["agency_updated"] = facts["agency_registered"]
        return {**facts[event_name], **changes}

    def event(self, event_name: str, /, *, minutes_later: float = 0, **changes: Any) -> Event:
        """The event as a handler gets it."""
        source = source_of(event_name)
        event_id, data = new_id("evt"), self.data(event_name, **changes)
        moment = START + timedelta(minutes=minutes_later)
        envelope = {
            "id": event_id,
            "type": f"comptoir.{source}.{event_name}.v1",
            "agency_id": self.agency_id,
            "time": moment.isoformat(),
            "data": data,
        }
        return Event(
            id=event_id,
            source=source,
            name=event_name,
            subject=self.account_id,
            time=moment,
            data=data,
            agency_id=self.agency_id,
            correlation_id=None,
            causation_id=None,
            envelope=envelope,
            handler=f"on_{source}_event",
        )
