"""What billing makes of the later life of accounts: cheaper plans, cancelling, ending, coming back, another profile, another agency."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from billing import errors
from billing.domain.offer import Effective, QuoteState
from billing.usecases import invoices, quotes
from chassis.ids import new_id

from .factories import euros, paid, unpaid
from .stage import Envelope, Stage


def subscription_of(stage: Stage, account_id: str) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", account_id)
    return row


def state_of(stage: Stage, quote_id: str) -> QuoteState:
    with stage.units.begin() as uow:
        state: QuoteState = quotes.quote(uow, agency_id=stage.agency_id, quote_id=quote_id)["state"]
        return state


def a_downgrade(stage: Stage, account_id: str, plan: str = "Starter") -> dict[str, Any]:
    return stage.a_quote(paid(plan), account_id=account_id, effective=Effective.PERIOD_END)


def twice(stage: Stage, envelope: Envelope) -> None:
    """As one event delivered twice, and as another that says the same."""
    stage.deliver(envelope)
    stage.deliver(envelope)
    stage.deliver({**envelope, "id": new_id("evt")})


def test_a_downgrade_is_quoted_at_nothing_today_and_says_when_it_begins(stage: Stage) -> None:
    """R0.17."""
    account_id = stage.an_account()
    stage.clock.advance(days=15)
    quote = a_downgrade(stage, account_id)
    assert (quote["effective"], quote["takes_effect_at"]) == (Effective.PERIOD_END, subscription_of(stage, account_id)["period_end"])
    assert (quote["offer"]["per_cycle"], quote["offer"]["proration"], quote["offer"]["due_today"]) == (euros(1200), euros(0), euros(0))
    assert stage.emitted("quote_created")[-1]["due_today_minor"] == 0
    assert stage.a_quote(paid("Pro"), account_id=account_id)["takes_effect_at"] is None


def test_a_new_account_never_waits(stage: Stage) -> None:
    with pytest.raises(errors.OnlyAtOnce):
        stage.a_quote(effective=Effective.PERIOD_END)
    assert stage.a_quote(effective=Effective.NOW)["effective"] is Effective.NOW


def test_a_downgrade_moves_the_subscription_without_charge_or_credit(stage: Stage) -> None:
    """R0.17, R0.44."""
    account_id = stage.an_account()
    before = subscription_of(stage, account_id)
    quote_id = a_downgrade(stage, account_id)["id"]
    stage.clock.advance(days=30)
    twice(stage, stage.told("account_downgraded", account_id, quote_id=quote_id, effective="period_end"))
    stage.settle()
    after = subscription_of(stage, account_id)
    assert (after["selection"]["plan"], after["per_cycle_minor"], after["changes"]) == ("Starter", 1200, 1)
    assert (after["period_start"], after["period_end"]) == (before["period_start"], before["period_end"])
    assert stage.names() == ["invoice_issued", "invoice_paid"]
    assert state_of(stage, quote_id) is QuoteState.USED


def test_a_scheduled_change_holds_its_quote_until_it_is_dropped(stage: Stage) -> None:
    account_id = stage.an_account()
    quote_id = a_downgrade(stage, account_id)["id"]
    twice(stage, stage.told("plan_change_scheduled", account_id, quote_id=quote_id))
    assert state_of(stage, quote_id) is QuoteState.USED
    before = subscription_of(stage, account_id)
    twice(stage, stage.told("plan_change_dropped", account_id, quote_id=quote_id))
    assert state_of(stage, quote_id) is QuoteState.EXPIRED
    assert subscription_of(stage, account_id) == before


def test_a_change_that_is_heard_to_be_dropped_before_it_is_heard_of_holds_nothing(stage: Stage) -> None:
    account_id = stage.an_account()
    quote_id = a_downgrade(stage, account_id)["id"]
    for name in ("plan_change_dropped", "plan_change_scheduled"):
        stage.deliver(stage.told(name, account_id, quote_id=quote_id))
    assert state_of(stage, quote_id) is QuoteState.EXPIRED


@pytest.mark.parametrize("name", ["account_downgraded", "plan_change_scheduled", "plan_change_dropped"])
def test_a_plan_change_needs_the_accounts_own_quote(stage: Stage, name: str) -> None:
    account_id, other = stage.an_account(), stage.an_account()
    with pytest.raises(errors.QuoteNotFound):
        stage.deliver(stage.told(name, account_id, quote_id=a_downgrade(stage, other)["id"]))


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("account_cancelled", "cancelled"),
        ("cancellation_undone", "renewed"),
        ("account_expired", "ended"),
        ("account_archived", "ended"),
        ("account_renewed", "renewed"),
    ],
)
def test_the_subscription_knows_whether_it_is_renewed_and_nothing_is_charged_or_paid_back(stage: Stage, name: str, standing: str) -> None:
    """R0.91, R0.100."""
    account_id = stage.an_account()
    twice(stage, stage.told(name, account_id))
    assert subscription_of(stage, account_id)["standing"] == standing
    assert stage.names() == ["invoice_issued", "invoice_paid"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_fact_counts_whatever_the_order(stage: Stage, order: tuple[int, ...]) -> None:
    account_id = stage.an_account()
    names = ("account_cancelled", "cancellation_undone", "account_cancelled")
    facts = [stage.told(name, account_id, minute=minute) for minute, name in enumerate(names)]
    for each in order:
        stage.deliver(facts[each])
    assert subscription_of(stage, account_id)["standing"] == "cancelled"


@pytest.mark.parametrize("name", ["account_cancelled", "account_updated", "transfer_completed", "plan_change_dropped"])
def test_what_is_heard_of_an_account_before_it_was_requested_comes_again(stage: Stage, name: str) -> None:
    account_id = new_id("acc")
    fact = stage.told(name, account_id, changes={"billing_profile_id": None}, to_agency_id=stage.agency_id, quote_id=stage.a_quote()["id"])
    with pytest.raises(errors.AccountNotFound):
        stage.deliver(fact)


@pytest.mark.parametrize("name", ["account_cancelled", "account_updated", "transfer_completed"])
def test_an_account_that_failed_has_no_later_life(stage: Stage, name: str) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.failed(account_id))
    stage.deliver(stage.told(name, account_id, minute=1, changes={"billing_profile_id": None}, to_agency_id=stage.agency_id))
    assert stage.database.query("SELECT account_id FROM subscriptions") == []


@pytest.mark.parametrize(
    "ending", [("account_cancelled",), ("account_cancelled", "account_expired"), ("account_expired", "account_archived")]
)
@pytest.mark.parametrize("plan", ["Starter", "Plus", "Enterprise"])
def test_what_has_ended_comes_back_for_a_new_period_in_full(stage: Stage, ending: tuple[str, ...], plan: str) -> None:
    """R0.92, R0.93."""
    account_id = stage.an_account()
    for minute, name in enumerate(ending):
        stage.deliver(stage.told(name, account_id, minute=minute))
    stage.clock.advance(days=45)
    quote = stage.a_quote(paid(plan), account_id=account_id)
    assert quote["offer"]["due_today"] == quote["offer"]["per_cycle"]
    twice(stage, stage.told("account_renewed", account_id, quote_id=quote["id"], billing_profile_id=None))
    stage.settle()
    after = subscription_of(stage, account_id)
    assert (after["standing"], after["selection"]["plan"], after["period_start"]) == ("renewed", plan, stage.clock())
    assert stage.charged_minor() == 3920 + quote["offer"]["per_cycle"].amount_minor
    for minute, name in enumerate(ending):
        stage.deliver(stage.told(name, account_id, minute=minute - 45 * 24 * 60))
    assert subscription_of(stage, account_id)["standing"] == "renewed"


def test_a_trial_that_expired_becomes_paid(stage: Stage) -> None:
    """R0.88."""
    account_id = stage.an_account(unpaid())
    stage.deliver(stage.told("account_expired", account_id))
    quote_id = stage.a_quote(account_id=account_id)["id"]
    stage.deliver(stage.told("account_converted", account_id, minute=1, quote_id=quote_id, billing_profile_id=None))
    after = subscription_of(stage, account_id)
    assert (after["kind"], after["standing"]) == ("paid", "renewed")


def test_an_account_is_paid_by_the_profile_chosen_for_it_from_then_on(stage: Stage) -> None:
    """R0.65."""
    account_id, other = stage.an_account(), stage.a_profile("pm_card_mastercard", is_default=False)
    twice(stage, stage.told("account_updated", account_id, minute=1, changes={"billing_profile_id": other}))
    assert subscription_of(stage, account_id)["billing_profile_id"] == other
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": stage.profile_id}))
    assert subscription_of(stage, account_id)["billing_profile_id"] == other
    stage.deliver(stage.told("account_updated", account_id, minute=2, changes={"language": "fr"}))
    stage.clock.advance(minutes=2)
    stage.deliver(stage.upgraded(account_id, stage.a_quote(paid("Pro"), account_id=account_id)["id"]))
    stage.settle()
    assert [charge["payment_method"] for charge in stage.charges()] == ["pm_card_visa", "pm_card_mastercard"]
    stage.deliver(stage.told("account_updated", account_id, minute=3, changes={"billing_profile_id": None}))
    assert subscription_of(stage, account_id)["billing_profile_id"] is None


def test_a_renewed_account_is_paid_by_the_profile_it_was_renewed_with(stage: Stage) -> None:
    account_id, other = stage.an_account(), stage.a_profile("pm_card_mastercard", is_default=False)
    stage.deliver(stage.told("account_cancelled", account_id))
    twice(stage, stage.told("account_renewed", account_id, minute=1, quote_id=None, billing_profile_id=other))
    after = subscription_of(stage, account_id)
    assert (after["standing"], after["billing_profile_id"]) == ("renewed", other)


def test_a_profile_of_nobody_is_for_a_human_to_see(stage: Stage) -> None:
    account_id = stage.an_account()
    with pytest.raises(errors.BillingProfileNotFound):
        stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": new_id("bp")}))


@pytest.mark.parametrize("has_profile", [True, False])
def test_a_transferred_account_is_the_new_agencys_at_its_terms_without_the_formers_past(stage: Stage, has_profile: bool) -> None:
    """R0.56."""
    account_id, former = stage.an_account(), stage.agency_id
    change = stage.a_quote(paid("Pro"), account_id=account_id)["id"]
    new = stage.an_agency(currency="USD", discount_basis_points=1000)
    profile_id = stage.a_profile("pm_card_mastercard", agency_id=new) if has_profile else None
    twice(stage, stage.told("transfer_completed", account_id, to_agency_id=new, agency_id=former))
    after = subscription_of(stage, account_id)
    assert (after["agency_id"], after["billing_profile_id"]) == (new, profile_id)
    assert (after["currency"], after["per_cycle_minor"]) == ("USD", 4860)
    with stage.units.reading() as session:
        assert [
            invoices.invoices(session, agency_id=agency_id, account_id=account_id, limit=50, cursor=None).total
            for agency_id in (former, new)
        ] == [1, 0]
    assert state_of(stage, change) is QuoteState.EXPIRED
    stage.agency_id = new
    stage.clock.advance(days=15)
    offer = stage.a_quote(paid("Pro"), account_id=account_id)["offer"]
    assert offer["due_today"].currency == "USD"


def test_what_is_told_after_a_transfer_waits_until_it_is_heard_and_what_was_told_before_still_counts(stage: Stage) -> None:
    account_id, former = stage.an_account(), stage.agency_id
    quote_id = a_downgrade(stage, account_id)["id"]
    new = stage.an_agency()
    cancelled = stage.told("account_cancelled", account_id)
    reprofiled = stage.told("account_updated", account_id, changes={"billing_profile_id": stage.profile_id})
    undone = stage.told("cancellation_undone", account_id, minute=2, agency_id=new)
    with pytest.raises(errors.AccountNotFound):
        stage.deliver(undone)
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=new, agency_id=former))
    stage.deliver(undone)
    stage.deliver(cancelled)
    stage.deliver(reprofiled)
    after = subscription_of(stage, account_id)
    assert (after["standing"], after["billing_profile_id"]) == ("renewed", None)
    stage.deliver(stage.told("account_downgraded", account_id, minute=3, agency_id=new, quote_id=quote_id))
    after = subscription_of(stage, account_id)
    assert (after["selection"]["plan"], after["per_cycle_minor"]) == ("Starter", 1200)


def test_an_older_transfer_that_comes_late_changes_nothing(stage: Stage) -> None:
    account_id, (first, second) = stage.an_account(), (stage.an_agency(), stage.an_agency())
    stage.deliver(stage.told("transfer_completed", account_id, minute=2, to_agency_id=second))
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=first))
    assert subscription_of(stage, account_id)["agency_id"] == second


def test_an_account_does_not_go_to_an_agency_not_heard_of(stage: Stage) -> None:
    account_id = stage.an_account()
    with pytest.raises(errors.AgencyNotKnownYet):
        stage.deliver(stage.told("transfer_completed", account_id, to_agency_id=new_id("agy")))
    assert subscription_of(stage, account_id)["agency_id"] == stage.agency_id


def test_a_payment_that_a_transfer_overtook_still_says_until_when_it_paid(stage: Stage) -> None:
    account_id = new_id("acc")
    stage.deliver(stage.requested(account_id, stage.a_quote()["id"]))
    stage.deliver(stage.told("transfer_completed", account_id, to_agency_id=stage.an_agency()))
    stage.settle()
    [paid_] = stage.emitted("invoice_paid")
    assert paid_["period_ends_at"] is not None
    assert stage.charged_minor() == 3920
    assert subscription_of(stage, account_id)["period_end"] > stage.clock() + timedelta(days=29)
