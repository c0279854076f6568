"""What credit costs, by the piece and by the amount."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain import credits as credits_
from billing.domain.catalogue import Catalogue, CreditOnSale

from .factories import CATALOGUE, euros, paid, shipped, unpaid

SMS = credits_.on_sale(CATALOGUE, "sms")
PREVIEWS = credits_.on_sale(CATALOGUE, "inbox_preview")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_pieces_cost_what_the_catalogue_says_for_so_many() -> None:
    """R0.101, R0.109, R0.112."""
    [line] = credits_.piece_lines(SMS, units=1000, currency="EUR")
    assert (line.description, line.amount, line.period) == ("SMS credits: 1000", euros(4500), None)
    [line] = credits_.piece_lines(PREVIEWS, units=30, currency="EUR")
    assert (line.description, line.amount) == ("Inbox preview credits: 30", euros(2700))


@given(steps=st.integers(1, 10_000))
def test_every_number_on_sale_costs_in_proportion(steps: int) -> None:
    units = steps * SMS.step
    assert credits_.price_of(SMS, units=units, currency="EUR") == euros(450 * units // 100)


@pytest.mark.parametrize("units", [-100, 0, 50, 150, 1_000_100])
def test_pieces_are_bought_in_steps_within_limits(units: int) -> None:
    with pytest.raises(errors.UnitsNotOffered, match=f"{units} cannot be bought at once: from 100 to 1000000, in steps of 100"):
        credits_.price_of(SMS, units=units, currency="EUR")


@given(wanted=st.integers(1, 2_000_000))
def test_what_is_wanted_is_rounded_up_to_what_is_on_sale(wanted: int) -> None:
    units = credits_.number_on_sale(SMS, wanted=wanted)
    credits_.price_of(SMS, units=units, currency="EUR")
    assert units - wanted < SMS.step or units == SMS.minimum
    assert units >= wanted or units == SMS.maximum


def test_a_currency_without_a_price_buys_nothing() -> None:
    with pytest.raises(errors.CurrencyNotOffered):
        credits_.price_of(SMS, units=100, currency="CHF")


def test_a_catalogue_from_before_credit_was_on_sale_offers_none() -> None:
    earlier = Catalogue.read({name: part for name, part in shipped().items() if name != "credits"})
    with pytest.raises(errors.CreditNotOffered, match="no sms credit on sale"):
        credits_.on_sale(earlier, "sms")


def test_sms_goes_with_the_add_on_and_never_with_starter() -> None:
    """R0.108."""
    credits_.check_sms_on_plan(replace(paid("Plus"), add_ons=["sms"]))
    for selection in (paid("Plus"), replace(paid("Starter"), add_ons=["sms"]), unpaid(), None):
        with pytest.raises(errors.SmsNotOnPlan):
            credits_.check_sms_on_plan(selection)


@pytest.mark.parametrize(
    ("months", "bought_at", "expires_at"),
    [
        (12, datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2027, 1, 31, 12, tzinfo=UTC)),
        (12, datetime(2028, 2, 29, tzinfo=UTC), datetime(2029, 2, 28, tzinfo=UTC)),
        (1, datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (11, datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)),
        (13, datetime(2026, 12, 31, tzinfo=UTC), datetime(2028, 1, 31, tzinfo=UTC)),
    ],
)
def test_pieces_expire_so_many_months_later_on_the_same_day_or_the_months_last(
    months: int, bought_at: datetime, expires_at: datetime
) -> None:
    assert credits_.expiry_of(replace(SMS, months=months), bought_at=bought_at) == expires_at


def test_what_has_no_months_never_expires() -> None:
    never: CreditOnSale = replace(SMS, months=None)
    assert credits_.expiry_of(never, bought_at=NOON) is None
