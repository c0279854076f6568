"""What follows from a refused card: tries, steps, suspension, the end; and what brings an account back, at any time."""

from datetime import timedelta
from typing import Any

import pytest

from billing.domain.offer import Effective
from billing.usecases import collecting, renewals
from billing.usecases import credits as credits_
from chassis.errors import Unavailable
from chassis.fields import format_instant
from chassis.ids import new_id

from .factories import euros, paid
from .stage import Stage

DAY = timedelta(days=1)


def overdue(stage: Stage, token: str = "pm_card_declined") -> str:
    """An account whose first renewal was refused."""
    account_id = stage.an_account()
    pay_by(stage, account_id, token)
    run_out(stage, account_id)
    return account_id


def run_out(stage: Stage, account_id: str) -> None:
    """Its period ends and is renewed."""
    [row] = stage.database.query("SELECT period_end FROM subscriptions WHERE account_id = %s", account_id)
    stage.clock.now = row["period_end"]
    with stage.units.begin() as uow:
        renewals.renew_due_subscriptions(uow, limit=100)
    stage.settle()


def pay_by(stage: Stage, account_id: str, token: str) -> None:
    profile_id = stage.a_profile(token, is_default=False)
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": profile_id}))


def steps(stage: Stage) -> list[tuple[int, str]]:
    return [(told["step"], told["outcome"]) for told in stage.emitted("dunning_step")]


def live(stage: Stage, days: int) -> None:
    """Let days go by, one after the other."""
    for _ in range(days):
        stage.clock.advance(days=1)
        stage.go_on()


def failures(stage: Stage) -> list[tuple[int, bool]]:
    return [(told["attempt"], told["is_final"]) for told in stage.emitted("payment_failed")]


def dunning_of(stage: Stage) -> dict[str, Any]:
    [row] = stage.database.query("SELECT * FROM dunnings")
    return row


def test_a_refused_renewal_is_tried_on_days_one_three_five_and_seven_then_suspended_and_given_up_on_day_twenty_one(stage: Stage) -> None:
    account_id = overdue(stage)
    began = stage.clock.now
    told = []
    for day in range(1, 23):
        before = len(stage.emitted("dunning_step"))
        live(stage, 1)
        told += [(day, each["step"], each["outcome"], each["next_attempt_at"]) for each in stage.emitted("dunning_step")[before:]]
    assert told == [
        (1, 1, "retry", format_instant(began + 3 * DAY)),
        (3, 2, "retry", format_instant(began + 5 * DAY)),
        (5, 3, "retry", format_instant(began + 7 * DAY)),
        (7, 4, "suspended", None),
        (21, 5, "exhausted", None),
    ]
    assert steps(stage)[0] == (0, "retry")
    assert failures(stage) == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    [note] = stage.emitted("credit_note_issued")
    assert (note["total_minor"], note["prepaid_minor"], note["card_minor"], note["payment_id"]) == (3920, 0, 0, None)
    [row] = stage.database.query("SELECT standing FROM subscriptions WHERE account_id = %s", account_id)
    assert (row["standing"], stage.charged_minor()) == ("ended", 3920)
    assert [each["sequence"] for each in stage.emitted("dunning_step")] == [1, 2, 3, 4, 5, 6]


def test_a_leap_takes_every_step_all_the_same(stage: Stage) -> None:
    overdue(stage)
    stage.clock.advance(days=40)
    stage.go_on()
    assert steps(stage) == [(0, "retry"), (1, "retry"), (2, "retry"), (3, "retry"), (4, "suspended"), (5, "exhausted")]


def test_a_hard_decline_is_not_tried_again_but_every_step_is_told(stage: Stage) -> None:
    overdue(stage, "pm_card_expired")
    live(stage, 21)
    assert steps(stage) == [(0, "retry"), (1, "retry"), (2, "retry"), (3, "retry"), (4, "suspended"), (5, "exhausted")]
    assert failures(stage) == [(1, True)]
    assert {told["next_attempt_at"] for told in stage.emitted("dunning_step")} == {None}


@pytest.mark.parametrize("day", [0, 2, 9])
@pytest.mark.parametrize("token", ["pm_card_declined", "pm_card_expired"])
def test_another_card_is_tried_at_once_even_after_the_suspension(stage: Stage, day: int, token: str) -> None:
    account_id = overdue(stage, token)
    live(stage, day)
    pay_by(stage, account_id, "pm_card_visa")
    stage.go_on()
    [_, paid_] = stage.emitted("invoice_paid")
    assert (paid_["purpose"], paid_["card_minor"]) == ("renewal", 3920)
    assert stage.emitted("dunning_step")[-1]["outcome"] == "recovered"
    before = stage.names()
    live(stage, 30)
    assert stage.names() == before


