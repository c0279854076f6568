"""How much prepaid credit to buy now so that the card is charged for nothing else: one charge a month (R0.63)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class PlannedCharge:
    """What will be owed: an open invoice (`invoice_id`), or a renewal that comes `at` that moment."""

    account_id: str
    account_name: str | None
    invoice_id: str | None
    at: datetime
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Prepaid that is there, and when it expires (None: never)."""

    units: int
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Pots:
    """The agency's prepaid, and what only one account each may spend."""

    agency: Sequence[Lot]
    accounts: Mapping[str, Sequence[Lot]]


@dataclass(frozen=True, kw_only=True)
class Covered:
    """A charge, and what pays it: the account's own prepaid, the agency's, and what is missing."""

    charge: PlannedCharge
    account_prepaid_minor: int
    agency_prepaid_minor: int
    missing_minor: int


def cover(charges: Iterable[PlannedCharge], pots: Pots) -> list[Covered]:
    """Pay the charges as they fall due, as credits pays them: the account's pot first, in each the lot that expires first.

    What is missing altogether is exactly what to buy now: what is bought does not expire, so it is spent after all that there is.
    """
    agency = _Purse(pots.agency)
    accounts = {account_id: _Purse(lots) for account_id, lots in pots.accounts.items()}
    nothing = _Purse([])
    covered = []
    for charge in sorted(charges, key=lambda each: (each.at, each.account_id, each.invoice_id or "")):
        own = accounts.get(charge.account_id, nothing).take(charge.amount_minor, at=charge.at)
        shared = agency.take(charge.amount_minor - own, at=charge.at)
        missing = charge.amount_minor - own - shared
        covered.append(Covered(charge=charge, account_prepaid_minor=own, agency_prepaid_minor=shared, missing_minor=missing))
    return covered


def to_buy(covered: Iterable[Covered]) -> int:
    """Add up what is missing, in minor units."""
    return sum(each.missing_minor for each in covered)


class _Purse:
    """The lots of one pot while they are spent."""

    def __init__(self, lots: Sequence[Lot]) -> None:
        self._lots = [(lot.expires_at or FOR_EVER, lot.units) for lot in sorted(lots, key=lambda lot: lot.expires_at or FOR_EVER)]

    def take(self, wanted: int, *, at: datetime) -> int:
        """Take so much, or what there is; moments never go back, so what has expired is gone."""
        self._lots = [lot for lot in self._lots if at < lot[0]]
        taken, left = 0, []
        for expires_at, units in self._lots:
            used = min(units, wanted - taken)
            taken += used
            if used < units:
                left.append((expires_at, units - used))
        self._lots = left
        return taken
