"""Periods of accounts, on their own day in their own time zone."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.catalogue import Frequency
from billing.domain.period import Period, first_period, renewal

from .factories import NOON, euros, month
from .test_domain_offers import MOMENTS

ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Asia/Kathmandu"])


FREQUENCIES = st.sampled_from(Frequency)


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
