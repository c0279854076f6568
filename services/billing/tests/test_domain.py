"""The rules of billing."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain import credits as credits_
from billing.domain import invoice, offer
from billing.domain.catalogue import Catalogue, Frequency, Kind, MigrationDiscount, Selection
from billing.domain.invoice import InvoiceStatus, LineReason
from billing.domain.offer import Direction, Effective, Held, QuoteState, change_offer, opening_offer, quote_expiry, renewal_offer
from billing.domain.period import Period, first_period, renewal
from billing.domain.standing import Standing, follows, has_ended
from chassis.errors import Refusal
from chassis.money import CurrencyMismatch, Money

from .factories import CATALOGUE, NOON, euros, held, month, paid, shipped, unpaid

ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Asia/Kathmandu"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001  aware at once
FREQUENCIES = st.sampled_from(Frequency)
DISCOUNTS = st.integers(0, 10_000)
PAID_SELECTIONS = [
    paid(plan.code, product=product.code, contacts=tier.contacts, frequency=frequency)
    for product in CATALOGUE.pricing_versions[1].products
    for plan in product.plans
    for tier in plan.tiers
    for frequency in Frequency
]


# What is on sale


@pytest.mark.parametrize(
    ("plan", "frequency", "price_minor"),
    [
        ("Starter", "monthly", 1500),
        ("Plus", "monthly", 4900),
        ("Pro", "monthly", 7900),
        ("Enterprise", "monthly", 14500),
        ("Plus", "annual", 47040),
    ],
)
def test_a_list_price_is_looked_up_in_the_catalogue(plan: str, frequency: str, price_minor: int) -> None:
    assert CATALOGUE.list_price(paid(plan, frequency=Frequency(frequency)), "EUR") == euros(price_minor)


def test_plans_by_monthly_sends_are_on_sale_too() -> None:
    """R3.7."""
    plan = CATALOGUE.plan_of(paid(product="SENDS"))
    assert [(tier.contacts, tier.monthly_sends) for tier in plan.tiers] == [(1000, 5000), (5000, 25000), (25000, 100_000)]


def test_a_trial_and_a_sandbox_cost_nothing() -> None:
    assert CATALOGUE.list_price(unpaid("Trial"), "GBP") == Money.zero("GBP")
    assert CATALOGUE.list_price(unpaid("Sandbox"), "GBP") == Money.zero("GBP")


@pytest.mark.parametrize(
    ("selection", "code", "field", "allowed"),
    [
        (paid(pricing_version="V2"), "pricing_version_unknown", "pricing_version", ["V1", "V3"]),
        (unpaid(product="SENDS"), "product_not_offered", "product", ["EM"]),
        (paid("Trial"), "plan_not_offered", "plan", ["Starter", "Plus", "Pro", "Enterprise"]),
        (unpaid("Plus"), "plan_not_offered", "plan", ["Trial", "Sandbox"]),
        (paid("Enterprise", product="SENDS"), "plan_not_offered", "plan", ["Starter", "Plus", "Pro"]),
        (paid(contacts=None), "contacts_required", "contacts", [1000, 2500, 5000, 10000, 25000, 50000]),
        (paid(contacts=1001), "contacts_not_offered", "contacts", [1000, 2500, 5000, 10000, 25000, 50000]),
        (paid(frequency=None), "frequency_required", "frequency", ["monthly", "annual"]),
        (unpaid(contacts=100), "contacts_not_applicable", "contacts", None),
        (unpaid(frequency=Frequency.MONTHLY), "frequency_not_applicable", "frequency", None),
    ],
)
def test_an_inconsistent_selection_is_refused_by_field_with_what_is_allowed(
    selection: Selection, code: str, field: str, allowed: list[object] | None
) -> None:
    """R0.29–R0.34."""
    with pytest.raises(Refusal) as refused:
        CATALOGUE.plan_of(selection)
    assert (refused.value.code, refused.value.field) == (code, f"selection.{field}")
    assert refused.value.details.get("allowed") == allowed


def test_a_currency_without_prices_is_refused() -> None:
    with pytest.raises(errors.CurrencyNotOffered) as refused:
        CATALOGUE.list_price(paid(), "JPY")
    assert refused.value.details["allowed"] == ["EUR", "USD", "GBP"]


def test_a_country_has_a_region() -> None:
    """R0.26."""
    assert [CATALOGUE.region_of(country) for country in ("FR", "US", "BR", "JP")] == ["eu", "us", "us", "apac"]
    with pytest.raises(errors.CountryUnknown):
        CATALOGUE.region_of("ZZ")


def test_a_selection_is_read_back_as_it_was_kept() -> None:
    kept = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
    assert Selection.read(kept) == paid()
    assert Selection.read({"pricing_version": "V1", "product": "EM", "plan": "Trial", "contacts": None, "frequency": None}) == unpaid()


BIG = {"activities": {"choice": "50000", "number": None}, "custom_reports": {"choice": "custom", "number": 3}}


def test_limits_and_add_ons_are_priced_beside_the_plan() -> None:
    """R0.37, R0.38, R0.39, R0.41."""
    chosen = paid(limits=BIG, add_ons=["sms", "pipelines"])
    lines = [("Plus", 4900), ("activities", 900), ("custom_reports", 300), ("pipelines", 1500), ("sms", 1000)]
    assert CATALOGUE.price_lines(chosen, "EUR") == [(name, euros(minor)) for name, minor in lines]
    assert CATALOGUE.list_price(chosen, "EUR") == euros(8600)
    assert offer.describe(chosen) == "EM Plus, 1000 contacts, monthly, 50000 activities, 3 custom reports, pipelines, sms"


@pytest.mark.parametrize(("number", "minor"), [(1, 200), (10_000, 200), (10_001, 400)])
def test_every_part_of_a_custom_limit_that_is_begun_costs(number: int, minor: int) -> None:
    """R0.38."""
    chosen = paid(limits={"activities": {"choice": "custom", "number": number}})
    assert CATALOGUE.price_lines(chosen, "EUR")[1] == ("activities", euros(minor))


@pytest.mark.parametrize(
    ("selection", "code", "allowed"),
    [
        (unpaid(limits=BIG), "limits_not_applicable", None),
        (paid(limits={"sends": {"choice": "50000", "number": None}}), "limit_not_offered", ["activities", "custom_reports"]),
        (paid(limits={"activities": {"choice": "7", "number": None}}), "limit_choice_not_offered", ["50000", "100000", "custom"]),
        (paid(limits={"activities": {"choice": "custom", "number": None}}), "limit_number_required", None),
        (paid(limits={"activities": {"choice": "50000", "number": 5}}), "limit_number_required", None),
        (paid("Starter", add_ons=["sms"]), "add_on_not_on_plan", []),
        (paid(add_ons=["chat"]), "add_on_not_on_plan", ["pipelines", "sms"]),
        (paid(add_ons=["sms", "sms"]), "add_on_repeated", None),
        (unpaid(add_ons=["sms"]), "add_on_not_on_plan", []),
    ],
)
def test_limits_and_add_ons_that_are_not_sold_are_refused_with_what_is_allowed(
    selection: Selection, code: str, allowed: list[str] | None
) -> None:
    """R0.37, R0.38, R0.39."""
    with pytest.raises(Refusal) as refused:
        CATALOGUE.plan_of(selection)
    assert (refused.value.code, refused.value.details.get("allowed")) == (code, allowed)


# Periods


@given(anchor=MOMENTS, frequency=FREQUENCIES, time_zone=ZONES, count=st.integers(0, 60))
def test_a_renewal_falls_on_the_anchors_day_or_the_last_of_a_shorter_month(
    anchor: datetime, frequency: Frequency, time_zone: str, count: int
) -> None:
    zone = ZoneInfo(time_zone)
    start, moment = anchor.astimezone(zone), renewal(anchor, frequency=frequency, time_zone=time_zone, count=count).astimezone(zone)
    months = (moment.year - start.year) * 12 + moment.month - start.month
    assert months == count * (1 if frequency is Frequency.MONTHLY else 12)
    assert moment.day == min(start.day, monthrange(moment.year, moment.month)[1])
    # Where the clock jumps over the time of day, it renews as much later as the clock jumped: never an hour off for another reason.
    assert abs(moment.replace(tzinfo=None) - datetime.combine(moment.date(), start.time().replace(microsecond=0))) <= timedelta(hours=1)


@given(anchor=MOMENTS, frequency=FREQUENCIES, time_zone=ZONES, count=st.integers(0, 60))
def test_periods_follow_one_another_without_gap(anchor: datetime, frequency: Frequency, time_zone: str, count: int) -> None:
    before, after = (renewal(anchor, frequency=frequency, time_zone=time_zone, count=count + more) for more in (0, 1))
    days = (after - before) / timedelta(days=1)
    assert (27.9 if frequency is Frequency.MONTHLY else 364.9) < days < (31.1 if frequency is Frequency.MONTHLY else 366.1)


@given(anchor=MOMENTS, frequency=FREQUENCIES, time_zone=ZONES)
def test_the_first_period_begins_with_the_purchase(anchor: datetime, frequency: Frequency, time_zone: str) -> None:
    period = first_period(anchor, frequency=frequency, time_zone=time_zone)
    assert period.start == anchor.replace(microsecond=0) == renewal(anchor, frequency=frequency, time_zone=time_zone, count=0)


def test_the_day_comes_back_after_a_short_month() -> None:
    days = [renewal(NOON, frequency=Frequency.MONTHLY, time_zone="UTC", count=count).date().isoformat() for count in range(4)]
    assert days == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


def test_a_leap_day_renews_on_the_28th_and_comes_back() -> None:
    leap = datetime(2028, 2, 29, tzinfo=UTC)
    days = [renewal(leap, frequency=Frequency.ANNUAL, time_zone="UTC", count=count).date().isoformat() for count in (1, 4)]
    assert days == ["2029-02-28", "2032-02-29"]


def test_the_day_is_that_of_the_accounts_time_zone() -> None:
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # the 1st of February in Paris
    assert renewal(late, frequency=Frequency.MONTHLY, time_zone="Europe/Paris", count=1) == datetime(2026, 2, 28, 23, 30, tzinfo=UTC)


def test_a_period_across_a_clock_change_is_an_hour_shorter() -> None:
    assert month(datetime(2026, 3, 1, 12, tzinfo=UTC)).seconds == 31 * 86_400 - 3_600


def test_seconds_left_stay_within_the_period() -> None:
    period = Period(start=NOON, end=NOON + timedelta(seconds=10))
    moments = [-1, 0, 0.5, 9.999, 10, 11]
    assert [period.seconds_left(NOON + timedelta(seconds=at)) for at in moments] == [10, 10, 10, 1, 0, 0]


def test_proration_rounds_half_to_even() -> None:
    period = Period(start=NOON, end=NOON + timedelta(seconds=2))
    shares = [period.share_left(euros(minor), NOON + timedelta(seconds=1)).amount_minor for minor in (1, 3, 5)]
    assert shares == [0, 2, 2]


# Offers


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


# Quotes and invoices


@pytest.mark.parametrize(
    ("used", "superseded", "late", "state"),
    [
        (False, False, -1, QuoteState.OPEN),
        (False, False, 0, QuoteState.EXPIRED),
        (False, True, -1, QuoteState.EXPIRED),
        (True, True, 0, QuoteState.USED),
    ],
)
def test_a_quote_is_open_until_it_is_used_expires_or_its_plan_is_changed(
    used: bool, superseded: bool, late: int, state: QuoteState
) -> None:
    now = NOON + timedelta(seconds=late)
    assert offer.quote_state(used=used, superseded=superseded, expires_at=NOON, now=now) is state


def test_an_opening_invoice_has_a_line_for_the_first_period() -> None:
    made = opening_offer(CATALOGUE, selection=paid(), currency="EUR", discount_basis_points=2000)
    [line] = invoice.opening_lines(made, selection=paid(), period=month())
    assert (line.description, line.reason, line.amount) == ("EM Plus, 1000 contacts, monthly", LineReason.NEW_PERIOD, euros(3920))
    assert line.period == month()


def test_an_upgrade_invoice_has_two_lines_for_the_same_time() -> None:
    of, at = held(), NOON + timedelta(days=20)
    made = change(paid("Pro"), of=of, now=at)
    credit, charge = invoice.change_lines(made, held=of.selection, chosen=paid("Pro"), paid=of.period, period=month(), at=at)
    assert (credit.reason, charge.reason) == (LineReason.UNUSED_TIME, LineReason.REMAINING_TIME)
    assert credit.period == charge.period == Period(start=at, end=month().end)
    assert invoice.total_of([credit, charge]) == made.due_today == charge.amount + credit.amount


def test_a_trial_that_becomes_paid_has_nothing_to_credit() -> None:
    trial = Held(kind=Kind.TRIAL, selection=unpaid(), per_cycle=euros(0), period=None)
    made = change(paid(), of=trial)
    [line] = invoice.change_lines(made, held=unpaid(), chosen=paid(), paid=None, period=month(), at=NOON)
    assert (line.reason, line.amount, line.period) == (LineReason.NEW_PERIOD, euros(4900), month())


@pytest.mark.parametrize("amount_minor", [-1, 0, 100_000_001])
def test_credit_is_bought_within_limits(amount_minor: int) -> None:
    with pytest.raises(errors.AmountOutOfRange):
        credits_.credit_lines(euros(amount_minor))
    assert [line.amount for line in credits_.credit_lines(euros(5000))] == [euros(5000)]


@given(total=st.integers(0, 10**12), reserved=st.integers(-10, 10**12))
def test_prepaid_and_card_pay_exactly_the_total(total: int, reserved: int) -> None:
    if 0 <= reserved <= total:
        assert euros(reserved) + invoice.card_share(euros(total), reserved=euros(reserved)) == euros(total)
    else:
        with pytest.raises(errors.ReservationImpossible):
            invoice.card_share(euros(total), reserved=euros(reserved))


def test_a_reservation_in_another_currency_is_refused() -> None:
    with pytest.raises(errors.ReservationImpossible):
        invoice.card_share(euros(10), reserved=Money(amount_minor=1, currency="USD"))


def test_an_invoices_status_comes_from_its_payment_and_credit_note() -> None:
    statuses = [invoice.invoice_status(paid=paid_, credited=credited) for paid_, credited in [(False, False), (True, False), (True, True)]]
    assert statuses == [InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.CREDITED]


def test_numbers_are_padded_and_grow() -> None:
    assert [invoice.document_number("INV", count) for count in (1, 999_999, 1_000_000)] == ["INV-000001", "INV-999999", "INV-1000000"]


def test_annual_prices_are_twelve_months_less_a_fifth() -> None:
    for product in shipped()["pricing_versions"][1]["products"]:
        for plan in product["plans"]:
            for tier in plan["tiers"]:
                for monthly, annual in zip(tier["prices"]["monthly"], tier["prices"]["annual"], strict=True):
                    assert (annual["amount"] * 10, annual["currency"]) == (monthly["amount"] * 96, monthly["currency"])
