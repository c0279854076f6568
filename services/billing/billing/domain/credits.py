"""Credit that is bought: prepaid for an amount, pieces by their number (R0.101)."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime

from billing import errors
from billing.domain.catalogue import Catalogue, CreditOnSale, Selection
from billing.domain.invoice import Line, LineReason
from chassis.money import Money

PREPAID = "prepaid"
SMS = "sms"
PIECES = {SMS: "SMS credits", "inbox_preview": "Inbox preview credits"}
"""The kinds that are bought by number, and what an invoice calls them."""

PREPAID_CREDIT = "Prepaid credit"
"""What an invoice calls prepaid."""

LOWEST_CREDIT_MINOR = 1
HIGHEST_CREDIT_MINOR = 100_000_000
"""One purchase of prepaid; a typing error of two digits more is refused rather than charged."""

SMS_ADD_ON = "sms"
PLAN_WITHOUT_SMS = "Starter"


def credit_lines(amount: Money) -> list[Line]:
    """Write the line for prepaid credit bought. Raises `AmountOutOfRange`."""
    if not LOWEST_CREDIT_MINOR <= amount.amount_minor <= HIGHEST_CREDIT_MINOR:
        raise errors.AmountOutOfRange(lowest=LOWEST_CREDIT_MINOR, highest=HIGHEST_CREDIT_MINOR)
    return [Line(description=PREPAID_CREDIT, reason=LineReason.CREDIT_PURCHASE, amount=amount, period=None)]


def piece_lines(on_sale: CreditOnSale, *, units: int, currency: str) -> list[Line]:
    """Write the line for so many pieces bought (R0.109, R0.112). Raises `UnitsNotOffered`, `CurrencyNotOffered`."""
    price = price_of(on_sale, units=units, currency=currency)
    return [Line(description=f"{PIECES[on_sale.kind]}: {units}", reason=LineReason.CREDIT_PURCHASE, amount=price, period=None)]


def price_of(on_sale: CreditOnSale, *, units: int, currency: str) -> Money:
    """Say what so many pieces cost. Raises `UnitsNotOffered` where that many cannot be bought at once, `CurrencyNotOffered`."""
    if not on_sale.minimum <= units <= on_sale.maximum or units % on_sale.step:
        raise errors.UnitsNotOffered(units=units, lowest=on_sale.minimum, highest=on_sale.maximum, step=on_sale.step)
    price = next((price for price in on_sale.prices if price.currency == currency), None)
    if price is None:
        raise errors.CurrencyNotOffered(currency=currency, allowed=[price.currency for price in on_sale.prices])
    return price.portion(units, on_sale.per)


def on_sale(catalogue: Catalogue, kind: str) -> CreditOnSale:
    """Find what pieces of this kind cost; raises `CreditNotOffered` where the catalogue has none."""
    found = next((each for each in catalogue.credits if each.kind == kind), None)
    if found is None:
        raise errors.CreditNotOffered(kind=kind, allowed=[PREPAID, *(each.kind for each in catalogue.credits)])
    return found


def number_on_sale(on_sale: CreditOnSale, *, wanted: int) -> int:
    """Give the smallest number of pieces on sale that is no less than what is wanted, or the largest there is."""
    return min(max(-(-wanted // on_sale.step) * on_sale.step, on_sale.minimum), on_sale.maximum)


def check_sms_on_plan(selection: Selection | None) -> None:
    """Raise `SmsNotOnPlan` unless the account has the SMS add-on, which Starter never has (R0.108)."""
    add_ons: Sequence[str] = () if selection is None else selection.add_ons
    if selection is None or selection.plan == PLAN_WITHOUT_SMS or SMS_ADD_ON not in add_ons:
        raise errors.SmsNotOnPlan(plan="no plan" if selection is None else selection.plan)


def expiry_of(on_sale: CreditOnSale, *, bought_at: datetime) -> datetime | None:
    """Say when pieces bought then expire: the same day so many months later, or that month's last; None: never."""
    if on_sale.months is None:
        return None
    years, month = divmod(bought_at.month - 1 + on_sale.months, 12)
    year, month = bought_at.year + years, month + 1
    return bought_at.replace(year=year, month=month, day=min(bought_at.day, monthrange(year, month)[1]))
