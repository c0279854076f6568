"""The plan of prepaid to buy: exactly what a run of renewals will need, and not one minor unit more (R0.63)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain.catalogue import Frequency
from billing.domain.planner import Lot, PlannedCharge, Pots, cover, to_buy
from billing.usecases import planner, renewals
from chassis.ids import new_id

from .factories import NOON, euros, paid, unpaid
from .stage import Stage

ACCOUNTS = ["acc_1", "acc_2", "acc_3"]
DAYS = st.integers(0, 30)


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


LOTS = st.lists(
    st.builds(
        lambda units, expires: Lot(units=units, expires_at=None if expires is None else day(expires)),
        st.integers(1, 5_000),
        st.none() | DAYS,
    ),
    max_size=3,
)
CHARGES = st.lists(
    st.builds(
        lambda account, number, amount: PlannedCharge(
            account_id=account, account_name=None, invoice_id=None, at=day(number), amount_minor=amount
        ),
        st.sampled_from(ACCOUNTS),
        DAYS,
        st.integers(0, 10_000),
    ),
    max_size=8,
)


class _Left:
    """What is left of a lot."""

    def __init__(self, lot: Lot) -> None:
        self.units, self.expires_at = lot.units, lot.expires_at or day(99)


def charged_to_card(charges: list[PlannedCharge], pots: Pots, *, bought: int) -> tuple[int, int]:
    """Live through the charges with so much more prepaid: what the card pays, and what is left of the purchase."""
    shared = [_Left(lot) for lot in pots.agency]
    own = {account: [_Left(lot) for lot in lots] for account, lots in pots.accounts.items()}
    purchase, card = _Left(Lot(units=bought, expires_at=day(999))), 0
    for charge in sorted(charges, key=lambda each: (each.at, each.account_id)):
        owed = charge.amount_minor
        for pot in (own.get(charge.account_id, []), [*shared, purchase]):
            for lot in sorted(pot, key=lambda each: each.expires_at):
                part = min(lot.units, owed) if lot.expires_at > charge.at else 0
                lot.units, owed = lot.units - part, owed - part
        card += owed
    return card, purchase.units


@given(charges=CHARGES, agency=LOTS, accounts=st.dictionaries(st.sampled_from(ACCOUNTS), LOTS))
def test_buying_exactly_the_plan_spares_the_card_and_one_less_does_not(
    charges: list[PlannedCharge], agency: list[Lot], accounts: dict[str, list[Lot]]
) -> None:
    """R0.63."""
    pots = Pots(agency=agency, accounts=accounts)
    covered = cover(charges, pots)
    amount = to_buy(covered)
    assert sum(each.charge.amount_minor for each in covered) == sum(each.amount_minor for each in charges)
    for each in covered:
        assert each.account_prepaid_minor + each.agency_prepaid_minor + each.missing_minor == each.charge.amount_minor
    assert charged_to_card(charges, pots, bought=amount) == (0, 0)
    if amount:
        assert charged_to_card(charges, pots, bought=amount - 1) == (1, 0)


def test_an_accounts_own_prepaid_pays_for_that_account_alone_and_what_expires_first_is_spent_first() -> None:
    """R0.105."""
    first, second = (
        PlannedCharge(account_id=account, account_name=None, invoice_id=None, at=day(number), amount_minor=1_000)
        for account, number in (("acc_1", 1), ("acc_2", 5))
    )
    pots = Pots(agency=[Lot(units=700), Lot(units=600, expires_at=day(4))], accounts={"acc_1": [Lot(units=800)]})
    covered = cover([second, first], pots)
    assert [(each.account_prepaid_minor, each.agency_prepaid_minor, each.missing_minor) for each in covered] == [
        (800, 200, 0),
        (0, 700, 300),
    ]


def planned(stage: Stage, until: datetime | None = None) -> dict[str, Any]:
    with stage.units.begin() as uow:
        owed = planner.charges_until(uow, agency_id=stage.agency_id, until=until)
    pots = stage.service.credits.prepaid_pots(agency_id=stage.agency_id, currency=owed["currency"])
    return planner.plan(pots=pots, **owed)


def live_until(stage: Stage, moment: datetime) -> None:
    """Renew what falls due until just before that moment, day by day."""
    last = moment - timedelta(seconds=1)
    while stage.clock() < last:
        stage.clock.advance(seconds=min(86_400.0, (last - stage.clock()).total_seconds()))
        with stage.units.begin() as uow:
            renewals.renew_due_subscriptions(uow, limit=100)
        stage.settle()


@pytest.mark.parametrize("less", [0, 1], ids=["all of it", "one cent less"])
def test_one_purchase_on_the_first_is_the_only_charge_of_the_card_until_the_next(stage: Stage, less: int) -> None:
    """R0.63: with a scheduled downgrade, a cancelled and a disabled account, a trial and one billed by the year."""
    going_down, _up, cancelled, disabled = (stage.an_account(paid(plan)) for plan in ("Pro", "Plus", "Enterprise", "Starter"))
    stage.an_account(unpaid())
    stage.an_account(paid(frequency=Frequency.ANNUAL))
    stage.deliver(stage.told("plan_change_scheduled", going_down, quote_id=stage.a_quote(paid("Starter"), account_id=going_down)["id"]))
    stage.deliver(stage.told("account_cancelled", cancelled))
    first = datetime(2026, 4, 1, tzinfo=UTC)
    live_until(stage, first)
    stage.clock.advance(seconds=1)
    charged, plan = stage.charged_minor(), planned(stage)
    assert (plan["until"], plan["to_buy"]) == (datetime(2026, 5, 1, tzinfo=UTC), euros(1200 + 3920 + 1200))
    assert plan["to_buy"] == plan["due"]
    assert {each["account_id"] for each in plan["charges"]} == {going_down, _up, disabled}
    stage.credits.available_minor = 1200 + 3920 + 1200 - less
    live_until(stage, datetime(2026, 5, 1, tzinfo=UTC))
    assert (stage.charged_minor() - charged, stage.credits.available_minor) == (less, 0)


def test_what_is_owed_already_is_paid_first(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.a_profile("pm_card_declined")
    stage.deliver(stage.told("account_updated", account_id, changes={"billing_profile_id": None}, minute=1))
    live_until(stage, datetime(2026, 5, 15, tzinfo=UTC))
    owed = [each for each in planned(stage)["charges"] if each["invoice_id"]]
    assert [(each["account_id"], each["account_name"], each["at"], each["missing"]) for each in owed] == [
        (account_id, "acme", stage.clock(), euros(3920))
    ]


def test_a_longer_plan_has_every_renewal_at_the_price_of_its_day(stage: Stage) -> None:
    account_id = stage.an_account(paid("Pro"))
    stage.deliver(stage.told("plan_change_scheduled", account_id, quote_id=stage.a_quote(paid("Starter"), account_id=account_id)["id"]))
    plan = planned(stage, stage.clock() + timedelta(days=100))
    assert [each["amount"] for each in plan["charges"]] == [euros(1200)] * 3
    other = stage.an_agency(discount_basis_points=0)
    stage.deliver(stage.told("transfer_completed", account_id, minute=1, to_agency_id=other))
    with stage.units.begin() as uow:
        owed = planner.charges_until(uow, agency_id=other, until=stage.clock() + timedelta(days=40))
    assert [each.amount_minor for each in owed["charges"]] == [1500]


def test_renewals_are_planned_for_what_is_to_come_a_year_at_most(stage: Stage) -> None:
    for until in (stage.clock(), stage.clock() + timedelta(days=401)):
        with pytest.raises(errors.UntilOutOfRange):
            planned(stage, until)
    with pytest.raises(errors.AgencyNotKnownYet), stage.units.begin() as uow:
        planner.charges_until(uow, agency_id=new_id("agy"), until=None)
