"""Billing as others meet it: a process on the bus."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, Peer, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of

from .factories import shipped
from .stage import FakeCredits

PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
TRIAL = {"pricing_version": "V1", "product": "EM", "plan": "Trial"}


@pytest.fixture
def start(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> Callable[..., ServiceProcess]:
    return lambda **options: run_service("billing", database, **options)


@pytest.fixture
def billing(start: Callable[..., ServiceProcess]) -> ServiceProcess:
    return start()


@pytest.fixture
def relay(start: Callable[..., ServiceProcess]) -> ServiceProcess:
    return start(command="relay", wait=False)


@pytest.fixture
def credits_peer(peer: Callable[..., Peer], credits_: FakeCredits) -> Peer:
    return peer("credits", reserve_prepaid=credits_.reserve_prepaid)


@pytest.fixture
def agency_id(bus: Bus, billing: ServiceProcess, database: ServiceDatabase) -> str:
    """An agency that billing has heard of: EUR, 20 % reseller discount."""
    agency_id = new_id("agy")
    told = {"agency_id": agency_id, "name": "Atelier Démo", "currency": "EUR", "discount_basis_points": 2000, "language": "fr"}
    bus.publish("identity", "agency_registered", told, agency_id=agency_id)
    eventually(lambda: database.query("SELECT id FROM agencies"), what="the agency noted")
    return agency_id


def added(bus: Bus, agency_id: str, token: str = "pm_card_visa", **members: Any) -> dict[str, Any]:
    profile: dict[str, Any] = bus.call("billing", "add_billing_profile", {"agency_id": agency_id, "payment_method": token, **members})
    return profile


def quoted(bus: Bus, agency_id: str, selection: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    request = {"agency_id": agency_id, "selection": selection or PLUS, **members}
    quote: dict[str, Any] = bus.call("billing", "create_quote", request)
    return quote


def request_account(bus: Bus, agency_id: str, quote_id: str, **changes: Any) -> str:
    account_id = new_id("acc")
    data = {
        "account_id": account_id,
        "name": "acme",
        "kind": "paid",
        "selection": PLUS,
        "quote_id": quote_id,
        "billing_profile_id": None,
        "region": "eu",
        "country": "FR",
        "time_zone": "Europe/Paris",
        **changes,
    }
    envelope = bus.envelope("accounts", "account_requested", data, agency_id=agency_id)
    envelope["data"]["requested_at"] = envelope["time"]
    bus.publish_envelope("accounts", "account_requested", envelope)
    return account_id


def refused(bus: Bus, method: str, payload: dict[str, Any]) -> Refused:
    return refusal_of(lambda: bus.call("billing", method, payload))


def test_the_catalogue_is_answered_whole(bus: Bus, billing: ServiceProcess) -> None:
    assert bus.call("billing", "catalogue", {}) == shipped()


def test_plans_are_answered_by_number_at_the_agencys_prices(bus: Bus, agency_id: str) -> None:
    plans = bus.call("billing", "plans", {"agency_id": agency_id})["data"]
    [plus] = [plan for plan in plans if plan["selection"] == {name: PLUS[name] for name in plan["selection"]}]
    assert plus == {
        "id": plus["id"],
        "selection": plus["selection"],
        "on_sale": True,
        "kind": "paid",
        "contacts": 1000,
        "monthly_sends": None,
        "price": {"amount": 4900, "currency": "EUR"},
    }
    assert len({plan["id"] for plan in plans}) == len(plans)


def test_a_quote_is_made_once_per_key_and_found_again(bus: Bus, agency_id: str, database: ServiceDatabase) -> None:
    request = {"agency_id": agency_id, "account_id": None, "selection": PLUS, "country": "FR"}
    quote = bus.call("billing", "create_quote", request, idempotency_key="k")
    assert bus.call("billing", "create_quote", request, idempotency_key="k") == quote
    assert bus.call("billing", "quote", {"agency_id": agency_id, "quote_id": quote["id"]}) == quote
    assert len(database.query("SELECT id FROM quotes")) == 1
    assert list(quote) == [
        "id",
        "purpose",
        "account_id",
        "selection",
        "region",
        "lines",
        "offer",
        "direction",
        "effective",
        "takes_effect_at",
        "state",
        "created_at",
        "expires_at",
    ]
    assert (quote["selection"], quote["region"], quote["state"]) == ({**PLUS, "limits": {}, "add_ons": []}, "eu", "open")

    def euros(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": "EUR"}

    assert quote["offer"] == {
        "list_price": euros(4900),
        "migration_discount": euros(0),
        "reseller_discount": euros(980),
        "per_cycle": euros(3920),
        "proration": euros(0),
        "due_today": euros(3920),
        "granted": euros(0),
        "taxes_included": False,
        "taxes_note": "Taxes are not included.",
    }


def test_a_selection_that_does_not_fit_together_is_refused_by_field(bus: Bus, agency_id: str) -> None:
    refusal = refused(bus, "create_quote", {"agency_id": agency_id, "selection": {**TRIAL, "plan": "Plus"}})
    assert (refusal.kind, refusal.code, refusal.field) == ("invalid", "plan_not_offered", "selection.plan")
    assert refusal.details["allowed"] == ["Trial", "Sandbox"]
    refusal = refused(bus, "create_quote", {"agency_id": agency_id, "selection": {**PLUS, "colour": "red"}})
    assert refusal.details["errors"][0]["field"] == "selection.colour"


def test_a_profile_is_added_shown_and_listed_without_its_token(bus: Bus, agency_id: str, billing: ServiceProcess) -> None:
    address = {"name": "Atelier Démo SARL", "street": "12 rue des Archives", "postal_code": "75004", "city": "Paris", "country": "FR"}
    profile = added(bus, agency_id, name="Company card", invoice_address=address)
    assert (profile["name"], profile["last_four"], profile["is_default"]) == ("Company card", "4242", True)
    assert profile["invoice_address"] == {**address, "tax_number": None}
    assert bus.call("billing", "billing_profile", {"agency_id": agency_id, "billing_profile_id": profile["id"]}) == profile
    assert bus.call("billing", "billing_profiles", {"agency_id": agency_id}) == {"data": [profile], "next_cursor": None, "total": 1}
    assert "pm_card" not in repr(profile)
    assert "pm_card" not in billing.text()
    refusal = refused(bus, "add_billing_profile", {"agency_id": agency_id, "payment_method": "4242424242424242"})
    assert (refusal.code, refusal.field) == ("payment_method_unknown", "payment_method")


def test_not_found_and_not_yours_look_the_same(bus: Bus, agency_id: str) -> None:
    profile_id, quote_id = added(bus, agency_id)["id"], quoted(bus, agency_id)["id"]
    invoice_id = bus.call(
        "billing", "purchase_credits", {"agency_id": agency_id, "kind": "prepaid", "amount": {"amount": 1, "currency": "EUR"}}
    )["id"]
    for method, noun, found in (("billing_profile", "bp", profile_id), ("quote", "quo", quote_id), ("invoice", "inv", invoice_id)):
        strangers = refused(bus, method, {"agency_id": new_id("agy"), f"{method}_id": found})
        nobodys = refused(bus, method, {"agency_id": agency_id, f"{method}_id": new_id(noun)})
        assert strangers.code == nobodys.code == f"{method}_not_found"
        assert strangers.kind == nobodys.kind == "not_found"


@pytest.mark.usefixtures("relay", "credits_peer")
def test_an_account_is_invoiced_collected_and_given_back(bus: Bus, agency_id: str, database: ServiceDatabase) -> None:
    seen = bus.collect("billing")
    added(bus, agency_id)
    account_id = request_account(bus, agency_id, quoted(bus, agency_id)["id"])
    [*_, paid] = seen.wait_for("billing.invoice_paid")
    assert (paid["data"]["account_id"], paid["data"]["card_minor"], paid["agency_id"]) == (account_id, 3920, agency_id)
    failed = {"account_id": account_id, "name": "acme", "code": "late", "reason": "It took too long."}
    for _ in range(3):
        bus.publish("accounts", "account_failed", failed, agency_id=agency_id)
    seen.wait_for("billing.credit_note_issued")
    eventually(lambda: database.query("SELECT 1 FROM refunds"), what="the refund")
    assert seen.names() == [
        "billing.billing_profile_added",
        "billing.quote_created",
        "billing.invoice_issued",
        "billing.invoice_paid",
        "billing.credit_note_issued",
    ]
    [invoice] = bus.call("billing", "invoices", {"agency_id": agency_id, "account_id": account_id})["data"]
    assert (invoice["number"], invoice["status"], invoice["credited"]) == ("INV-000001", "credited", {"amount": 3920, "currency": "EUR"})
    assert bus.call("billing", "invoice", {"agency_id": agency_id, "invoice_id": invoice["id"]}) == invoice
    assert [row["amount_minor"] for row in database.query("SELECT amount_minor FROM test_provider_refunds")] == [3920]


@pytest.mark.usefixtures("relay", "credits_peer")
@pytest.mark.parametrize("token", ["pm_card_timeout", "pm_card_processing_error"])
def test_a_card_whose_answer_is_lost_is_charged_once_by_the_retry(bus: Bus, agency_id: str, database: ServiceDatabase, token: str) -> None:
    seen = bus.collect("billing")
    added(bus, agency_id, token)
    request_account(bus, agency_id, quoted(bus, agency_id)["id"])
    seen.wait_for("billing.invoice_paid")
    assert len(database.query("SELECT id FROM test_provider_charges")) == 1
    assert bus.parked() == []


@pytest.mark.usefixtures("relay", "credits_peer")
def test_an_upgrade_pays_its_proration_and_credit_pays_first(
    bus: Bus, agency_id: str, database: ServiceDatabase, credits_: FakeCredits
) -> None:
    seen = bus.collect("billing")
    added(bus, agency_id)
    account_id = request_account(bus, agency_id, quoted(bus, agency_id, TRIAL)["id"], kind="trial")

    eventually(lambda: database.query("SELECT 1 FROM subscriptions"), what="the trial subscribed")
    upgrade = quoted(bus, agency_id, account_id=account_id)
    credits_.available_minor = 1000
    told = {"account_id": account_id, "name": "acme", "quote_id": upgrade["id"], "billing_profile_id": None}
    for _ in range(2):
        bus.publish("accounts", "account_upgraded", told, agency_id=agency_id)
    [*_, paid] = seen.wait_for("billing.invoice_paid")
    assert (paid["data"]["purpose"], paid["data"]["prepaid_minor"], paid["data"]["card_minor"]) == ("plan_change", 1000, 2920)
    used = bus.call("billing", "quote", {"agency_id": agency_id, "quote_id": upgrade["id"]})
    assert used["state"] == "used"


@pytest.mark.usefixtures("relay")
def test_credit_is_bought_once_per_key_by_card_alone(bus: Bus, agency_id: str) -> None:
    seen = bus.collect("billing")
    added(bus, agency_id)
    request = {"agency_id": agency_id, "kind": "prepaid", "amount": {"amount": 5000, "currency": "EUR"}}
    invoices = [bus.call("billing", "purchase_credits", request, idempotency_key="k") for _ in range(2)]
    assert invoices[0] == invoices[1]
    assert (invoices[0]["status"], invoices[0]["lines"][0]["reason"]) == ("open", "credit_purchase")
    [*_, paid] = seen.wait_for("billing.invoice_paid")
    assert paid["data"]["credit"] == {"kind": "prepaid", "units": 5000, "account_id": None, "expires_at": None}
    assert seen.names().count("billing.invoice_issued") == 1


@contextmanager
def held_up(database: ServiceDatabase, table: str) -> Iterator[None]:
    """Nothing can be done in the block for which this table is needed."""
    with closing(psycopg2.connect(database.url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        yield
        connection.rollback()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("payments", id="before the payment is kept"),
        pytest.param("test_provider_requests", id="after prepaid was set aside, before the card is charged"),
        pytest.param("test_provider_charges", id="while the card is charged"),
        pytest.param("inbox", id="after the card was charged, before that is recorded"),
    ],
)
def test_a_process_killed_between_any_two_steps_of_a_payment_charges_once(
    bus: Bus,
    agency_id: str,
    billing: ServiceProcess,
    start: Callable[..., ServiceProcess],
    database: ServiceDatabase,
    credits_: FakeCredits,
    credits_peer: Peer,
    step: str,
) -> None:
    del credits_peer
    credits_.available_minor = 1000
    added(bus, agency_id)
    request_account(bus, agency_id, quoted(bus, agency_id)["id"])
    eventually(lambda: database.query("SELECT 1 FROM invoices"), what="the invoice")
    [invoice] = database.query("SELECT id FROM invoices")
    with held_up(database, step):
        bus.publish("billing", "invoice_issued", {"invoice_id": invoice["id"]}, agency_id=agency_id)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        eventually(lambda: database.query(waits), within_seconds=30, what="the process to come to this step")
        billing.kill()
    start()
    eventually(lambda: database.query("SELECT 1 FROM payments WHERE status = 'succeeded'"), within_seconds=30, what="the payment recorded")
    assert [row["amount_minor"] for row in database.query("SELECT amount_minor FROM test_provider_charges")] == [2920]
    assert list(credits_.reserved.values()) == [1000]
    assert [name for name, _ in database.emitted()].count("invoice_paid") == 1


def test_a_process_killed_while_credits_sets_prepaid_aside_charges_once(
    bus: Bus,
    agency_id: str,
    billing: ServiceProcess,
    start: Callable[..., ServiceProcess],
    database: ServiceDatabase,
    credits_: FakeCredits,
    peer: Callable[..., Peer],
) -> None:
    def reserve_and_kill(request: dict[str, Any]) -> dict[str, Any]:
        answer = credits_.reserve_prepaid(request)
        if billing.running:
            billing.kill()
        return answer

    peer("credits", reserve_prepaid=reserve_and_kill)
    credits_.available_minor = 1000
    added(bus, agency_id)
    request_account(bus, agency_id, quoted(bus, agency_id)["id"])
    eventually(lambda: database.query("SELECT 1 FROM invoices"), what="the invoice")
    [invoice] = database.query("SELECT id FROM invoices")
    bus.publish("billing", "invoice_issued", {"invoice_id": invoice["id"]}, agency_id=agency_id)
    eventually(lambda: not billing.running, within_seconds=30, what="the process gone")
    assert (len(database.query("SELECT 1 FROM payments WHERE status = 'pending'")), list(credits_.reserved.values())) == (1, [1000])
    start()
    eventually(lambda: database.query("SELECT 1 FROM payments WHERE status = 'succeeded'"), within_seconds=30, what="the payment recorded")
    assert [row["amount_minor"] for row in database.query("SELECT amount_minor FROM test_provider_charges")] == [2920]
    assert list(credits_.reserved.values()) == [1000]


@pytest.mark.usefixtures("credits_peer")
def test_a_process_killed_between_the_charge_and_its_record_charges_once(
    bus: Bus, agency_id: str, billing: ServiceProcess, start: Callable[..., ServiceProcess], database: ServiceDatabase
) -> None:
    added(bus, agency_id)
    invoice = bus.call(
        "billing", "purchase_credits", {"agency_id": agency_id, "kind": "prepaid", "amount": {"amount": 5000, "currency": "EUR"}}
    )
    with held_up(database, "inbox"):
        bus.publish("billing", "invoice_issued", {"invoice_id": invoice["id"]}, agency_id=agency_id)
        eventually(lambda: database.query("SELECT 1 FROM test_provider_charges"), within_seconds=30, what="the charge")
        billing.kill()
    assert [row["status"] for row in database.query("SELECT status FROM payments")] == ["pending"]
    start()
    eventually(lambda: database.query("SELECT 1 FROM payments WHERE status = 'succeeded'"), within_seconds=30, what="the payment recorded")
    assert len(database.query("SELECT id FROM test_provider_charges")) == 1
    shown = bus.call("billing", "invoice", {"agency_id": agency_id, "invoice_id": invoice["id"]})
    assert (shown["status"], shown["paid_card"]) == ("paid", {"amount": 5000, "currency": "EUR"})


def test_an_event_that_names_no_agency_is_parked(bus: Bus, agency_id: str) -> None:
    bus.publish("accounts", "account_failed", {"account_id": new_id("acc")})
    eventually(lambda: len(bus.parked()) == 1, what="the event parked")
