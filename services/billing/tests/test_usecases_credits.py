"""Credit that is bought: three kinds, for the agency and for its accounts, by itself when a pot is low."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing import errors
from billing.usecases import billing_profiles
from billing.usecases import credits as credits_
from chassis.errors import InvalidCursor
from chassis.fields import format_instant
from chassis.ids import new_id

from .factories import euros, paid
from .stage import Stage


def buy(stage: Stage, units: int = 1000, *, kind: str = "sms", **changes: Any) -> dict[str, Any]:
    request = {"agency_id": stage.agency_id, "billing_profile_id": None, "account_id": None, **changes}
    with stage.units.begin() as uow:
        return credits_.purchase_credits(uow, kind=kind, units=units, **request)


def low(stage: Stage, **changes: Any) -> dict[str, Any]:
    """Credits' fact that the agency's pot is low."""
    data = {"kind": "sms", "units": 40, "threshold": 50, "currency": None, "top_up": {"units": 200}}
    return stage.fact("balance_low", {**data, **changes}, agency_id=stage.agency_id)


def test_sms_credits_are_invoiced_and_paid_and_expire_a_year_later(stage: Stage) -> None:
    """R0.101, R0.109."""
    bought = buy(stage)
    stage.settle()
    assert (bought["total"], [line["description"] for line in bought["lines"]]) == (euros(4500), ["SMS credits: 1000"])
    [paid_] = stage.emitted("invoice_paid")
    expires_at = (stage.clock.now + timedelta(days=365)).strftime("%Y-%m-%d")
    assert paid_["credit"]["expires_at"].startswith(expires_at)
    assert {**paid_["credit"], "expires_at": None} == {"kind": "sms", "units": 1000, "account_id": None, "expires_at": None}
    assert stage.charged_minor() == 4500


def test_inbox_preview_credits_are_bought_and_never_expire(stage: Stage) -> None:
    """R0.112."""
    buy(stage, 30, kind="inbox_preview")
    stage.settle()
    [paid_] = stage.emitted("invoice_paid")
    assert paid_["credit"] == {"kind": "inbox_preview", "units": 30, "account_id": None, "expires_at": None}


def test_prepaid_pays_for_sms_before_the_card_does(stage: Stage) -> None:
    """R0.103, R0.104."""
    stage.credits.available_minor = 3000
    buy(stage)
    stage.settle()
    [paid_] = stage.emitted("invoice_paid")
    assert (paid_["prepaid_minor"], paid_["card_minor"]) == (3000, 1500)
    assert stage.charged_minor() == 1500


def test_sms_is_bought_for_an_account_with_the_add_on_only(stage: Stage) -> None:
    """R0.108."""
    with_sms = stage.an_account(replace(paid("Plus"), add_ons=["sms"]))
    without, starter = stage.an_account(paid("Plus")), stage.an_account(paid("Starter"))
    assert buy(stage, account_id=with_sms)["account_id"] == with_sms
    for account_id, plan in ((without, "Plus"), (starter, "Starter")):
        with pytest.raises(errors.SmsNotOnPlan, match=f"The account is on {plan}"):
            buy(stage, account_id=account_id)
        assert buy(stage, 10, kind="inbox_preview", account_id=account_id)["account_id"] == account_id
    with pytest.raises(errors.AccountNotFound):
        buy(stage, account_id=new_id("acc"))


def test_a_number_that_is_not_on_sale_is_refused(stage: Stage) -> None:
    with pytest.raises(errors.UnitsNotOffered):
        buy(stage, 150)


def test_purchases_are_listed_by_kind_newest_first(stage: Stage) -> None:
    """R0.110."""
    ids = [buy(stage, units)["id"] for units in (100, 200, 300)]
    other = buy(stage, 30, kind="inbox_preview")["id"]

    def listed(**changes: Any) -> Any:
        with stage.units.reading() as session:
            return credits_.credit_purchases(
                session, **{"agency_id": stage.agency_id, "kind": "sms", "limit": 2, "cursor": None, **changes}
            )

    page = listed()
    assert ([each["id"] for each in page.data], page.total) == ([ids[2], ids[1]], 3)
    assert [each["id"] for each in listed(cursor=page.next_cursor).data] == [ids[0]]
    assert [each["id"] for each in listed(kind="inbox_preview").data] == [other]
    with pytest.raises(InvalidCursor):
        listed(cursor="nonsense")


def test_nothing_is_bought_for_an_account_that_has_ended(stage: Stage) -> None:
    account_id = stage.an_account()
    buy(stage, 30, kind="inbox_preview", account_id=account_id)
    stage.deliver(stage.told("account_expired", account_id, expired_at=format_instant(stage.clock()), minute=1))
    with pytest.raises(errors.AccountNotUsable):
        buy(stage, 30, kind="inbox_preview", account_id=account_id)


# --- topping up -------------------------------------------------------------------------------------------------------------------------


def test_a_low_pot_is_topped_up_once_however_often_it_is_told(stage: Stage) -> None:
    told = low(stage)
    for _ in range(3):
        stage.deliver(told)
    stage.settle()
    [paid_] = stage.emitted("invoice_paid")
    assert (paid_["credit"]["kind"], paid_["credit"]["units"], paid_["total_minor"]) == ("sms", 200, 900)


def test_prepaid_is_topped_up_by_its_amount_and_paid_by_the_default_profile(stage: Stage) -> None:
    stage.deliver(low(stage, kind="prepaid", currency="EUR", top_up={"units": 20000}))
    stage.settle()
    [issued] = stage.emitted("invoice_issued")
    assert (issued["billing_profile_id"], issued["total_minor"]) == (stage.profile_id, 20000)


def test_a_top_up_is_rounded_up_to_what_is_on_sale(stage: Stage) -> None:
    stage.deliver(low(stage, top_up={"units": 201}))
    [issued] = stage.emitted("invoice_issued")
    assert issued["total_minor"] == 3 * 450


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "billing_profile_required"),
        ({"kind": "prepaid", "currency": "EUR"}, "billing_profile_required"),
        ({"kind": "fax"}, "credit_not_offered"),
        ({"kind": "prepaid", "currency": "USD"}, "wrong_currency"),
    ],
)
def test_a_low_pot_that_cannot_be_topped_up_is_told_of_once_and_tried_no_more(stage: Stage, changes: dict[str, Any], code: str) -> None:
    with stage.units.begin() as uow:
        billing_profiles.remove_billing_profile(uow, agency_id=stage.agency_id, billing_profile_id=stage.profile_id)
    told = low(stage, **changes)
    for _ in range(2):
        stage.deliver(told)
    [refused] = stage.emitted("top_up_refused")
    assert (refused["code"], refused["kind"], refused["units"]) == (code, told["data"]["kind"], 200)
    assert stage.emitted("invoice_issued") == []


def test_a_low_pot_without_a_top_up_is_only_told_of(stage: Stage) -> None:
    stage.deliver(low(stage, top_up=None))
    assert stage.emitted("invoice_issued") == []
