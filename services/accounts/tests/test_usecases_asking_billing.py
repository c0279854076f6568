"""What billing is asked before an account is opened or its plan changed."""

import dataclasses
from typing import Any

import pytest

from accounts import clients, domain, errors, usecases
from accounts.domain import Effective, Opening
from chassis import context
from chassis.errors import Refused
from chassis.ids import new_id
from chassis.testing import FakeCall
from chassis.wiring import Wiring

from . import factories
from .factories import PLUS, TRIAL, plus


def billing_of(call: FakeCall) -> clients.Billing:
    return clients.Billing(Wiring(call=call, config=None))


def prepare(call: FakeCall, **changes: Any) -> Opening:
    return usecases.prepare_opening(billing_of(call), **factories.open_request("agy_x", **changes))


def test_the_billing_profile_of_somebody_else_is_refused_before_anything_is_quoted() -> None:
    def unknown(asked: dict[str, Any]) -> Any:
        raise Refused(
            kind="not_found", code="billing_profile_not_found", message=f"There is no billing profile {asked['billing_profile_id']}."
        )

    call, billing_profile_id = FakeCall(billing__billing_profile=unknown), new_id("bp")
    with pytest.raises(Refused, match="There is no billing profile"):
        prepare(call, billing_profile_id=billing_profile_id)
    assert call.calls == [("billing.billing_profile", {"agency_id": "agy_x", "billing_profile_id": billing_profile_id})]


@pytest.mark.parametrize(("selection", "asks"), [(PLUS, True), (TRIAL, False)])
def test_a_paid_account_of_an_agency_without_a_billing_profile_is_refused_at_once(selection: domain.Selection, asks: bool) -> None:
    """R0.40."""

    def required(asked: dict[str, Any]) -> Any:
        assert asked["billing_profile_id"] is None
        raise Refused(kind="invalid", code="billing_profile_required", message="Choose a billing profile.")

    chosen = dataclasses.asdict(selection)
    call = FakeCall(
        billing__create_quote=lambda _: factories.quote_answer(selection=chosen),
        billing__billing_profile=required,
    )
    if asks:
        with pytest.raises(Refused, match="Choose a billing profile"):
            prepare(call, selection=chosen)
    else:
        assert prepare(call, selection=chosen).region == "eu"


def test_a_quote_that_was_made_is_looked_up_and_the_region_is_that_of_the_country_of_the_account() -> None:
    """R0.26. The quote may have been made for another country."""
    call = FakeCall(
        billing__quote=lambda asked: factories.quote_answer(asked["quote_id"], region="us"),
        billing__billing_profile=lambda _: {},
        billing__catalogue=lambda _: {"regions": {"FR": "eu"}},
    )
    quote_id = new_id("quo")
    opening = prepare(call, quote_id=quote_id, selection=None)
    assert (opening.quote.id, opening.quote.selection, opening.region) == (quote_id, PLUS, "eu")
    assert call.calls[0] == ("billing.quote", {"agency_id": "agy_x", "quote_id": quote_id})


def test_a_selection_is_quoted_first_under_a_key_made_of_the_callers() -> None:
    call = FakeCall(
        billing__create_quote=lambda _: factories.quote_answer(),
        billing__billing_profile=lambda _: {},
    )
    with context.changed(idempotency_key="key-1"):
        opening = prepare(call)
    assert opening.region == "eu"
    selection = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
    asked = {"agency_id": "agy_x", "account_id": None, "selection": selection, "country": "FR"}
    assert call.calls[0] == ("billing.create_quote", asked)
    assert call.keys[0] == "accounts:key-1"


def test_when_a_change_is_to_take_effect_is_said_to_who_prices_it() -> None:
    call = FakeCall(billing__create_quote=lambda _: factories.quote_answer())
    selection = {"pricing_version": "V3", "product": "EM", "plan": "Starter", "contacts": 1000, "frequency": "monthly"}
    usecases.get_quote(
        clients.Billing(Wiring(call=call, config=None)),
        agency_id="agy_x",
        account_id="acc_x",
        quote_id=None,
        selection=selection,
        effective=Effective.NOW,
    )
    assert call.calls[0][1]["effective"] == "now"


@pytest.mark.parametrize("both", [{"quote_id": "quo_1"}, {"selection": None}])
def test_exactly_one_of_quote_and_selection_is_asked_for(both: dict[str, Any]) -> None:
    with pytest.raises(errors.QuoteOrSelection):
        prepare(FakeCall(), **both)


def test_what_is_wrong_in_itself_is_refused_before_billing_is_asked() -> None:
    call = FakeCall()
    with pytest.raises(errors.NameReserved):
        prepare(call, name="www")
    with pytest.raises(errors.PlanUnknown):
        prepare(call, selection=dataclasses.asdict(plus(plan="Trial")))
    assert call.calls == []


def test_what_billing_refuses_is_refused() -> None:
    def gone(_: dict[str, Any]) -> object:
        raise Refused(kind="not_found", code="quote_not_found", message="No.")

    with pytest.raises(Refused) as caught:
        prepare(FakeCall(billing__quote=gone), quote_id=new_id("quo"), selection=None)
    assert caught.value.code == "quote_not_found"
