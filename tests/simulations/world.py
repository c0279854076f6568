"""Billing and credits in one process: their doors take each other's facts, as relays and a broker would bring them.

What one agency's facts lead to happens one by one, in order; the agencies do not wait for each other.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from billing import clients
from billing.clients import CardRefund, Charge, Declined
from billing.domain.catalogue import Selection
from billing.domain.offer import Effective
from billing.service import BillingService
from billing.usecases import billing_profiles, quotes
from billing.usecases import credits as credits_
from chassis import context as contexts
from chassis.doors import EventDoor
from chassis.events import decode, read
from chassis.fields import format_instant
from chassis.ids import new_id
from chassis.messages import CONTENT_TYPE
from chassis.money import Money
from chassis.testing import FakeCall, MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from chassis.wiring import Wiring
from credits import usecases as credit_usecases
from credits.service import CreditsService

AGENCIES_AT_ONCE = 4
"""As many connections are taken of each pool."""
AGENCY = {"currency": "EUR", "discount_basis_points": 2000, "language": "fr", "name": "Atelier Démo"}
NEXT_DUE = """
SELECT least((SELECT min(period_end) FROM subscriptions WHERE standing = 'renewed'),
    (SELECT min(next_at) FROM dunnings WHERE ended_at IS NULL)) AS moment
