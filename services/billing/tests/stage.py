"""The service object with its doors, in this process: facts are delivered to the doors as they come off the bus, by hand."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from billing import clients, events
from billing.domain.catalogue import Selection
from billing.domain.offer import Effective
from billing.service import BillingService
from billing.usecases import billing_profiles, quotes
from chassis.clocks import ClockMoved
from chassis.events import decode, read
from chassis.fields import format_instant
from chassis.ids import new_id
from chassis.messages import CONTENT_TYPE
from chassis.schemas import Reading
from chassis.testing import FakeCall, MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from chassis.wiring import Wiring

from .factories import as_request, paid

READS: dict[str, tuple[str, type[Reading]]] = {
    "agency_registered": ("identity", events.AgencyTold),
    "agency_updated": ("identity", events.AgencyTold),
    "test_clock_advanced": ("identity", ClockMoved),
    "account_requested": ("accounts", events.AccountRequested),
    "account_upgraded": ("accounts", events.AccountUpgraded),
    "account_converted": ("accounts", events.AccountUpgraded),
    "account_renewed": ("accounts", events.AccountRenewed),
    "account_failed": ("accounts", events.AccountFailed),
    "account_downgraded": ("accounts", events.AccountUpgraded),
    "plan_change_scheduled": ("accounts", events.PlanChangeTold),
    "plan_change_dropped": ("accounts", events.PlanChangeTold),
    "account_updated": ("accounts", events.AccountUpdated),
    "account_cancelled": ("accounts", events.AccountCancelled),
    "cancellation_undone": ("accounts", events.AccountToldOf),
    "account_expired": ("accounts", events.AccountExpired),
    "account_archived": ("accounts", events.AccountToldOf),
    "transfer_completed": ("accounts", events.TransferCompleted),
    "balance_low": ("credits", events.BalanceLow),
    "credits_purchased": ("credits", events.CreditsPurchased),
    "billing_profile_added": ("billing", events.ProfileAdded),
    "billing_profile_updated": ("billing", events.ProfileUpdated),
    "invoice_issued": ("billing", events.InvoiceToCollect),
    "credit_note_issued": ("billing", events.CreditNoteToRefund),
}
DOORS = {"account_converted": "on_account_upgraded", "account_archived": "on_account_expired"}
"""Those that take several facts."""

COLLECTED = ("invoice_issued", "credit_note_issued")
OWN = (*COLLECTED, "billing_profile_added", "billing_profile_updated")
"""Facts of billing that its own doors take."""

Envelope = dict[str, Any]


class FakeCredits:
    """Credits as billing sees it: sets aside what is left of `available_minor`, the same for the same payment.

    What a payment that failed had is there for the next attempt at its invoice alone: the news of its failure is always late.
    """

    def __init__(self) -> None:
        self.available_minor = 0
        self.reserved: dict[str, int] = {}

    def reserve_prepaid(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer as credits does."""
        up_to = request["up_to"]
        if request["payment_id"] not in self.reserved:
            self.available_minor += self.reserved.get(request["previous_payment_id"], 0)
            self.reserved[request["payment_id"]] = min(self.available_minor, up_to["amount"])
            self.available_minor -= self.reserved[request["payment_id"]]
        return {"reserved": {"amount": self.reserved[request["payment_id"]], "currency": up_to["currency"]}}

    def pots(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer as credits does: one lot of the agency's own."""
        lots = [{"units": self.available_minor, "expires_at": None}]
        return {"agency": {"units": self.available_minor, "lots": lots}, "accounts": [], "currency": request["currency"]}


class Stage:
    """Billing with an agency (EUR, 20 % reseller discount) and its default card, a Visa."""

    def __init__(
        self,
        *,
        database: ServiceDatabase,
        units: Units,
        clock: MovingClock,
        credits_: FakeCredits,
        provider: clients.PaymentProvider,
    ) -> None:
        self.database, self.units, self.clock, self.credits, self.provider = database, units, clock, credits_, provider
        self.call = FakeCall(credits__reserve_prepaid=credits_.reserve_prepaid, credits__pots=credits_.pots)
        self.service = BillingService()
        wired = {"work": units, "credits": clients.Credits(Wiring(call=self.call, config=None)), "provider": provider}
        for name, dependency in wired.items():
            setattr(self.service, name, dependency)
        self._delivered = 0
        self.agency_id = self.an_agency()
        self.profile_id = self.a_profile()

    def an_agency(self, *, currency: str = "EUR", discount_basis_points: int = 2000, agency_id: str | None = None) -> str:
        agency_id = agency_id or new_id("agy")
        self.deliver(self.agency_told("agency_registered", agency_id, currency=currency, discount_basis_points=discount_basis_points))
        return agency_id

    def agency_told(self, fact: str, agency_id: str, **changes: Any) -> Envelope:
        data = {"agency_id": agency_id, "currency": "EUR", "discount_basis_points": 2000, "language": "fr", "name": "Atelier Démo"}
        return self.fact(fact, {**data, **changes}, agency_id=agency_id)

    def a_profile(self, token: str = "pm_card_visa", *, is_default: bool = True, agency_id: str | None = None) -> str:
        with self.units.begin() as uow:
            return billing_profiles.add_billing_profile(
                uow,
                agency_id=agency_id or self.agency_id,
                described=self.provider.describe(payment_method=token, agency_id=agency_id or self.agency_id),
                name=None,
                invoice_address=None,
                is_default=is_default,
            ).id

    def a_quote(
        self,
        selection: Selection | None = None,
        *,
        account_id: str | None = None,
        country: str | None = "FR",
        effective: Effective | None = None,
    ) -> dict[str, Any]:
        with self.units.begin() as uow:
            return quotes.create_quote(
                uow,
                agency_id=self.agency_id,
                account_id=account_id,
                selection=as_request(selection or paid()),
                country=country,
                effective=effective,
            )

    def an_account(self, selection: Selection | None = None, **changes: Any) -> str:
        """An account that is requested, with the facts that follow handled."""
        account_id = new_id("acc")
        self.deliver(self.requested(account_id, self.a_quote(selection)["id"], **changes))
        self.settle()
        return account_id

    def requested(self, account_id: str, quote_id: str, **changes: Any) -> Envelope:
        data = {
            "account_id": account_id,
            "name": "acme",
            "kind": "paid",
            "quote_id": quote_id,
            "billing_profile_id": None,
            "time_zone": "Europe/Paris",
            "requested_at": format_instant(self.clock()),
        }
        return self.fact("account_requested", {**data, **changes})

    def failed(self, account_id: str) -> Envelope:
        return self.fact("account_failed", {"account_id": account_id, "name": "acme", "code": "late", "reason": "It took too long."})

    def upgraded(self, account_id: str, quote_id: str, **changes: Any) -> Envelope:
        data = {"account_id": account_id, "name": "acme", "quote_id": quote_id, "billing_profile_id": None}
        return self.fact("account_upgraded", {**data, **changes})

    def told(self, name: str, account_id: str, *, minute: int = 0, agency_id: str | None = None, **data: Any) -> Envelope:
        """A fact about the account, so many minutes from now."""
        time = self.clock() + timedelta(minutes=minute)
        return self.fact(name, {"account_id": account_id, "name": "acme", **data}, agency_id=agency_id, time=time)

    def fact(self, name: str, data: dict[str, Any], *, agency_id: str | None = None, time: datetime | None = None) -> Envelope:
        """A fact as it comes off the bus."""
        return {
            "id": new_id("evt"),
            "type": f"comptoir.{READS[name][0]}.{name}.v1",
            "subject": "somebody",
            "time": format_instant(time or self.clock()),
            "agency_id": agency_id or self.agency_id,
            "data": data,
        }

    def deliver(self, envelope: Envelope) -> None:
        """Hand a fact to its door, once."""
        name = envelope["type"].split(".")[2]
        source, reads = READS[name]
        raw, loaded = decode(json.dumps(envelope), content_type=CONTENT_TYPE)
        door = DOORS.get(name, f"on_{name}")
        getattr(self.service, door)(read(raw, loaded, source=source, name=name, reads=reads(), handler=door))

    def pending(self, names: Collection[str] = COLLECTED) -> list[Envelope]:
        """Billing's own facts of these names that its own doors have not been given, in order; the others are passed over."""
        rows = self.database.query("SELECT id, body::jsonb AS body FROM outbox WHERE id > %s ORDER BY id", self._delivered)
        self._delivered = max([self._delivered, *(row["id"] for row in rows)])
        envelopes: list[Envelope] = [row["body"] for row in rows]
        return [each for each in envelopes if each["type"].split(".")[2] in names]

    def settle(self) -> None:
        """Handle billing's own facts until there are none left."""
        while pending := self.pending(OWN):
            for envelope in pending:
                self.deliver(envelope)

    def go_on(self) -> None:
        """Do what dunning has due, and what follows, until there is nothing left."""
        self.service.collect_what_is_overdue()
        self.settle()

    def names(self) -> list[str]:
        """Which facts were emitted, without those that set the stage."""
        return [
            name for name, _ in self.database.emitted() if name not in ("billing_profile_added", "billing_profile_updated", "quote_created")
        ]

    def emitted(self, name: str) -> list[dict[str, Any]]:
        """The data of every fact of this name."""
        return [data for each, data in self.database.emitted() if each == name]

    def charged_minor(self) -> int:
        """What cards paid, less what they got back."""
        [row] = self.database.query(
            "SELECT (SELECT coalesce(sum(amount_minor), 0) FROM test_provider_charges)"
            " - (SELECT coalesce(sum(amount_minor), 0) FROM test_provider_refunds) AS minor"
        )
        return int(row["minor"])

    def charges(self) -> list[dict[str, Any]]:
        """Every charge the provider made."""
        return self.database.query("SELECT idempotency_key, amount_minor, payment_method FROM test_provider_charges ORDER BY created_at")
