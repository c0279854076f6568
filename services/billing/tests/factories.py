"""Values for tests, each valid as it is; name what the test is about and leave the rest."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from billing.domain.catalogue import Catalogue, Frequency, Kind, Selection
from billing.domain.offer import Held
from billing.domain.period import Period, first_period
from chassis.money import Money

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BIG = {"activities": {"choice": "50000", "number": None}, "custom_reports": {"choice": "custom", "number": 3}}


def shipped() -> dict[str, Any]:
    """Read the catalogue as the package ships it, as plain JSON."""
    content: dict[str, Any] = json.loads(files("billing").joinpath("catalogue.json").read_text())
    return content


CATALOGUE = Catalogue.read(shipped())


def euros(minor: int) -> Money:
    return Money(amount_minor=minor, currency="EUR")


def paid(plan: str = "Plus", **changes: Any) -> Selection:
    """V3 / EM / Plus / 1000 contacts / monthly: 49.00 EUR."""
    return Selection(
        **{"pricing_version": "V3", "product": "EM", "plan": plan, "contacts": 1000, "frequency": Frequency.MONTHLY, **changes}
    )


def unpaid(plan: str = "Trial", **changes: Any) -> Selection:
    return Selection(**{"pricing_version": "V1", "product": "EM", "plan": plan, **changes})


def as_request(selection: Selection) -> dict[str, Any]:
    """Write the selection as the door hands it to the use case."""
    return asdict(selection)


def month(start: datetime = NOON) -> Period:
    return first_period(start, frequency=Frequency.MONTHLY, time_zone="Europe/Paris")


def held(selection: Selection | None = None, *, kind: Kind = Kind.PAID, period: Period | None = None, **changes: Any) -> Held:
    """Hold a paid account in its first month, bought at list price."""
    chosen = selection or paid()
    price = CATALOGUE.list_price(chosen, "EUR")
    return Held(**{"kind": kind, "selection": chosen, "per_cycle": price, "period": period or month(), **changes})
