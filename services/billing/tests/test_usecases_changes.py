"""Changes of plan at once, up and down, and what becomes of what is left unused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing import errors
from billing.domain.catalogue import Frequency, Selection
from billing.domain.invoice import Purpose
from billing.domain.offer import Direction, Effective
from billing.usecases import quotes, renewals
from chassis.ids import new_id

from .factories import as_request, euros, paid, unpaid
from .stage import Stage

ANNUAL = paid(frequency=Frequency.ANNUAL)


def subscription_of(stage: Stage, account_id: str) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", account_id)
    return row


def down_now(stage: Stage, account_id: str, selection: Selection) -> dict[str, Any]:
    """A downgrade at once, quoted and told, and told again by another fact."""
    quote = stage.a_quote(selection, account_id=account_id, effective=Effective.NOW)
    told = stage.told("account_downgraded", account_id, quote_id=quote["id"], effective="now")
    for envelope in (told, told, {**told, "id": new_id("evt")}):
        stage.deliver(envelope)
    stage.settle()
    return quote


def renewal_of(stage: Stage, account_id: str) -> dict[str, Any]:
    with stage.units.begin() as uow:
        return quotes.create_quote(uow, agency_id=stage.agency_id, account_id=account_id, selection=None, country=None)


def notes(stage: Stage) -> list[dict[str, Any]]:
    return stage.database.query("SELECT * FROM credit_notes ORDER BY id")


def lines_of_notes(stage: Stage) -> list[tuple[str, int]]:
    rows = stage.database.query("SELECT reason, amount_minor FROM credit_note_lines ORDER BY credit_note_id, position")
    return [(row["reason"], row["amount_minor"]) for row in rows]


def test_a_downgrade_at_once_gives_what_is_unused_as_prepaid_credit_and_nothing_to_the_card(stage: Stage) -> None:
    """R0.45, R0.46."""
    account_id = stage.an_account(paid("Pro"))
    before = subscription_of(stage, account_id)
    stage.clock.advance(days=15)
    quote = down_now(stage, account_id, paid("Starter"))
    assert (quote["direction"], quote["effective"], quote["takes_effect_at"]) == (Direction.DOWNGRADE, Effective.NOW, None)
    assert (quote["offer"]["due_today"], quote["offer"]["granted"], quote["offer"]["per_cycle"]) == (euros(0), euros(2560), euros(1200))
    after = subscription_of(stage, account_id)
    assert (after["selection"]["plan"], after["per_cycle_minor"], after["changes"]) == ("Starter", 1200, 1)
    assert (after["period_start"], after["period_end"]) == (before["period_start"], before["period_end"])
    [told], [note] = stage.emitted("credit_note_issued"), notes(stage)
    assert (told["granted_minor"], told["total_minor"], told["prepaid_minor"], told["card_minor"]) == (2560, 2560, 0, 0)
    assert (told["invoice_id"], told["payment_id"], told["account_id"], told["reason"]) == (None, None, account_id, "plan_change")
    assert datetime.fromisoformat(told["period_ends_at"]) == before["period_end"]
    assert (note["number"], note["quote_id"], note["granted_minor"]) == ("CN-000001", quote["id"], 2560)
    assert lines_of_notes(stage) == [("unused_time", 3160), ("remaining_time", -600)]
    assert stage.charged_minor() == 6320
    assert stage.names() == ["invoice_issued", "invoice_paid", "credit_note_issued"]


def test_annual_to_monthly_at_once_begins_a_month_today_and_grants_the_surplus(stage: Stage) -> None:
    """R0.96."""
    account_id = stage.an_account(ANNUAL)
    stage.clock.advance(days=31)
    quote = down_now(stage, account_id, paid())
    after = subscription_of(stage, account_id)
    assert (after["period_start"], after["anchored_at"]) == (stage.clock(), stage.clock())
    assert after["period_end"] == datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
    [told] = stage.emitted("credit_note_issued")
    assert told["granted_minor"] == quote["offer"]["granted"].amount_minor > 0
    assert datetime.fromisoformat(told["period_ends_at"]) == after["period_end"]


def test_annual_to_monthly_at_once_late_in_the_year_charges_the_shortfall(stage: Stage) -> None:
    account_id = stage.an_account(ANNUAL)
    charged = stage.charged_minor()
    stage.clock.advance(days=360)
    quote = down_now(stage, account_id, paid("Pro"))
    assert quote["offer"]["granted"] == euros(0)
    assert stage.charged_minor() - charged == quote["offer"]["due_today"].amount_minor > 0
    assert notes(stage) == []


def test_annual_to_monthly_waits_for_the_end_of_the_year_by_itself(stage: Stage) -> None:
    account_id = stage.an_account(ANNUAL)
    quote = stage.a_quote(paid(), account_id=account_id)
    assert (quote["direction"], quote["takes_effect_at"]) == (Direction.DOWNGRADE, subscription_of(stage, account_id)["period_end"])


def test_a_downgrade_at_once_that_another_change_overtook_is_for_a_human_to_see(stage: Stage) -> None:
    account_id = stage.an_account()
    first = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.NOW)
    stage.deliver(stage.upgraded(account_id, stage.a_quote(paid("Pro"), account_id=account_id)["id"]))
    with pytest.raises(errors.QuoteSuperseded):
        stage.deliver(stage.told("account_downgraded", account_id, quote_id=first["id"]))


def test_a_downgrade_at_once_that_a_transfer_overtook_is_for_a_human_to_see(stage: Stage) -> None:
    account_id, other = stage.an_account(), stage.an_agency()
    quote = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.NOW)
    told = stage.told("account_downgraded", account_id, quote_id=quote["id"])
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=other))
    with pytest.raises(errors.AccountNotFound):
        stage.deliver(told)


@pytest.mark.parametrize(
    ("selection", "effective", "balance"),
    [
        (paid("Pro"), None, 6320),
        (paid("Starter"), Effective.NOW, 1200),
        (ANNUAL, None, 37632),
    ],
    ids=["up", "down at once", "to annual"],
)
def test_a_renewal_between_the_quote_and_the_fact_is_settled_with_it(
    stage: Stage, selection: Selection, effective: Effective | None, balance: int
) -> None:
    """Domain, Money: what was charged less what was granted is the value of what was held."""
    account_id = stage.an_account()
    ends = subscription_of(stage, account_id)["period_end"]
    stage.clock.advance(seconds=(ends - stage.clock()).total_seconds() - 600)
    quote = stage.a_quote(selection, account_id=account_id, effective=effective)
    assert quote["expires_at"] == ends
    stage.clock.advance(minutes=11)
    with stage.units.begin() as uow:
        assert renewals.renew_due_subscriptions(uow, limit=10) == 1
    name = "account_downgraded" if effective else "account_upgraded"
    stage.deliver(stage.told(name, account_id, quote_id=quote["id"]))
    stage.settle()
    charged = sum(each["total_minor"] for each in stage.emitted("invoice_issued"))
    granted = sum(each["granted_minor"] for each in stage.emitted("credit_note_issued"))
    assert abs(charged - granted - 3920 - balance) <= 2
    after = subscription_of(stage, account_id)
    assert after["period_start"] == (ends if selection.frequency is Frequency.MONTHLY else ends - timedelta(minutes=10))


def test_a_renewal_is_quoted_at_what_the_account_is_on(stage: Stage) -> None:
    """R0.35, R0.41–R0.46."""
    account_id = stage.an_account()
    ends = subscription_of(stage, account_id)["period_end"]
    quote = renewal_of(stage, account_id)
    assert (quote["purpose"], quote["direction"], quote["takes_effect_at"]) == (Purpose.RENEWAL, None, ends)
    assert (quote["offer"]["list_price"], quote["offer"]["per_cycle"], quote["offer"]["due_today"]) == (euros(4900), euros(3920), euros(0))
    waiting = stage.a_quote(paid("Starter"), account_id=account_id)
    stage.deliver(stage.told("plan_change_scheduled", account_id, quote_id=waiting["id"]))
    assert renewal_of(stage, account_id)["offer"]["per_cycle"] == euros(1200)
    with stage.units.begin() as uow:
        asked: dict[str, Any] = {
            "account_id": account_id,
            "selection": as_request(paid("Pro")),
            "country": None,
            "purpose": Purpose.RENEWAL,
        }
        again = quotes.create_quote(uow, agency_id=stage.agency_id, **asked)
    assert (again["purpose"], again["selection"].plan) == (Purpose.RENEWAL, "Starter")


def test_what_is_not_renewed_has_no_renewal_to_quote(stage: Stage) -> None:
    cancelled, trial = stage.an_account(), stage.an_account(unpaid())
    stage.deliver(stage.told("account_cancelled", cancelled))
    for account_id in (cancelled, trial):
        with pytest.raises(errors.NotRenewed):
            renewal_of(stage, account_id)
    with pytest.raises(errors.AccountNotFound):
        renewal_of(stage, new_id("acc"))
    with pytest.raises(errors.SelectionRequired), stage.units.begin() as uow:
        quotes.create_quote(uow, agency_id=stage.agency_id, account_id=None, selection=None, country=None)
