"""What a catalogue has to be besides its shape: every fault of it, each with its place, so that all can be mended at once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from billing.domain.catalogue import Frequency
from billing.domain.credits import PIECES

Content = Mapping[str, Any]
FREQUENCIES = [each.value for each in Frequency]

EVERY_PRICE = "Every tier, option and add-on has a price per frequency and currency, in the order of `currencies`."
EVERY_CREDIT = "Every kind of credit is on sale once, with a price per currency, in the order of `currencies`."
STEPS = "The lowest and the highest number are reached by steps."
IN_DETAIL = frozenset({EVERY_PRICE, EVERY_CREDIT, STEPS})
"""What the shape says of the whole; the rules say it of each place."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong at a place of the data: names of members and positions in lists, joined by dots."""

    path: str
    message: str


def faults_of(content: Content, *, last: int) -> list[Fault]:
    """Find everything wrong with a catalogue of the right shape that is to follow the version `last`; nothing: it may be published."""
    return [
        *_number(content, last),
        *_repeated(content["currencies"], "currencies"),
        *_repeated(content["languages"], "languages"),
        *_repeated(_codes(content["pricing_versions"]), "pricing_versions"),
        *_discounts(content),
        *_credits(content),
        *(
            fault
            for path, version in _each(content["pricing_versions"], "pricing_versions")
            for fault in _version(version, path, content["currencies"])
        ),
    ]


def _number(content: Content, last: int) -> Iterator[Fault]:
    if content["version"] != last + 1:
        yield Fault(path="version", message=f"The next version is {last + 1}: what is published never changes, and no number is left out.")


def _discounts(content: Content) -> Iterator[Fault]:
    known = _codes(content["pricing_versions"])
    for path, discount in _each(content["migration_discounts"], "migration_discounts"):
        for end in ("from_pricing_version", "to_pricing_version"):
            if discount[end] not in known:
                yield Fault(path=f"{path}.{end}", message=f"There is no pricing version {discount[end]}.")


def _credits(content: Content) -> Iterator[Fault]:
    """What is wrong with the pieces on sale (R0.109, R0.112): every kind, at whole prices, in numbers that can be reached."""
    kinds = [each["kind"] for each in content["credits"]]
    yield from _repeated(kinds, "credits")
    for kind in PIECES:
        if kind not in kinds:
            yield Fault(path="credits", message=f"{kind} is not on sale: every kind of credit that is counted in pieces is.")
    for place, each in _each(content["credits"], "credits"):
        yield from _currencies(each["prices"], f"{place}.prices", content["currencies"])
        for at, price in enumerate(each["prices"]):
            if price["amount"] <= 0:
                yield Fault(path=f"{place}.prices.{at}.amount", message="A price of credit is more than nothing.")
        if each["maximum"] < each["minimum"]:
            yield Fault(path=f"{place}.maximum", message=f"The highest number, {each['maximum']}, is below the lowest, {each['minimum']}.")
        for end in ("minimum", "maximum"):
            if each[end] % each["step"]:
                yield Fault(path=f"{place}.{end}", message=f"{each[end]} is not reached by steps of {each['step']}.")
        if each["step"] % each["per"]:
            message = f"A price is for {each['per']}, so a step is a multiple of that: by {each['step']}, prices would be rounded."
            yield Fault(path=f"{place}.step", message=message)


def _version(version: Content, path: str, currencies: Sequence[str]) -> Iterator[Fault]:
    yield from _repeated(_codes(version["products"]), f"{path}.products")
    for place, product in _each(version["products"], f"{path}.products"):
        for name in ("plans", "limits", "add_ons"):
            yield from _repeated(_codes(product[name]), f"{place}.{name}")
        yield from _add_ons(product, place)
        yield from _limits(product, place)
        for priced, prices in _priced(product, place):
            yield from _prices(prices, f"{priced}.prices", currencies)


def _add_ons(product: Content, path: str) -> Iterator[Fault]:
    plans = _codes(product["plans"])
    for place, add_on in _each(product["add_ons"], f"{path}.add_ons"):
        for at, plan in enumerate(add_on["plans"]):
            if plan not in plans:
                yield Fault(path=f"{place}.plans.{at}", message=f"The product has no plan {plan}.")


def _limits(product: Content, path: str) -> Iterator[Fault]:
    for place, limit in _each(product["limits"], f"{path}.limits"):
        if any(smaller["number"] >= larger["number"] for smaller, larger in pairwise(limit["options"])):
            yield Fault(path=f"{place}.options", message="The options go from the smallest to the largest.")


def _priced(product: Content, path: str) -> Iterator[tuple[str, Content]]:
    """Everything of the product that has prices, with its place."""
    for place, plan in _each(product["plans"], f"{path}.plans"):
        yield from ((where, tier["prices"]) for where, tier in _each(plan["tiers"], f"{place}.tiers"))
    for place, limit in _each(product["limits"], f"{path}.limits"):
        yield from ((where, option["prices"]) for where, option in _each(limit["options"], f"{place}.options"))
        yield f"{place}.custom", limit["custom"]["prices"]
    yield from ((where, add_on["prices"]) for where, add_on in _each(product["add_ons"], f"{path}.add_ons"))


def _prices(prices: Content, path: str, currencies: Sequence[str]) -> Iterator[Fault]:
    for frequency in FREQUENCIES:
        if frequency not in prices:
            yield Fault(path=f"{path}.{frequency}", message="Everything has a price for every frequency.")
            continue
        yield from _currencies(prices[frequency], f"{path}.{frequency}", currencies)
        for at, price in enumerate(prices[frequency]):
            if price["amount"] < 0:
                yield Fault(path=f"{path}.{frequency}.{at}.amount", message="No price is negative.")


def _currencies(prices: Sequence[Content], path: str, currencies: Sequence[str]) -> Iterator[Fault]:
    told = [price["currency"] for price in prices]
    if told != list(currencies):
        message = f"Everything has a price in {', '.join(currencies)}, in this order; here: {', '.join(told) or 'none'}."
        yield Fault(path=path, message=message)


def _repeated(values: Iterable[str], path: str) -> Iterator[Fault]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Fault(path=path, message=f"{value} is there {times} times.")


def _codes(entries: Iterable[Content]) -> list[str]:
    return [entry["code"] for entry in entries]


def _each(entries: Sequence[Content], path: str) -> Iterator[tuple[str, Content]]:
    """Every entry of a list with its place."""
    return ((f"{path}.{at}", entry) for at, entry in enumerate(entries))
