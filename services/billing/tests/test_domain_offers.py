"""What a purchase, a change of plan and a renewal cost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain import offer
from billing.domain.catalogue import Catalogue, Frequency, Kind, MigrationDiscount, Selection
from billing.domain.offer import Direction, Effective, Held, change_offer, opening_offer, quote_expiry, renewal_offer
from billing.domain.period import Period, first_period
from billing.domain.standing import Standing, follows, has_ended
from chassis.money import CurrencyMismatch, Money

from .factories import BIG, CATALOGUE, NOON, euros, held, month, paid, unpaid

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001  aware at once
DISCOUNTS = st.integers(0, 10_000)
PAID_SELECTIONS = [
    paid(plan.code, product=product.code, contacts=tier.contacts, frequency=frequency)
    for product in CATALOGUE.pricing_versions[1].products
    for plan in product.plans
    for tier in plan.tiers
    for frequency in Frequency
]


def test_an_opening_offer_takes_the_reseller_discount_off() -> None:
    """R0.41, R0.43, R0.44, R0.46."""
    made = opening_offer(CATALOGUE, selection=paid(), currency="EUR", discount_basis_points=2000)
    assert (made.list_price, made.migration_discount, made.reseller_discount) == (euros(4900), euros(0), euros(980))
    assert (made.per_cycle, made.proration, made.due_today) == (euros(3920), euros(0), euros(3920))


def test_a_trial_is_zero_throughout() -> None:
    made = opening_offer(CATALOGUE, selection=unpaid(), currency="USD", discount_basis_points=2000)
    zero = Money.zero("USD")
    assert {made.list_price, made.migration_discount, made.reseller_discount, made.per_cycle, made.proration, made.due_today} == {zero}


@given(selection=st.sampled_from(PAID_SELECTIONS), currency=st.sampled_from(CATALOGUE.currencies), discount=DISCOUNTS)
def test_the_details_of_any_opening_offer_add_up(selection: Selection, currency: str, discount: int) -> None:
    """R0.41, R0.43, R0.44, R0.46."""
    made = opening_offer(CATALOGUE, selection=selection, currency=currency, discount_basis_points=discount)
    assert made.list_price == made.reseller_discount + made.per_cycle
    assert Money.zero(currency) <= made.per_cycle == made.due_today
    assert abs(made.reseller_discount.amount_minor * 10_000 - made.list_price.amount_minor * discount) <= 5_000


def change(
    selection: Selection,
    *,
    of: Held,
    now: datetime = NOON,
    discount: int = 0,
    catalogue: Catalogue = CATALOGUE,
    effective: Effective | None = None,
) -> offer.Offer:
    return change_offer(
        catalogue, held=of, selection=selection, currency="EUR", discount_basis_points=discount, effective=effective, now=now
    )


def test_an_upgrade_credits_the_unused_old_and_charges_the_remaining_new() -> None:
    """R0.45, R0.46."""
    period = Period(start=NOON, end=NOON + timedelta(days=30))
    made = change(paid("Pro"), of=held(period=period), now=NOON + timedelta(days=20))
    assert (made.unused, made.charged, made.begins_period) == (euros(1633), euros(2633), False)
    assert (made.per_cycle, made.proration, made.due_today) == (euros(7900), euros(1000), euros(1000))


def test_going_annual_begins_a_period_today_less_what_is_unused() -> None:
    """R0.45, R0.96."""
    period = Period(start=NOON, end=NOON + timedelta(days=30))
    made = change(paid(frequency=Frequency.ANNUAL), of=held(period=period), now=NOON + timedelta(days=15))
    assert (made.unused, made.charged, made.begins_period) == (euros(2450), euros(47040), True)
    assert (made.proration, made.due_today) == (euros(-2450), euros(44590))


def test_a_trial_that_becomes_paid_begins_a_period_today() -> None:
    trial = Held(kind=Kind.TRIAL, selection=unpaid(), per_cycle=euros(0), period=None)
    made = change(paid(), of=trial, discount=2000)
    assert (made.begins_period, made.unused, made.due_today) == (True, euros(0), euros(3920))


def test_a_migration_discount_comes_before_the_reseller_discount() -> None:
    """R0.42–R0.44."""
    moved = replace(
        CATALOGUE, migration_discounts=[MigrationDiscount(from_pricing_version="V2", to_pricing_version="V3", basis_points=1000)]
    )
    old = held(per_cycle=euros(1000))
    made = change(paid("Pro"), of=replace(old, selection=paid(pricing_version="V2")), discount=2000, catalogue=moved)
    assert (made.list_price, made.migration_discount, made.reseller_discount, made.per_cycle) == tuple(map(euros, (7900, 790, 1422, 5688)))
    unmoved = change(paid("Pro"), of=old, discount=2000, catalogue=moved)
    assert unmoved.migration_discount == euros(0)


def test_what_cannot_be_changed_to_is_refused_by_name() -> None:
    """R0.95."""
    sandbox = Held(kind=Kind.SANDBOX, selection=unpaid("Sandbox"), per_cycle=euros(0), period=None)
    with pytest.raises(errors.SandboxStaysSandbox):
        change(paid(), of=sandbox)
    with pytest.raises(errors.PaidPlanNeeded):
        change(unpaid(), of=held())
    with pytest.raises(errors.PlanUnchanged):
        change(paid(), of=held())


ANNUAL = paid(frequency=Frequency.ANNUAL)
A_YEAR = first_period(NOON, frequency=Frequency.ANNUAL, time_zone="UTC")


@pytest.mark.parametrize(
    ("chosen", "of", "direction"),
    [
        (paid("Pro"), held(), Direction.UPGRADE),
        (paid(limits=BIG), held(), Direction.UPGRADE),
        (paid(), held(paid(limits=BIG)), Direction.DOWNGRADE),
        (paid(add_ons=["sms"]), held(paid(add_ons=["sms", "pipelines"])), Direction.DOWNGRADE),
        (paid("Starter", contacts=2500), held(paid("Plus")), Direction.DOWNGRADE),
        (paid("Pro", contacts=1000), held(paid("Plus", contacts=5000)), Direction.DOWNGRADE),
        (paid("Starter", product="SENDS"), held(paid("Plus")), Direction.DOWNGRADE),
        (paid("Pro"), replace(held(), per_cycle=euros(7900)), Direction.UPGRADE),
        (ANNUAL, held(paid("Enterprise")), Direction.UPGRADE),
        (paid("Enterprise"), held(ANNUAL, period=A_YEAR), Direction.DOWNGRADE),
        (paid("Starter"), held(has_ended=True), Direction.UPGRADE),
        (paid("Starter"), Held(kind=Kind.TRIAL, selection=unpaid(), per_cycle=euros(0), period=None), Direction.UPGRADE),
    ],
)
def test_a_change_goes_up_or_down_by_its_price_and_between_frequencies_by_their_length(
    chosen: Selection, of: Held, direction: Direction
) -> None:
    """R0.17, R0.96."""
    assert change(chosen, of=of).direction is direction


def test_a_downgrade_at_once_grants_what_the_rest_does_not_cost() -> None:
    """R0.45, R0.46."""
    period = Period(start=NOON, end=NOON + timedelta(days=30))
    made = change(paid("Starter"), of=held(period=period), now=NOON + timedelta(days=20), effective=Effective.NOW)
    assert (made.unused, made.charged, made.begins_period, made.takes_effect_at) == (euros(1633), euros(500), False, None)
    assert (made.proration, made.due_today, made.granted) == (euros(-1133), euros(0), euros(1133))


@pytest.mark.parametrize(
    ("months", "due_today", "granted"),
    [(1, 0, 47040 - 3995 - 14500), (11, 14500 - 3995, 0)],
    ids=["early: the surplus is granted", "late: the shortfall is charged"],
)
def test_annual_to_monthly_at_once_sets_what_is_unused_against_the_first_month(months: int, due_today: int, granted: int) -> None:
    """R0.96."""
    left = timedelta(days=31)
    now = NOON + left if months == 1 else A_YEAR.end - left
    made = change(paid("Enterprise"), of=held(ANNUAL, period=A_YEAR), now=now, effective=Effective.NOW)
    assert (made.charged, made.begins_period) == (euros(14500), True)
    assert (made.due_today, made.granted) == (euros(due_today), euros(granted))


@pytest.mark.parametrize("lesser", [paid("Starter", contacts=2500), paid("Plus"), paid("Pro")])
@pytest.mark.parametrize("effective", [None, Effective.PERIOD_END])
def test_a_downgrade_waits_for_the_end_of_the_period_and_costs_nothing_today(lesser: Selection, effective: Effective | None) -> None:
    """R0.17, R0.44."""
    of = held(paid("Pro", contacts=2500))
    made = change(lesser, of=of, now=NOON + timedelta(days=20), discount=2000, effective=effective)
    list_price = CATALOGUE.list_price(lesser, "EUR")
    assert (made.list_price, made.per_cycle) == (list_price, list_price - list_price.basis_points(2000))
    assert (made.unused, made.charged, made.proration, made.due_today) == (euros(0),) * 4
    assert (made.effective, made.takes_effect_at, made.begins_period) == (Effective.PERIOD_END, month().end, False)


def test_a_downgrade_of_a_period_that_is_over_begins_with_the_next_one_that_begins_now() -> None:
    now = month().end + timedelta(hours=1)
    assert change(paid("Starter"), of=held(), now=now).takes_effect_at == now


def test_only_a_downgrade_can_wait() -> None:
    with pytest.raises(errors.OnlyAtOnce):
        change(paid("Pro"), of=held(), effective=Effective.PERIOD_END)
    assert change(paid("Pro"), of=held(), effective=Effective.NOW).effective is Effective.NOW


@pytest.mark.parametrize("chosen", [paid("Starter"), paid("Plus"), paid("Enterprise"), paid("Plus", frequency=Frequency.ANNUAL)])
def test_what_has_ended_comes_back_on_any_paid_plan_for_a_new_period_in_full(chosen: Selection) -> None:
    """R0.92, R0.93."""
    price = CATALOGUE.list_price(chosen, "EUR")
    for now in (NOON, month().end + timedelta(days=100)):
        made = change(chosen, of=held(has_ended=True), now=now)
        assert (made.begins_period, made.unused, made.due_today, made.effective) == (True, euros(0), price, Effective.NOW)


MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@given(told=st.lists(st.tuples(st.sampled_from(Standing), st.sampled_from([MARCH, APRIL])), min_size=1))
def test_whatever_the_order_of_facts_the_newest_is_known(told: list[tuple[Standing, datetime]]) -> None:
    known, since = Standing.RENEWED, None
    for standing, at in told:
        if follows(standing, at=at, known=known, since=since):
            known, since = standing, at
    assert (since, known) == max((at, list(Standing).index(standing), standing) for standing, at in told)[::2]


@pytest.mark.parametrize(
    ("standing", "period_end", "ended"),
    [
        (Standing.RENEWED, NOON, False),
        (Standing.CANCELLED, NOON, True),
        (Standing.CANCELLED, NOON + timedelta(seconds=1), False),
        (Standing.CANCELLED, None, False),
        (Standing.ENDED, None, True),
    ],
)
def test_a_cancelled_account_has_ended_when_its_period_has(standing: Standing, period_end: datetime | None, ended: bool) -> None:
    assert has_ended(standing, period_end=period_end, now=NOON) is ended


def test_an_agency_with_another_currency_than_the_account_is_a_defect() -> None:
    with pytest.raises(CurrencyMismatch):
        change(paid("Pro"), of=replace(held(), per_cycle=Money(amount_minor=1, currency="USD")))


@given(
    chosen=st.lists(st.sampled_from(PAID_SELECTIONS), min_size=1, max_size=8),
    delays=st.lists(st.integers(0, 40_000_000), min_size=8, max_size=8),
    discount=DISCOUNTS,
    start=MOMENTS,
)
def test_what_was_charged_less_what_was_granted_is_the_value_of_what_was_held(
    chosen: list[Selection], delays: list[int], discount: int, start: datetime
) -> None:
    """Domain, Money: for any sequence of changes inside a period, up, down or to another frequency, to within one minor unit per change."""
    first, *changes = chosen
    at = start.replace(microsecond=0)
    opened = opening_offer(CATALOGUE, selection=first, currency="EUR", discount_basis_points=discount)
    period = first_period(at, frequency=first.frequency or Frequency.MONTHLY, time_zone="Europe/Paris")
    now = Held(kind=Kind.PAID, selection=first, per_cycle=opened.per_cycle, period=period)
    balance, count, worth = opened.due_today.amount_minor, 0, Fraction(0)
    for selection, delay in zip(changes, delays, strict=False):
        if selection == now.selection:
            continue
        moment = min(at + timedelta(seconds=delay), period.end - timedelta(seconds=1))
        down = change(selection, of=now, now=moment, discount=discount).direction is Direction.DOWNGRADE
        made = change(selection, of=now, now=moment, discount=discount, effective=Effective.NOW if down else None)
        assert made.per_cycle + made.proration == made.due_today - made.granted if made.begins_period else True
        worth += Fraction(now.per_cycle.amount_minor * (period.seconds_left(at) - period.seconds_left(moment)), period.seconds)
        balance, count, at = balance + made.due_today.amount_minor - made.granted.amount_minor, count + 1, moment
        if made.begins_period:
            period = first_period(at, frequency=selection.frequency or Frequency.MONTHLY, time_zone="Europe/Paris")
        now = replace(now, selection=selection, per_cycle=made.per_cycle, period=period)
    worth += Fraction(now.per_cycle.amount_minor * period.seconds_left(at), period.seconds)
    assert abs(balance - worth) <= count


def test_a_renewal_costs_the_same_again_and_nothing_today() -> None:
    """R0.35, R0.36."""
    made = renewal_offer(list_price=euros(4900), per_cycle=euros(3920), at=month().end)
    assert (made.per_cycle, made.reseller_discount, made.due_today, made.proration) == tuple(map(euros, (3920, 980, 0, 0)))
    assert (made.takes_effect_at, made.direction) == (month().end, None)


@pytest.mark.parametrize(
    ("of", "now", "expires_at"),
    [
        (None, NOON, NOON + offer.LIFETIME),
        (held(), NOON, NOON + offer.LIFETIME),
        (held(), month().end - timedelta(minutes=10), month().end),
        (held(), month().end, month().end + offer.LIFETIME),
        (Held(kind=Kind.TRIAL, selection=unpaid(), per_cycle=euros(0), period=None), NOON, NOON + offer.LIFETIME),
    ],
)
def test_a_quote_is_not_taken_beyond_the_period_it_was_worked_out_for(of: Held | None, now: datetime, expires_at: datetime) -> None:
    assert quote_expiry(of, now=now) == expires_at
