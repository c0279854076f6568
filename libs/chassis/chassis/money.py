"""Money: integer minor units and a currency, together, everywhere. No floats, ever."""

from dataclasses import dataclass
from typing import Self

BASIS_POINTS = 10_000


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one calculation: a defect of the caller."""


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide integers, rounding halves to the even neighbour (banker's rounding), exactly; `denominator` is positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """An amount in minor units (cents for EUR) of an ISO 4217 currency; negative amounts are credits."""

    amount_minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in `currency`."""
        return cls(amount_minor=0, currency=currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(amount_minor=self.amount_minor + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount_minor=self.amount_minor - self._same(other), currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount_minor=-self.amount_minor, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount_minor <= self._same(other)

    def portion(self, numerator: int, denominator: int) -> "Money":
        """This amount × numerator / denominator, rounded half to even."""
        return Money(amount_minor=divide_half_even(self.amount_minor * numerator, denominator), currency=self.currency)

    def basis_points(self, points: int) -> "Money":
        """`points` hundredths of a percent of this amount, rounded half to even."""
        return self.portion(points, BASIS_POINTS)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} met {other.currency}")
        return other.amount_minor
