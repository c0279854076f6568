"""Credits as others meet it: a process on the bus."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of

AGENCY = new_id("agy")
EUR_70 = {"amount": 70, "currency": "EUR"}


@pytest.fixture(autouse=True)
def service(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    return run_service("credits", database)


def paid(**changes: Any) -> dict[str, Any]:
    """The data of an invoice_paid, as billing tells it."""
    return {
        "invoice_id": new_id("inv"),
        "number": "2026-0001",
        "payment_id": new_id("pay"),
        "purpose": "account_opening",
        "account_id": None,
        "total_minor": 100,
        "prepaid_minor": 0,
        "card_minor": 100,
        "currency": "EUR",
        "credit": None,
        **changes,
    }


def credit_note(invoice_id: str, prepaid_minor: int) -> dict[str, Any]:
    """The data of a credit_note_issued, as billing tells it."""
    return {
        "credit_note_id": new_id("cn"),
        "invoice_id": invoice_id,
        "number": "CN-2026-0001",
        "account_id": None,
        "total_minor": 100,
        "prepaid_minor": prepaid_minor,
        "card_minor": 100 - prepaid_minor,
        "currency": "EUR",
        "payment_id": None,
    }


def failed(payment_id: str, invoice_id: str) -> dict[str, Any]:
    """The data of a payment_failed, as billing tells it."""
    return {
        "invoice_id": invoice_id,
        "number": "2026-0001",
        "payment_id": payment_id,
        "purpose": "account_opening",
        "account_id": None,
        "amount_minor": 100,
        "currency": "EUR",
        "code": "card_declined",
        "reason": "The card was declined.",
    }


def held(bus: Bus) -> tuple[int, int]:
    answer = bus.call("credits", "balance", {"agency_id": AGENCY, "kind": "prepaid"})
    return answer["units"], answer["reserved"]


def buy(bus: Bus, units: int) -> None:
    """Buy prepaid for the agency, and wait until it is there."""
    before = held(bus)[0]
    credit = {"kind": "prepaid", "units": units, "account_id": None}
    bus.publish("billing", "invoice_paid", paid(purpose="credit_purchase", credit=credit), agency_id=AGENCY)
    eventually(lambda: held(bus)[0] == before + units)


def reserve(bus: Bus, payment_id: str, invoice_id: str, **options: Any) -> dict[str, Any]:
    request = {"agency_id": AGENCY, "account_id": None, "payment_id": payment_id, "invoice_id": invoice_id, "up_to": EUR_70}
    answer: dict[str, Any] = bus.call("credits", "reserve_prepaid", request, **options)
    return answer


def deliver_twice(bus: Bus, name: str, data: dict[str, Any]) -> None:
    """The same event twice, and the same fact a third time as another event."""
    envelope = bus.publish("billing", name, data, agency_id=AGENCY)
    bus.publish_envelope("billing", name, envelope)
    bus.publish("billing", name, data, agency_id=AGENCY)


def test_credit_is_bought_reserved_spent_and_given_back_and_each_fact_is_told_once(
    bus: Bus, database: ServiceDatabase, run_service: Callable[..., ServiceProcess]
) -> None:
    run_service("credits", database, command="relay")
    seen = bus.collect("credits")
    payment_id, invoice_id, account_id = new_id("pay"), new_id("inv"), new_id("acc")
    deliver_twice(bus, "invoice_paid", paid(purpose="credit_purchase", credit={"kind": "prepaid", "units": 100, "account_id": None}))
    eventually(lambda: held(bus) == (100, 0))
    assert reserve(bus, payment_id, invoice_id) == {"reserved": EUR_70}
    outcome = paid(payment_id=payment_id, invoice_id=invoice_id, account_id=account_id, prepaid_minor=70, card_minor=30)
    deliver_twice(bus, "invoice_paid", outcome)
    eventually(lambda: held(bus) == (30, 0))
    deliver_twice(bus, "credit_note_issued", credit_note(invoice_id, 70))
    eventually(lambda: held(bus) == (100, 0))
    spent = seen.wait_for("credits.credits_purchased", "credits.credits_spent")[-1]
    eventually(lambda: database.query("SELECT * FROM outbox") == [])
    assert seen.names() == ["credits.credits_purchased", "credits.credits_spent"]
    assert (spent["agency_id"], spent["data"]["account_id"], spent["data"]["units"]) == (AGENCY, account_id, 70)
    assert bus.parked() == []


def test_a_failed_payment_gives_up_what_it_reserved(bus: Bus) -> None:
    buy(bus, 100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    reserve(bus, payment_id, invoice_id)
    assert held(bus) == (30, 70)
    deliver_twice(bus, "payment_failed", failed(payment_id, invoice_id))
    eventually(lambda: held(bus) == (100, 0))


def test_a_credit_note_before_the_payment_is_told_waits_for_it(bus: Bus, database: ServiceDatabase) -> None:
    buy(bus, 100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    reserve(bus, payment_id, invoice_id)
    deliver_twice(bus, "credit_note_issued", credit_note(invoice_id, 70))
    eventually(lambda: database.query("SELECT state FROM credit_notes") == [{"state": "waiting"}])
    deliver_twice(bus, "invoice_paid", paid(payment_id=payment_id, invoice_id=invoice_id, prepaid_minor=70))
    eventually(lambda: held(bus) == (100, 0))
    assert database.query("SELECT state FROM credit_notes") == [{"state": "returned"}]


def test_a_reservation_is_answered_again_under_its_idempotency_key_and_under_its_payment(bus: Bus) -> None:
    buy(bus, 100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    for key in ("one", "one", "two", None):
        assert reserve(bus, payment_id, invoice_id, idempotency_key=key) == {"reserved": EUR_70}
    assert held(bus) == (30, 70)


def test_a_balance_and_the_history_have_the_agreed_fields(bus: Bus) -> None:
    buy(bus, 100)
    answer = bus.call("credits", "balance", {"agency_id": AGENCY, "account_id": None, "kind": "prepaid", "currency": None})
    (lot,) = answer.pop("lots")
    assert answer == {"kind": "prepaid", "balance": {"amount": 100, "currency": "EUR"}, "units": 100, "reserved": 0}
    assert set(lot) == {"id", "units_left", "purchased_at", "expires_at", "account_id"}
    assert (lot["units_left"], lot["expires_at"], lot["account_id"]) == (100, None, None)
    page = bus.call("credits", "transactions", {"agency_id": AGENCY, "kind": "prepaid"})
    assert (page["next_cursor"], page["total"]) == (None, 1)
    (transaction,) = page["data"]
    assert (transaction["purpose"], transaction["units"], transaction["currency"]) == ("purchase", 100, "EUR")
    assert [(posting["purpose"], posting["units"], posting["lot_id"]) for posting in transaction["postings"]] == [
        ("issued", -100, lot["id"]),
        ("available", 100, lot["id"]),
    ]


def test_a_request_of_another_shape_is_refused_by_field(bus: Bus) -> None:
    reservation = {"payment_id": new_id("pay"), "invoice_id": new_id("inv"), "up_to": EUR_70}
    for method, request, field in (
        ("reserve_prepaid", {**reservation, "up_to": {"amount": -1, "currency": "EUR"}}, "up_to"),
        ("reserve_prepaid", {**reservation, "up_to": {"amount": 0.5, "currency": "EUR"}}, "up_to"),
        ("reserve_prepaid", {**reservation, "account_id": "agy_1"}, "account_id"),
        ("balance", {"kind": "gold"}, "kind"),
        ("transactions", {"kind": "prepaid", "limit": 201}, "limit"),
        ("transactions", {"kind": "prepaid", "colour": "red"}, "colour"),
    ):
        refusal = refusal_of(partial(bus.call, "credits", method, {"agency_id": AGENCY, **request}))
        assert (refusal.kind, refusal.code) == ("invalid", "invalid_request")
        assert [error["field"].partition(".")[0] for error in refusal.details["errors"]] == [field]


def test_a_payment_that_contradicts_its_reservation_is_parked_for_a_person(bus: Bus) -> None:
    buy(bus, 100)
    payment_id, invoice_id = new_id("pay"), new_id("inv")
    reserve(bus, payment_id, invoice_id)
    bus.publish("billing", "invoice_paid", paid(payment_id=payment_id, invoice_id=invoice_id, prepaid_minor=71), agency_id=AGENCY)
    eventually(lambda: len(bus.parked()) == 1)
    assert held(bus) == (30, 70)


def test_an_event_without_an_agency_is_parked_for_a_person(bus: Bus, database: ServiceDatabase) -> None:
    bus.publish("billing", "payment_failed", failed(new_id("pay"), new_id("inv")))
    eventually(lambda: len(bus.parked()) == 1)
    assert database.query("SELECT * FROM reservations") == []


def activated(account_id: str) -> dict[str, Any]:
    """The data of an account_activated, as accounts tells it."""
    selection = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly", "add_ons": ["sms"]}
    return {"account_id": account_id, "name": "acme", "notification_email": "a@b.example", "kind": "paid", "selection": selection}


def sms(bus: Bus, units: int, *, expires_at: str | None = None) -> None:
    """Buy SMS for the agency, and wait until they are there."""
    credit = {"kind": "sms", "units": units, "account_id": None, "expires_at": expires_at}
    bus.publish("billing", "invoice_paid", paid(purpose="credit_purchase", credit=credit), agency_id=AGENCY)
    eventually(lambda: bus.call("credits", "balance", {"agency_id": AGENCY, "kind": "sms"})["units"] >= units)


def test_an_account_that_was_activated_is_handed_credit_and_spends_it(bus: Bus) -> None:
    account_id = new_id("acc")
    bus.publish("accounts", "account_activated", activated(account_id), agency_id=AGENCY)
    sms(bus, 100)
    who = {"agency_id": AGENCY, "account_id": account_id, "kind": "sms"}

    def allocate(units: int) -> dict[str, Any]:
        answer: dict[str, Any] = bus.call("credits", "allocate_credits", {**who, "units": units}, idempotency_key=f"give {units}")
        return answer

    made = eventually(lambda: once_known(lambda: allocate(60)))
    assert allocate(60) == made, "the same key moves nothing more"
    assert (made["agency_units"], made["account_units"]) == (40, 60)
    spent = bus.call("credits", "spend_credits", {**who, "units": 10, "reference": "campaign 7"})
    assert (spent["account_units"], [lot["units"] for lot in spent["lots"]]) == (50, [10])
    shown = bus.call("credits", "pots", {"agency_id": AGENCY, "kind": "sms"})
    assert (shown["agency"]["units"], [(pot["account_id"], pot["units"]) for pot in shown["accounts"]]) == (40, [(account_id, 50)])
    for _ in range(2):
        bus.publish("accounts", "account_disabled", {"account_id": account_id, "status": "disabled"}, agency_id=AGENCY, event_id="evt_1")
    again = {**who, "units": 1, "reference": "campaign 8"}
    eventually(lambda: refusal_of(lambda: bus.call("credits", "spend_credits", again)).code == "account_disabled")
    bus.publish("accounts", "account_enabled", {"account_id": account_id}, agency_id=AGENCY)
    eventually(lambda: once_known(lambda: bus.call("credits", "spend_credits", again)))
    bus.publish("accounts", "account_expired", {**activated(account_id), "expired_at": "2040-01-01T00:00:00Z"}, agency_id=AGENCY)
    too_many = {**who, "units": 1000}
    eventually(lambda: refusal_of(lambda: bus.call("credits", "allocate_credits", too_many)).code == "account_not_usable")
    moved = {"account_id": account_id, "to_agency_id": new_id("agy")}
    bus.publish("accounts", "transfer_completed", moved, agency_id=moved["to_agency_id"])
    eventually(lambda: bus.call("credits", "balance", {"agency_id": AGENCY, "kind": "sms"})["units"] == 89)


def test_what_falls_due_expires_by_itself(bus: Bus, database: ServiceDatabase) -> None:
    buy(bus, 10)
    credit = {"kind": "sms", "units": 100, "account_id": None, "expires_at": "2026-01-31T10:00:00Z"}
    bus.publish("billing", "invoice_paid", paid(purpose="credit_purchase", credit=credit), agency_id=AGENCY)
    eventually(lambda: [name for name, _ in database.emitted() if name == "credits_expired"] == ["credits_expired"])
    assert bus.call("credits", "balance", {"agency_id": AGENCY, "kind": "sms"})["units"] == 0
    assert held(bus) == (10, 0)


def test_a_reference_of_another_shape_is_refused(bus: Bus) -> None:
    who = {"agency_id": AGENCY, "account_id": new_id("acc"), "units": 1}
    for method, request, field in (
        ("spend_credits", {**who, "kind": "prepaid", "reference": "x"}, "kind"),
        ("spend_credits", {**who, "kind": "sms", "reference": ""}, "reference"),
        ("allocate_credits", {**who, "kind": "sms", "units": 0}, "units"),
        ("change_settings", {"agency_id": AGENCY, "kind": "sms", "top_up": {"units": 1}}, "threshold"),
        ("change_settings", {"agency_id": AGENCY, "kind": "prepaid", "currency": "eur"}, "currency"),
    ):
        refusal = refusal_of(partial(bus.call, "credits", method, request))
        assert (refusal.code, [error["field"] for error in refusal.details["errors"]]) == ("invalid_request", [field])


def once_known(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What a call answers; nothing while it is refused, as an account is that has not been heard of yet."""
    with suppress(Refused):
        return call()
    return None