def test_a_new_default_card_is_tried_at_once_for_what_it_would_pay(stage: Stage) -> None:
    stage.a_profile("pm_card_declined")
    account_id = stage.an_account()
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": None}))
    assert stage.emitted("payment_failed")[0]["purpose"] == "account_opening"
    run_out(stage, account_id)
    stage.settle()
    stage.a_profile("pm_card_mastercard", is_default=False)
    stage.settle()
    stage.go_on()
    assert len(failures(stage)) == 2
    stage.a_profile("pm_card_visa")
    stage.settle()
    stage.go_on()
    assert steps(stage)[-1] == (0, "recovered")


def test_another_name_for_a_card_is_no_reason_to_try_it_again(stage: Stage) -> None:
    account_id = overdue(stage)
    [row] = stage.database.query("SELECT billing_profile_id FROM subscriptions WHERE account_id = %s", account_id)
    for changes, tried in ((["name"], 1), (["card"], 2)):
        told = stage.fact("billing_profile_updated", {"billing_profile_id": row["billing_profile_id"], "changes": changes})
        for _ in range(2):
            stage.deliver(told)
            stage.go_on()
        assert len(failures(stage)) == tried


def test_a_new_card_that_is_refused_too_changes_no_step_before_its_time(stage: Stage) -> None:
    account_id = overdue(stage)
    stage.clock.advance(hours=2)
    pay_by(stage, account_id, "pm_card_insufficient_funds")
    stage.go_on()
    assert (steps(stage), failures(stage)) == ([(0, "retry")], [(1, False), (2, False)])
    live(stage, 1)
    assert steps(stage) == [(0, "retry"), (1, "retry")]
    assert stage.emitted("dunning_step")[-1]["code"] == "insufficient_funds"


@pytest.mark.parametrize(("kind", "of_account", "is_tried"), [("prepaid", True, True), ("prepaid", False, True), ("sms", False, False)])
def test_credit_that_is_bought_is_tried_at_once(stage: Stage, kind: str, of_account: bool, is_tried: bool) -> None:
    """R0.103."""
    account_id = overdue(stage, "pm_card_expired")
    stage.credits.available_minor = 4000
    bought = {"kind": kind, "account_id": account_id if of_account else None, "units": 4000, "invoice_id": new_id("inv")}
    told = stage.fact("credits_purchased", bought)
    for _ in range(2):
        stage.deliver(told)
        stage.go_on()
    assert [row["attempt"] for row in stage.database.query("SELECT max(attempt) AS attempt FROM payments")] == [2 if is_tried else 1]
    assert [told["prepaid_minor"] for told in stage.emitted("invoice_paid")] == [0] + [3920] * is_tried


def test_each_attempt_is_a_payment_of_its_own(stage: Stage) -> None:
    account_id = overdue(stage)
    live(stage, 1)
    pay_by(stage, account_id, "pm_card_visa")
    stage.go_on()
    rows = stage.database.query(
        "SELECT attempt, status, brand, last_four FROM payments JOIN billing_profiles AS p ON p.id = billing_profile_id"
        " JOIN invoices AS i ON i.id = invoice_id WHERE purpose = 'renewal' ORDER BY attempt"
    )
    assert [(row["attempt"], row["status"], row["last_four"]) for row in rows] == [
        (1, "failed", "0002"),
        (2, "failed", "0002"),
        (3, "succeeded", "4242"),
    ]
    assert dunning_of(stage)["state"] == "recovered"


def test_an_attempt_pays_by_the_prepaid_of_the_one_before_though_nobody_heard_yet_that_it_failed(stage: Stage) -> None:
    """R0.103, R0.104."""
    account_id = stage.an_account()
    stage.credits.available_minor = 1_000
    pay_by(stage, account_id, "pm_card_declined")
    run_out(stage, account_id)
    live(stage, 1)
    pay_by(stage, account_id, "pm_card_visa")
    stage.go_on()
    [paid_at_last] = [told for told in stage.emitted("invoice_paid") if told["purpose"] == "renewal"]
    assert (paid_at_last["prepaid_minor"], paid_at_last["card_minor"]) == (1_000, 2_920)
    assert stage.credits.available_minor == 0


def test_an_account_recovers_with_the_last_of_its_overdue_invoices(stage: Stage) -> None:
    account_id = overdue(stage)
    quote_id = stage.a_quote(paid("Pro"), account_id=account_id, effective=Effective.NOW)["id"]
    stage.deliver(stage.upgraded(account_id, quote_id, billing_profile_id=stage.a_profile("pm_card_declined", is_default=False)))
    stage.settle()
    assert steps(stage) == [(0, "retry"), (0, "retry")]
    pay_by(stage, account_id, "pm_card_visa")
    stage.go_on()
    assert [told["purpose"] for told in stage.emitted("invoice_paid")] == ["account_opening", "renewal", "plan_change"]
    assert [outcome for _, outcome in steps(stage)] == ["retry", "retry", "recovered"]


def test_what_is_given_up_takes_everything_overdue_of_the_account_with_it(stage: Stage) -> None:
    account_id = overdue(stage)
    live(stage, 2)
    quote_id = stage.a_quote(paid("Pro"), account_id=account_id, effective=Effective.NOW)["id"]
    stage.deliver(stage.upgraded(account_id, quote_id, billing_profile_id=stage.a_profile("pm_card_declined", is_default=False)))
    stage.settle()
    live(stage, 19)
    assert len(stage.emitted("credit_note_issued")) == 2
    assert [outcome for _, outcome in steps(stage)].count("exhausted") == 1
    assert {row["state"] for row in stage.database.query("SELECT state FROM dunnings")} == {"exhausted"}
    before = stage.names()
    live(stage, 10)
    assert stage.names() == before


