"""What pots hold."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from chassis.money import Money
from credits import domain, errors, repository
from credits.domain import Kind, OpenLot, Purpose
from credits.usecases.movements import books_of, open_lot

HIGHEST_LOTS_SHOWN = 200


def balance(session: Session, *, agency_id: str, account_id: str | None, kind: Kind, currency: str | None) -> dict[str, Any]:
    """Tell what one pot holds: that of the account, or the agency's own where `account_id` is None (never both together).

    `units` can be spent, `reserved` waits for the outcome of payments; `balance` is `units` as money, None where there is no currency.
    Raises `CurrencyNeeded` where none is given and prepaid of several is held.
    """
    named = None if currency is None else domain.unit_of(kind=kind, currency=currency)
    rows = repository.pots(session, agency_id=agency_id, account_ids={account_id}, kind=kind, unit=named)
    units = {row.unit for row in rows} if named is None else {named}
    if len(units) > 1:
        raise errors.CurrencyNeeded(currencies=", ".join(sorted(units)))
    lots = books_of(rows).lots
    available = sorted(lots[Purpose.AVAILABLE], key=domain.spending_order)
    units_available = sum(lot.units_left for lot in available)
    money_in = next((domain.currency_of(kind=kind, unit=unit) for unit in units), None)
    return {
        "kind": kind,
        "balance": Money(amount_minor=units_available, currency=money_in) if money_in else None,
        "units": units_available,
        "reserved": sum(lot.units_left for lot in lots[Purpose.RESERVED]),
        "lots": available[:HIGHEST_LOTS_SHOWN],
    }


def pots(session: Session, *, agency_id: str, account_id: str | None, kind: Kind, currency: str | None) -> dict[str, Any]:
    """Tell what can be spent in every pot that has something in it: the agency's own, and each account's (or that of `account_id`).

    Lots are in the order they are spent; one that has expired is here until it is off the books. Raises `CurrencyNeeded` where no
    currency is given and prepaid of several is held.
    """
    named = None if currency is None else domain.unit_of(kind=kind, currency=currency)
    rows = repository.available_lots(session, agency_id=agency_id, account_id=account_id, kind=kind, unit=named)
    units = {row.unit for row in rows} if named is None else {named}
    if len(units) > 1:
        raise errors.CurrencyNeeded(currencies=", ".join(sorted(units)))
    lots = sorted(map(open_lot, rows), key=lambda lot: (lot.account_id or "", domain.spending_order(lot)))
    by_pot = {pot: list(held) for pot, held in groupby(lots, key=lambda lot: lot.account_id)}
    return {
        "agency": _pot(by_pot.pop(None, [])),
        "accounts": [{"account_id": pot, **_pot(held)} for pot, held in by_pot.items()],
        "currency": next((domain.currency_of(kind=kind, unit=unit) for unit in units), None),
    }


def _pot(lots: Sequence[OpenLot]) -> dict[str, Any]:
    return {"units": sum(lot.units_left for lot in lots), "lots": lots}
