"""Money is exact, whatever is done with it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import CurrencyMismatch, Money, divide_half_even

AMOUNTS = st.integers(-(10**15), 10**15)
POSITIVE = st.integers(1, 10**9)


def eur(amount_minor: int) -> Money:
    return Money(amount_minor=amount_minor, currency="EUR")


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_sums_do_not_depend_on_the_order(first: int, second: int, third: int) -> None:
    assert (eur(first) + eur(second)) + eur(third) == eur(third) + (eur(second) + eur(first))
    assert eur(first) - eur(first) == Money.zero("EUR")
    assert eur(first) + -eur(first) == Money.zero("EUR")


@given(AMOUNTS, AMOUNTS)
def test_amounts_are_ordered_as_their_numbers(first: int, second: int) -> None:
    assert (eur(first) < eur(second)) == (first < second)
    assert (eur(first) <= eur(second)) == (first <= second)


@given(st.integers(-(10**12), 10**12), POSITIVE)
def test_division_rounds_half_to_even(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(AMOUNTS, st.integers(0, 10**6), POSITIVE)
def test_a_portion_and_its_rest_are_the_whole(amount: int, numerator: int, denominator: int) -> None:
    portion = eur(amount).portion(numerator, denominator)
    assert portion + (eur(amount) - portion) == eur(amount)
    assert abs(Fraction(portion.amount_minor) - Fraction(amount * numerator, denominator)) <= Fraction(1, 2)


@pytest.mark.parametrize(("amount", "points", "expected"), [(100, 2500, 25), (50, 100, 0), (150, 100, 2), (250, 100, 2), (-150, 100, -2)])
def test_basis_points_round_half_to_even(amount: int, points: int, expected: int) -> None:
    assert eur(amount).basis_points(points) == eur(expected)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__"])
def test_currencies_never_meet(operation: str) -> None:
    with pytest.raises(CurrencyMismatch, match="EUR met USD"):
        getattr(eur(1), operation)(Money(amount_minor=1, currency="USD"))