"""
TOLD = """
SELECT id, agency_id, body FROM (SELECT id, body, body::json ->> 'agency_id' AS agency_id FROM outbox WHERE id > %s) AS told
WHERE agency_id = coalesce(%s, agency_id) ORDER BY id
"""
Door = tuple[Any, str, Any]


def doors_of(service: Any) -> dict[tuple[str, str], Door]:
    """The event doors of a service, by what they take."""
    return {
        (door.source, door.event): (service, name, door.reads)
        for name in dir(type(service))
        for door in getattr(getattr(type(service), name), "nameko_entrypoints", ())
        if isinstance(door, EventDoor)
    }


class Cards:
    """A payment provider that does as the script says: `refuses(token, now)` is the code it declines with, or None."""

    def __init__(self, clock: MovingClock, refuses: Callable[[str, datetime], str | None]) -> None:
        self._clock, self._refuses = clock, refuses
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, CardRefund] = {}

    def charge(self, *, idempotency_key: str, payment_method: str, amount: Money) -> Charge | Declined:
        """Charge once per key, or decline."""
        code = self._refuses(payment_method, self._clock())
        if code is not None:
            return Declined(code=code, reason="The card was declined.", is_hard=code == "expired_card")
        return self.charges.setdefault(idempotency_key, Charge(id=new_id("ch"), amount=amount))

    def refund(self, *, idempotency_key: str, charge_id: str, amount: Money) -> CardRefund:
        """Give back once per key."""
        assert charge_id in {charge.id for charge in self.charges.values()}
        return self.refunds.setdefault(idempotency_key, CardRefund(id=new_id("re"), amount=amount))

    def find(self, *, idempotency_key: str, payment_method: str = "") -> Charge | None:
        """Look a charge up."""
        return self.charges.get(idempotency_key)


class World:
    """The two services, a clock, and what others tell them."""

    def __init__(self, billing: ServiceDatabase, credits_: ServiceDatabase, clock: MovingClock, cards: Cards) -> None:
        self.clock, self.cards = clock, cards
        self.databases = {"billing": billing, "credits": credits_}
        self.units: dict[str, Units] = {name: database.units(clock) for name, database in self.databases.items()}
        self.billing, self.credits = BillingService(), CreditsService()
        call = FakeCall(credits__reserve_prepaid=self._reserve)
        wired = {"work": self.units["billing"], "credits": clients.Credits(Wiring(call=call, config=None)), "provider": cards}
        for name, dependency in wired.items():
            setattr(self.billing, name, dependency)
        setattr(self.credits, "work", self.units["credits"])  # noqa: B010  a dependency, set by the container
        self._doors: dict[tuple[str, str], list[Door]] = defaultdict(list)
        for service in (self.billing, self.credits):
            for taken, door in doors_of(service).items():
                self._doors[taken].append(door)
        self._carried = dict.fromkeys(self.databases, 0)
        self._carriers = ThreadPoolExecutor(AGENCIES_AT_ONCE)
        self.told: list[dict[str, Any]] = []
        self.hear: Callable[[dict[str, Any]], None] = lambda _envelope: None
        """What accounts makes of a fact of billing; a script's to say."""
        self._next_due: datetime | None = None

    def tell(self, source: str, name: str, agency_id: str, data: dict[str, Any]) -> None:
        """Tell a fact, and let everything that follows happen."""
        self.bring(source, name, agency_id, data)
        self.settle()

    def bring(self, source: str, name: str, agency_id: str, data: dict[str, Any]) -> None:
        """Tell a fact; what follows of it is carried by whoever carries what its agency is told."""
        envelope = {
            "id": new_id("evt"),
            "type": f"comptoir.{source}.{name}.v1",
            "subject": "somebody",
            "time": format_instant(self.clock()),
            "agency_id": agency_id,
            "data": data,
        }
        self._deliver(json.dumps(envelope))

    def settle(self) -> None:
        """Carry what the services told to whoever takes it, until nothing is left."""
        self._next_due = None
        bodies: dict[str, list[str]] = defaultdict(list)
        for row in self._told(self._carried):
            bodies[row.agency_id].append(row.body)
        ends = list(self._carriers.map(self._carry, bodies, bodies.values()))
        self._carried = {service: max([last, *(end[service] for end in ends)]) for service, last in self._carried.items()}

    def do_what_is_due(self) -> None:
        """Run billing's due work once, as long as its tables say that something is due."""
        for due_work in (self.billing.renew_due_subscriptions, self.billing.collect_what_is_overdue):
            if self._is_something_due():
                due_work()
                self.settle()

    def _is_something_due(self) -> bool:
        """Ask billing's tables, once until something is due or happens."""
        if self._next_due is None:
            [row] = self._rows("billing", NEXT_DUE)
            self._next_due = row.moment or datetime.max.replace(tzinfo=UTC)
        return self.clock() >= self._next_due

    def an_agency(self) -> str:
        """An agency that billing and credits know."""
        agency_id = new_id("agy")
        self.tell("identity", "agency_registered", agency_id, {"agency_id": agency_id, **AGENCY})
        return agency_id

    def a_card(self, agency_id: str, token: str, *, is_default: bool = False) -> str:
        """A billing profile by a card that does as the script says."""
        described = clients.PaymentMethod(token=token, brand="visa", last_four="4242", expiry_month=12, expiry_year=2040)
        with self.units["billing"].begin() as uow:
            added = billing_profiles.add_billing_profile(
                uow,
                agency_id=agency_id,
                described=described,
                name=None,
                invoice_address=None,
                is_default=is_default,
            )
        self.settle()
        return added.id

    def open_account(self, agency_id: str, selection: Selection, *, time_zone: str, billing_profile_id: str) -> str:
        """An account that is opened now."""
        account_id = new_id("acc")
        with self.units["billing"].begin() as uow:
            asked = asdict(selection)
            quote_id = quotes.create_quote(uow, agency_id=agency_id, account_id=None, selection=asked, country="FR")["id"]
        self.tell(
            "accounts",
            "account_requested",
            agency_id,
            {
                "account_id": account_id,
                "name": "acme",
                "kind": "paid",
                "quote_id": quote_id,
                "billing_profile_id": billing_profile_id,
                "time_zone": time_zone,
                "requested_at": format_instant(self.clock()),
            },
        )
        return account_id

    def downgrade_now(self, agency_id: str, account_id: str, selection: Selection) -> None:
        """A change to a cheaper plan at once: what is left unused becomes prepaid of the account."""
        with self.units["billing"].begin() as uow:
            asked = asdict(selection)
            quote = quotes.create_quote(
                uow, agency_id=agency_id, account_id=account_id, selection=asked, country="FR", effective=Effective.NOW
            )
        new = {"plan": selection.plan, "add_ons": list(selection.add_ons)}
        told = {"account_id": account_id, "name": "acme", "quote_id": quote["id"], "effective": "now", "new_selection": new}
        self.tell("accounts", "account_downgraded", agency_id, told)

    def buy_prepaid(self, agency_id: str, minor: int) -> None:
        """Prepaid credit for the agency."""
        amount = Money(amount_minor=minor, currency="EUR")
        with self.units["billing"].begin() as uow:
            credits_.purchase_credits(uow, agency_id=agency_id, kind="prepaid", amount=amount, billing_profile_id=None, account_id=None)
        self.settle()

    def query(self, service: str, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Plain SQL."""
        return self.databases[service].query(sql, *parameters)

    def _reserve(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = {**request, "up_to": Money(amount_minor=request["up_to"]["amount"], currency=request["up_to"]["currency"])}
        with contexts.activated(contexts.new_context(agency_id=request["agency_id"])), self.units["credits"].begin() as uow:
            reserved: Money = credit_usecases.reserve_prepaid(uow, **asked)["reserved"]
        return {"reserved": {"amount": reserved.amount_minor, "currency": reserved.currency}}

    def _carry(self, agency_id: str, bodies: Sequence[str]) -> dict[str, int]:
        """Carry what an agency is told, and what it is told then; give the last of it, by service."""
        carried = dict(self._carried)
        while bodies:
            for body in bodies:
                self.hear(self._deliver(body))
            bodies = [row.body for row in self._told(carried, agency_id)]
        return carried

    def _told(self, carried: dict[str, int], agency_id: str | None = None) -> list[Any]:
        """Read what was told since, of one agency or of all, and note the last of it, by service."""
        told: list[Any] = []
        for service in self.units:
            rows = self._rows(service, TOLD, carried[service], agency_id)
            carried[service] = max([carried[service], *(row.id for row in rows)])
            told += rows
        return told

    def _rows(self, service: str, sql: str, *parameters: Any) -> Sequence[Any]:
        with self.units[service].rows() as connection:
            return connection.exec_driver_sql(sql, parameters).all()

    def _deliver(self, body: str) -> dict[str, Any]:
        envelope, loaded = decode(body, content_type=CONTENT_TYPE)
        self.told.append(envelope)
        _, source, name, _ = envelope["type"].split(".")
        with contexts.activated(contexts.new_context(agency_id=envelope["agency_id"])):
            for service, method, reads in self._doors.get((source, name), ()):
                getattr(service, method)(read(envelope, loaded, source=source, name=name, reads=reads, handler=method))
        return envelope