def test_nothing_is_owed_for_an_account_that_has_ended(stage: Stage) -> None:
    account_id = overdue(stage)
    stage.deliver(stage.told("account_expired", account_id, expired_at=format_instant(stage.clock.now + DAY)))
    stage.settle()
    assert len(stage.emitted("credit_note_issued")) == 1
    assert [outcome for _, outcome in steps(stage)] == ["retry", "recovered"]
    assert dunning_of(stage)["state"] == "dropped"


def test_a_refusal_after_the_account_has_ended_is_not_dunned(stage: Stage) -> None:
    account_id = stage.an_account()
    pay_by(stage, account_id, "pm_card_declined")
    [row] = stage.database.query("SELECT period_end FROM subscriptions WHERE account_id = %s", account_id)
    stage.clock.now = row["period_end"]
    with stage.units.begin() as uow:
        renewals.renew_due_subscriptions(uow, limit=10)
    ended = stage.told("account_expired", account_id, minute=1, expired_at=format_instant(stage.clock.now + DAY))
    stage.deliver(ended)
    stage.settle()
    assert (steps(stage), stage.names()[-2:]) == ([], ["payment_failed", "credit_note_issued"])


def test_credit_that_is_not_paid_for_is_not_bought(stage: Stage) -> None:
    declined = stage.a_profile("pm_card_declined", is_default=False)
    with stage.units.begin() as uow:
        credits_.purchase_credits(
            uow, agency_id=stage.agency_id, kind="prepaid", amount=euros(5000), billing_profile_id=declined, account_id=None
        )
    stage.settle()
    assert stage.names() == ["invoice_issued", "payment_failed", "credit_note_issued"]
    assert failures(stage) == [(1, True)]


def test_a_payment_nobody_heard_of_is_asked_about_again_after_a_minute_and_charged_once(stage: Stage) -> None:
    account_id = stage.an_account()
    pay_by(stage, account_id, "pm_card_timeout")
    with pytest.raises(Unavailable):
        run_out(stage, account_id)
    stage.service.ask_about_payments()
    assert len(stage.emitted("invoice_paid")) == 1
    stage.clock.advance(minutes=1)
    stage.service.ask_about_payments()
    assert (len(stage.emitted("invoice_paid")), len(stage.charges())) == (2, 2)
    stage.service.ask_about_payments()
    assert len(stage.charges()) == 2


def test_while_an_attempt_is_under_way_its_steps_wait(stage: Stage) -> None:
    account_id = overdue(stage)
    pay_by(stage, account_id, "pm_card_pending")
    with stage.units.begin() as uow:
        taken = collecting.take_due_steps(uow, limit=10)
    collecting.collect(stage.units, taken.attempts, credits_=stage.service.credits, provider=stage.provider)
    stage.clock.advance(days=8)
    stage.go_on()
    assert (steps(stage), failures(stage)) == ([(0, "retry")], [(1, False)])
    stage.service.ask_about_payments()
    assert [outcome for _, outcome in steps(stage)] == ["retry", "recovered"]


def test_credits_being_away_leaves_a_try_to_be_asked_about_again(stage: Stage) -> None:
    overdue(stage)

    def away(_request: object) -> object:
        raise Unavailable(service="Credits", reason="it is away")

    answers, stage.call._methods = stage.call._methods, {"credits.reserve_prepaid": away}
    live(stage, 1)
    assert failures(stage) == [(1, False)]
    stage.call._methods = answers
    stage.clock.advance(minutes=2)
    stage.service.ask_about_payments()
    assert failures(stage) == [(1, False), (2, False)]


def test_what_a_former_agency_owes_is_tried_with_its_own_card_and_ends_nothing_of_the_new_one(stage: Stage) -> None:
    account_id = overdue(stage)
    stage.a_profile("pm_card_declined")
    stranger = stage.an_agency(agency_id=new_id("agy"))
    stage.a_profile(agency_id=stranger)
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=stranger))
    live(stage, 21)
    assert stage.emitted("dunning_step")[-1]["outcome"] == "exhausted"
    [row] = stage.database.query("SELECT standing, agency_id FROM subscriptions WHERE account_id = %s", account_id)
    assert (row["standing"], row["agency_id"], stage.charged_minor()) == ("renewed", stranger, 3920)


def test_the_run_asks_nobody_twice_when_replicas_come_at_once(stage: Stage) -> None:
    overdue(stage)
    stage.clock.advance(days=1)
    with stage.units.begin() as uow:
        first = collecting.take_due_steps(uow, limit=10)
    with stage.units.begin() as uow:
        second = collecting.take_due_steps(uow, limit=10)
    assert (first.count, second.count) == (1, 0)
