"""Quotes: priced by the catalogue and the agency's terms, held for half an hour."""

from datetime import timedelta

import pytest

from billing import errors
from billing.domain.catalogue import Frequency
from billing.domain.invoice import Purpose
from billing.domain.offer import QuoteState
from billing.usecases import quotes
from chassis import context as contexts
from chassis.fields import format_instant
from chassis.ids import new_id
from chassis.money import Money

from .factories import as_request, euros, paid, shipped, unpaid
from .stage import Envelope, Stage


def state_of(stage: Stage, quote_id: str) -> QuoteState:
    with stage.units.begin() as uow:
        state: QuoteState = quotes.quote(uow, agency_id=stage.agency_id, quote_id=quote_id)["state"]
        return state


def test_a_quote_shows_the_offer_details_in_the_agencys_currency(stage: Stage) -> None:
    """R0.41–R0.47."""
    quote = stage.a_quote()
    assert (quote["purpose"], quote["account_id"], quote["region"], quote["state"]) == (
        Purpose.ACCOUNT_OPENING,
        None,
        "eu",
        QuoteState.OPEN,
    )
    assert quote["offer"] == {
        "list_price": euros(4900),
        "migration_discount": euros(0),
        "reseller_discount": euros(980),
        "per_cycle": euros(3920),
        "proration": euros(0),
        "due_today": euros(3920),
        "granted": euros(0),
        "taxes_note": "Taxes are not included.",
    }
    assert stage.emitted("quote_created") == [
        {
            "quote_id": quote["id"],
            "purpose": "account_opening",
            "account_id": None,
            "due_today_minor": 3920,
            "currency": "EUR",
            "expires_at": "2026-03-31T10:00:00Z",
        }
    ]


def test_a_quote_keeps_the_catalogue_it_was_priced_by(stage: Stage) -> None:
    stage.a_quote()
    assert stage.database.query("SELECT catalogue_version, kind FROM quotes") == [
        {"catalogue_version": shipped()["version"], "kind": "paid"}
    ]


def test_a_newer_catalogue_prices_new_quotes_and_leaves_the_old(stage: Stage) -> None:
    old = stage.a_quote()
    stage.database.execute(
        "INSERT INTO catalogues SELECT 9, jsonb_set(content, '{version}', '9') #- '{pricing_versions,1,products,0,plans,0}', now()"
        " FROM catalogues"
    )
    with pytest.raises(errors.PlanNotOffered) as refused:
        stage.a_quote(paid("Starter"))
    assert refused.value.details["allowed"] == ["Plus", "Pro", "Enterprise"]
    stage.a_quote()
    assert [row["catalogue_version"] for row in stage.database.query("SELECT catalogue_version FROM quotes ORDER BY id")] == [
        shipped()["version"],
        9,
    ]
    assert state_of(stage, old["id"]) is QuoteState.OPEN


def test_a_trial_is_quoted_at_zero(stage: Stage) -> None:
    offer = stage.a_quote(unpaid(), country=None)["offer"]
    assert {value for name, value in offer.items() if name != "taxes_note"} == {euros(0)}


def test_a_quote_expires_after_half_an_hour(stage: Stage) -> None:
    quote_id = stage.a_quote()["id"]
    stage.clock.advance(minutes=29, seconds=59)
    assert state_of(stage, quote_id) is QuoteState.OPEN
    stage.clock.advance(seconds=1)
    assert state_of(stage, quote_id) is QuoteState.EXPIRED


def test_a_quote_expires_by_the_clock_of_its_agency_where_that_has_one(stage: Stage) -> None:
    def quoted(agency_id: str) -> str:
        with contexts.activated(contexts.new_context(agency_id=agency_id)), stage.units.begin() as uow:
            quote = quotes.create_quote(uow, agency_id=agency_id, account_id=None, selection=as_request(paid()), country="FR")
        assert quote["expires_at"] == stage.clock() + timedelta(minutes=30)
        return str(quote["id"])

    def state(agency_id: str, quote_id: str) -> QuoteState:
        with contexts.activated(contexts.new_context(agency_id=agency_id)), stage.units.begin() as uow:
            found: QuoteState = quotes.quote(uow, agency_id=agency_id, quote_id=quote_id)["state"]
            return found

    def stands(*minutes: int) -> list[Envelope]:
        return [
            stage.fact(
                "test_clock_advanced", {"clock_id": "clk_1", "now": format_instant(begun + timedelta(minutes=each))}, agency_id=frozen
            )
            for each in minutes
        ]

    begun, frozen, real = stage.clock(), stage.an_agency(), stage.an_agency()
    made, back, forward = stands(0, 10, 30)
    stage.deliver(made)
    of_frozen, of_real = quoted(frozen), quoted(real)
    stage.clock.advance(days=3)
    assert (state(frozen, of_frozen), state(real, of_real)) == (QuoteState.OPEN, QuoteState.EXPIRED)
    of_real = quoted(real)
    for move in (forward, back, forward, made):
        stage.deliver(move)
        assert (state(frozen, of_frozen), state(real, of_real)) == (QuoteState.EXPIRED, QuoteState.OPEN)


