"""The rules of changing plan: what is an upgrade, a downgrade, a conversion, a comeback, and what is none of them."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts import domain, errors
from accounts.domain import Change, ChangeKind, Effective, Selection, Status

from .factories import PLUS, SANDBOX, TRIAL, change_quote, plus

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


def change(old: Selection, new: Selection, *, status: Status = Status.ACTIVE, effective: str | None = None) -> Change:
    return domain.change_of(old=old, new=new, status=status, effective=effective)


@pytest.mark.parametrize("effective", [None, "now"])
@pytest.mark.parametrize("new", [plus(plan="Pro"), plus(plan="Enterprise", contacts=2500), plus(contacts=2500)])
def test_a_dearer_plan_or_more_contacts_is_an_upgrade_at_once(new: Selection, effective: str | None) -> None:
    assert change(PLUS, new, effective=effective) == Change(kind=ChangeKind.UPGRADE, effective=Effective.NOW)


@pytest.mark.parametrize("new", [plus(plan="Starter"), plus(contacts=500), plus(plan="Starter", contacts=500)])
def test_a_cheaper_plan_or_fewer_contacts_is_a_downgrade_at_the_end_of_the_period_unless_asked_for_now(new: Selection) -> None:
    assert change(PLUS, new) == Change(kind=ChangeKind.DOWNGRADE, effective=Effective.PERIOD_END)
    assert change(PLUS, new, effective="period_end").effective is Effective.PERIOD_END
    assert change(PLUS, new, effective="now").effective is Effective.NOW


def test_a_trial_becomes_paid_at_once_even_when_it_has_expired() -> None:
    """R0.88."""
    expected = Change(kind=ChangeKind.CONVERSION, effective=Effective.NOW)
    assert change(TRIAL, PLUS) == change(TRIAL, PLUS, status=Status.EXPIRED) == expected


@pytest.mark.parametrize("new", [PLUS, plus(plan="Starter"), plus(frequency="annual")])
def test_what_has_expired_comes_back_on_any_paid_plan(new: Selection) -> None:
    """R0.93."""
    assert change(PLUS, new, status=Status.EXPIRED) == Change(kind=ChangeKind.COMEBACK, effective=Effective.NOW)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [(PLUS, plus(plan="Pro"), Status.ACTIVE), (TRIAL, PLUS, Status.ACTIVE), (PLUS, plus(plan="Starter"), Status.EXPIRED)],
)
def test_only_a_downgrade_waits_for_the_end_of_a_period(old: Selection, new: Selection, status: Status) -> None:
    with pytest.raises(errors.OnlyAtOnce):
        change(old, new, status=status, effective="period_end")


@pytest.mark.parametrize(
    "new",
    [
        plus(plan="Starter", contacts=2500),
        plus(plan="Pro", contacts=500),
        plus(plan="Pro", contacts=None),
        plus(plan="Pro", frequency="annual"),
        plus(plan="Pro", product="SENDS"),
    ],
)
def test_a_change_that_adds_and_takes_away_is_refused_with_what_is_possible(new: Selection) -> None:
    with pytest.raises(errors.NotAnUpgrade) as caught:
        change(PLUS, new)
    assert (caught.value.details["plans"], caught.value.details["lesser_plans"]) == (["Plus", "Pro", "Enterprise"], ["Starter", "Plus"])
    assert caught.value.text == (
        "On EM, billed monthly, possible are Plus or Pro or Enterprise with 1000 contacts or more, at once, "
        "or Starter or Plus with 1000 or fewer, at the end of the period."
    )


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (PLUS, PLUS, errors.PlanUnchanged),
        (TRIAL, TRIAL, errors.PlanUnchanged),
        (TRIAL, SANDBOX, errors.KindStays),
        (PLUS, SANDBOX, errors.KindStays),
        (PLUS, TRIAL, errors.KindStays),
        (PLUS, plus(plan="Trial"), errors.PlanUnknown),
    ],
)
def test_a_change_to_nothing_new_or_to_what_is_not_paid_is_refused(old: Selection, new: Selection, refusal: type[errors.Refusal]) -> None:
    """R1.14."""
    with pytest.raises(refusal):
        change(old, new)


SOME = {"activities": {"choice": "50000", "number": None}}


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (PLUS, plus(limits=SOME)),
        (plus(limits=SOME), plus(limits={"activities": {"choice": "custom", "number": 60_000}})),
        (PLUS, plus(add_ons=["sms"])),
    ],
)
def test_more_of_a_limit_or_an_add_on_is_an_upgrade_and_less_a_downgrade(less: Selection, more: Selection) -> None:
    """R0.37, R0.39."""
    assert (change(less, more).kind, change(more, less).kind) == (ChangeKind.UPGRADE, ChangeKind.DOWNGRADE)
    with pytest.raises(errors.NotAnUpgrade):
        change(more, dataclasses.replace(less, plan="Pro"))


def test_what_was_quoted_for_the_end_of_the_period_is_not_done_now() -> None:
    waiting = change_quote("acc_1", plus(plan="Starter"), takes_effect_at=NOW)
    now, later = (Change(kind=ChangeKind.DOWNGRADE, effective=each) for each in (Effective.NOW, Effective.PERIOD_END))
    with pytest.raises(errors.DowngradeAtPeriodEndOnly) as refused:
        domain.check_effective(waiting, now)
    assert refused.value.details == {"allowed": ["period_end"], "takes_effect_at": NOW.isoformat()}
    domain.check_effective(waiting, later)
    domain.check_effective(change_quote("acc_1", plus(plan="Pro")), now)


def test_a_renewal_is_quoted_for_the_plan_that_there_was() -> None:
    def check(quote: domain.Quote | None) -> Any:
        return domain.check_renewal_quote(quote, account_id="acc_1", selection=PLUS, now=NOW)

    quote = change_quote("acc_1", PLUS)
    assert check(quote) is quote
    with pytest.raises(errors.RenewalUnquoted):
        check(None)
    with pytest.raises(errors.QuoteForAnother):
        check(change_quote("acc_1", plus(plan="Pro")))
