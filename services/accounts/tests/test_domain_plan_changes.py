"""The rules of changing plan: what is an upgrade, a downgrade, a conversion, a comeback, and what is none of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts import domain, errors
from accounts.domain import Change, ChangeKind, Effective, Selection, Status

from .factories import PLUS, SANDBOX, TRIAL, change_quote, plus

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


def change(old: Selection, new: Selection, *, status: Status = Status.ACTIVE, effective: str | None = None, **quoted: Any) -> Change:
    return domain.change_of(old=old, quote=change_quote("acc_1", new, **quoted), status=status, effective=effective)


UP: dict[str, Any] = {"direction": "upgrade"}
DOWN: dict[str, Any] = {"direction": "downgrade"}
WAITING: dict[str, Any] = {**DOWN, "takes_effect_at": NOW}


@pytest.mark.parametrize("effective", [None, "now"])
@pytest.mark.parametrize("new", [plus(plan="Pro"), plus(plan="Enterprise", contacts=2500), plus(contacts=2500)])
def test_a_dearer_plan_or_more_contacts_is_an_upgrade_at_once(new: Selection, effective: str | None) -> None:
    assert change(PLUS, new, effective=effective, **UP) == Change(kind=ChangeKind.UPGRADE, effective=Effective.NOW)


@pytest.mark.parametrize("new", [plus(plan="Starter"), plus(contacts=500), plus(plan="Starter", contacts=500)])
def test_a_cheaper_plan_or_fewer_contacts_is_a_downgrade_at_the_end_of_the_period_unless_asked_for_now(new: Selection) -> None:
    assert change(PLUS, new, **WAITING) == Change(kind=ChangeKind.DOWNGRADE, effective=Effective.PERIOD_END)
    assert change(PLUS, new, effective="period_end", **WAITING).effective is Effective.PERIOD_END
    assert change(PLUS, new, effective="now", **DOWN) == Change(kind=ChangeKind.DOWNGRADE, effective=Effective.NOW)


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
        change(old, new, status=status, effective="period_end", **UP)


@pytest.mark.parametrize(
    "new",
    [
        plus(plan="Starter", contacts=2500),
        plus(plan="Pro", contacts=500),
        plus(plan="Pro", frequency="annual"),
        plus(plan="Pro", product="SENDS"),
        plus(limits={"activities": {"choice": "50000", "number": None}}, contacts=500),
    ],
)
def test_what_adds_and_takes_away_goes_the_way_that_billing_quoted(new: Selection) -> None:
    """R0.37, R0.39."""
    assert change(PLUS, new, **UP) == change(PLUS, new) == Change(kind=ChangeKind.UPGRADE, effective=Effective.NOW)
    assert change(PLUS, new, **WAITING) == Change(kind=ChangeKind.DOWNGRADE, effective=Effective.PERIOD_END)


@pytest.mark.parametrize(
    ("effective", "quoted", "wanted"),
    [("now", WAITING, "a change at once (effective «now»)"), ("period_end", DOWN, "a change at the end of the period")],
)
def test_a_downgrade_is_done_when_it_was_quoted_for(effective: str, quoted: dict[str, Any], wanted: str) -> None:
    with pytest.raises(errors.QuoteForAnother) as refused:
        change(PLUS, plus(plan="Starter"), effective=effective, **quoted)
    assert refused.value.details["wanted"] == wanted


def test_only_from_annual_to_monthly_the_period_becomes_shorter() -> None:
    annual = plus(frequency="annual")
    assert domain.begins_shorter_period(old=annual, new=PLUS)
    assert not domain.begins_shorter_period(old=PLUS, new=annual)
    assert not domain.begins_shorter_period(old=annual, new=plus(plan="Pro", frequency="annual"))


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


def test_a_renewal_is_quoted_for_the_plan_that_there_was() -> None:
    def check(quote: domain.Quote | None) -> Any:
        return domain.check_renewal_quote(quote, account_id="acc_1", selection=PLUS, now=NOW)

    quote = change_quote("acc_1", PLUS)
    assert check(quote) is quote
    with pytest.raises(errors.RenewalUnquoted):
        check(None)
    with pytest.raises(errors.QuoteForAnother):
        check(change_quote("acc_1", plus(plan="Pro")))