def test_what_cannot_be_quoted_is_refused(stage: Stage) -> None:
    with pytest.raises(errors.ContactsRequired):
        stage.a_quote(paid(contacts=None))
    with pytest.raises(errors.CountryUnknown):
        stage.a_quote(country="ZZ")
    with pytest.raises(errors.AccountNotFound):
        stage.a_quote(account_id=new_id("acc"))
    assert stage.database.query("SELECT id FROM quotes") == []


def test_an_agency_not_heard_of_is_asked_to_wait(stage: Stage) -> None:
    with stage.units.begin() as uow, pytest.raises(errors.AgencyNotKnownYet):
        quotes.create_quote(uow, agency_id=new_id("agy"), account_id=None, selection=as_request(paid()), country=None)


def test_another_agencys_quote_is_not_found(stage: Stage) -> None:
    quote_id, other = stage.a_quote()["id"], stage.an_agency()
    with stage.units.begin() as uow, pytest.raises(errors.QuoteNotFound):
        quotes.quote(uow, agency_id=other, quote_id=quote_id)


def test_a_plan_change_is_quoted_against_what_the_account_has(stage: Stage) -> None:
    """R0.45, R0.46."""
    account_id = stage.an_account()
    stage.clock.advance(days=15)
    quote = stage.a_quote(paid("Pro"), account_id=account_id)
    assert (quote["purpose"], quote["account_id"]) == (Purpose.PLAN_CHANGE, account_id)
    offer = quote["offer"]
    assert (offer["per_cycle"], offer["proration"], offer["due_today"]) == (euros(6320), euros(1200), euros(1200))
    with pytest.raises(errors.PlanUnchanged):
        stage.a_quote(account_id=account_id)


def test_going_annual_shows_a_negative_proration(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.clock.advance(days=15)
    offer = stage.a_quote(paid(frequency=Frequency.ANNUAL), account_id=account_id)["offer"]
    assert (offer["per_cycle"], offer["proration"], offer["due_today"]) == (euros(37632), euros(-1960), euros(35672))


def test_a_plan_change_quote_expires_when_the_plan_changes(stage: Stage) -> None:
    account_id = stage.an_account()
    first, second = (stage.a_quote(paid(plan), account_id=account_id)["id"] for plan in ("Pro", "Enterprise"))
    stage.deliver(stage.upgraded(account_id, first))
    assert (state_of(stage, first), state_of(stage, second)) == (QuoteState.USED, QuoteState.EXPIRED)


def test_an_agency_is_priced_by_the_newest_fact_whatever_came_last(stage: Stage) -> None:
    newer = stage.agency_told("agency_updated", stage.agency_id, discount_basis_points=3000)
    newer["time"] = (stage.clock() + timedelta(minutes=2)).isoformat()
    older = stage.agency_told("agency_updated", stage.agency_id, discount_basis_points=1000)
    older["time"] = (stage.clock() + timedelta(minutes=1)).isoformat()
    for envelope in (newer, older, newer):
        stage.deliver(envelope)
    assert stage.a_quote()["offer"]["reseller_discount"] == euros(1470)


def test_prices_are_in_the_agencys_currency(stage: Stage) -> None:
    stage.agency_id = stage.an_agency(currency="USD", discount_basis_points=0)
    assert stage.a_quote()["offer"]["due_today"] == Money(amount_minor=5400, currency="USD")


def test_a_quote_shows_what_each_part_costs_and_is_charged_as_shown(stage: Stage) -> None:
    """R0.37, R0.41."""
    chosen = paid(limits={"activities": {"choice": "50000", "number": None}}, add_ons=["sms"])
    quote = stage.a_quote(chosen)
    assert [(line["description"], line["amount"]) for line in quote["lines"]] == [
        ("Plus", euros(4900)),
        ("activities", euros(900)),
        ("sms", euros(1000)),
    ]
    assert (quote["selection"], quote["offer"]["list_price"], quote["offer"]["due_today"]) == (chosen, euros(6800), euros(5440))
    stage.deliver(stage.requested(new_id("acc"), quote["id"]))
    stage.settle()
    assert stage.charged_minor() == 5440
