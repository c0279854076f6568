"""Plans by their numbers: one for each selection that the catalogue ever had, and never another's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import format_currency, format_decimal, get_currency_precision

from gateway.agency_api.asking import Asked, Said
from gateway.agency_api.words import MONTHS
from gateway.clients import Json, services
from gateway.errors import ParameterMissing

LOCALE = "en_US"
SANDBOX = "sandbox"
"""The kind of account that is free for ever: plan 0."""
PAID = "paid"
"""The kind that is billed."""
Identity = tuple[object, ...]
TERMS: Mapping[int, tuple[str, str, str]] = {0: ("Never", "", ""), 1: ("Monthly", "per month", "mo"), 12: ("Yearly", "per year", "yr")}
"""Months between payments → how that is called, at a price, and briefly."""


def identity_of(selection: Json) -> Identity:
    """What makes a selection the same: limits and add-ons do not."""
    return tuple(selection[name] for name in ("pricing_version", "product", "plan", "contacts", "frequency"))


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """Every plan that ever had a number; `on_sale` says whether it can be bought."""

    plans: list[Json]

    def plan_of(self, selection: Json) -> Json:
        """The plan of a selection: each has one, for only what is in a catalogue is ever sold."""
        return next(plan for plan in self.plans if identity_of(plan["selection"]) == identity_of(selection))

    def number_of(self, selection: Json) -> str:
        """The number of a selection."""
        return str(self.plan_of(selection)["id"])

    def selection_of(self, number: int, *, asked: Asked, name: str) -> Json:
        """The selection of a number; raises `ParameterInvalid` where none has it."""
        found = next((plan for plan in self.plans if plan["id"] == number), None)
        if found is None:
            raise asked.invalid(name, "account_plans shows the numbers there are")
        return dict(found["selection"])

    def wanted(self, asked: Asked) -> Json:
        """The selection that is asked for: of the plan, with what is given beside it in place of its own."""
        number = asked.number("plan")
        if number is None and not asked.flag("free"):
            raise ParameterMissing(action=asked.action, parameter="plan", place="as a number of account_plans, or free=1 with plan=0")
        if not number:
            if not asked.flag("free"):
                raise asked.invalid("plan", "plan 0 is that of a free account, and goes with free=1")
            return next(dict(plan["selection"]) for plan in self.plans if plan["kind"] == SANDBOX and plan["on_sale"])
        selection = self.selection_of(number, asked=asked, name="plan")
        contacts = asked.number("contacts")
        beside = {"product": asked.get("product"), "frequency": asked.get("frequency"), "contacts": contacts}
        return {**selection, **{name: value for name, value in beside.items() if value is not None}}


def numbered(agency_id: str) -> Numbered:
    """Ask for them."""
    return Numbered(plans=services().billing.ask("plans", agency_id=agency_id)["data"])


def shown(asked: Asked, wanted: Callable[[Json], bool]) -> Said:
    """Show the plans that are wanted, by number."""
    return Said(members={"plans": {str(plan["id"]): _described(plan) for plan in numbered(asked.caller.agency_id).plans if wanted(plan)}})


def _described(plan: Json) -> Json:
    selection, price = plan["selection"], plan["price"]
    months = MONTHS[selection["frequency"]]
    term, per, short = TERMS[months]
    whole, a_month = _decimal(price), _decimal(price, parts=months or 1)
    sends = plan["monthly_sends"]
    return {
        "id": str(plan["id"]),
        "term": str(months),
        "tier": selection["plan"],
        "price": str(whole),
        "currency": price["currency"],
        "price_formatted": format_currency(whole, price["currency"], locale=LOCALE),
        "limit_mail": str(sends or 0),
        "limit_mail_formatted": "Unlimited" if sends is None else format_decimal(sends, locale=LOCALE),
        "limit_sub": str(plan["contacts"]),
        "limit_sub_formatted": format_decimal(plan["contacts"], locale=LOCALE),
        "style": selection["product"],
        "type": plan["kind"],
        "emailtestcredits": "0",
        "smscredits": "0",
        "term_formatted": term,
        "term_formatted_per": per,
        "term_formatted_id": selection["frequency"] or "",
        "term_formatted_ly": term.lower(),
        "term_formatted_short": short,
        "price_permonth_formatted": format_currency(a_month, price["currency"], locale=LOCALE),
        "price_permonth_formatted_short": str(a_month),
        "price2show": str(whole),
        "price2show_formatted": format_currency(whole, price["currency"], locale=LOCALE),
    }


def _decimal(price: Json, *, parts: int = 1) -> Decimal:
    """A part of a price, in the currency's main unit and to its last digit."""
    unit = Decimal(1).scaleb(-get_currency_precision(price["currency"]))
    return (Decimal(price["amount"]) * unit / parts).quantize(unit, rounding=ROUND_HALF_EVEN)
