"""What is in which pot."""

import pytest

from chassis.ids import new_id
from credits import errors
from credits.domain import Kind

from .factories import Ledger


def test_every_pot_that_has_something_in_it_is_shown_with_its_lots(ledger: Ledger) -> None:
    first, second = sorted((new_id("acc"), new_id("acc")))
    ledger.buy(100)
    ledger.buy(50)
    ledger.buy(30, account_id=second)
    ledger.buy(20, account_id=first)
    shown = ledger.pots()
    assert (shown["currency"], shown["agency"]["units"], [lot.units_left for lot in shown["agency"]["lots"]]) == ("EUR", 150, [100, 50])
    assert [(pot["account_id"], pot["units"]) for pot in shown["accounts"]] == [(first, 20), (second, 30)]
    assert [pot["account_id"] for pot in ledger.pots(second)["accounts"]] == [second]


def test_an_agency_without_credit_has_empty_pots(ledger: Ledger) -> None:
    assert ledger.pots() == {"agency": {"units": 0, "lots": []}, "accounts": [], "currency": None}
    assert ledger.pots(currency="EUR")["currency"] == "EUR"
    assert ledger.pots(kind=Kind.SMS, currency="EUR")["currency"] is None


def test_pots_in_several_currencies_are_asked_for_one_by_one(ledger: Ledger) -> None:
    ledger.buy(100)
    ledger.buy(70, currency="USD")
    with pytest.raises(errors.CurrencyNeeded):
        ledger.pots()
    assert ledger.pots(currency="USD")["agency"]["units"] == 70
