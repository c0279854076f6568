"""Until when a quote is good, and what an invoice says."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain import credits as credits_
from billing.domain import invoice, offer
from billing.domain.catalogue import Kind
from billing.domain.invoice import InvoiceStatus, LineReason
from billing.domain.offer import Held, QuoteState, opening_offer
from billing.domain.period import Period
from chassis.money import Money

from .factories import CATALOGUE, NOON, euros, held, month, paid, unpaid
from .test_domain_offers import change


@pytest.mark.parametrize(
    ("used", "superseded", "late", "state"),
    [
        (False, False, -1, QuoteState.OPEN),
        (False, False, 0, QuoteState.EXPIRED),
        (False, True, -1, QuoteState.EXPIRED),
        (True, True, 0, QuoteState.USED),
    ],
)
def test_a_quote_is_open_until_it_is_used_expires_or_its_plan_is_changed(
    used: bool, superseded: bool, late: int, state: QuoteState
) -> None:
    now = NOON + timedelta(seconds=late)
    assert offer.quote_state(used=used, superseded=superseded, expires_at=NOON, now=now) is state


def test_an_opening_invoice_has_a_line_for_the_first_period() -> None:
    made = opening_offer(CATALOGUE, selection=paid(), currency="EUR", discount_basis_points=2000)
    [line] = invoice.opening_lines(made, selection=paid(), period=month())
    assert (line.description, line.reason, line.amount) == ("EM Plus, 1000 contacts, monthly", LineReason.NEW_PERIOD, euros(3920))
    assert line.period == month()


def test_an_upgrade_invoice_has_two_lines_for_the_same_time() -> None:
    of, at = held(), NOON + timedelta(days=20)
    made = change(paid("Pro"), of=of, now=at)
    credit, charge = invoice.change_lines(made, held=of.selection, chosen=paid("Pro"), paid=of.period, period=month(), at=at)
    assert (credit.reason, charge.reason) == (LineReason.UNUSED_TIME, LineReason.REMAINING_TIME)
    assert credit.period == charge.period == Period(start=at, end=month().end)
    assert invoice.total_of([credit, charge]) == made.due_today == charge.amount + credit.amount


def test_a_trial_that_becomes_paid_has_nothing_to_credit() -> None:
    trial = Held(kind=Kind.TRIAL, selection=unpaid(), per_cycle=euros(0), period=None)
    made = change(paid(), of=trial)
    [line] = invoice.change_lines(made, held=unpaid(), chosen=paid(), paid=None, period=month(), at=NOON)
    assert (line.reason, line.amount, line.period) == (LineReason.NEW_PERIOD, euros(4900), month())


@pytest.mark.parametrize("amount_minor", [-1, 0, 100_000_001])
def test_credit_is_bought_within_limits(amount_minor: int) -> None:
    with pytest.raises(errors.AmountOutOfRange):
        credits_.credit_lines(euros(amount_minor))
    assert [line.amount for line in credits_.credit_lines(euros(5000))] == [euros(5000)]


@given(total=st.integers(0, 10**12), reserved=st.integers(-10, 10**12))
def test_prepaid_and_card_pay_exactly_the_total(total: int, reserved: int) -> None:
    if 0 <= reserved <= total:
        assert euros(reserved) + invoice.card_share(euros(total), reserved=euros(reserved)) == euros(total)
    else:
        with pytest.raises(errors.ReservationImpossible):
            invoice.card_share(euros(total), reserved=euros(reserved))


def test_a_reservation_in_another_currency_is_refused() -> None:
    with pytest.raises(errors.ReservationImpossible):
        invoice.card_share(euros(10), reserved=Money(amount_minor=1, currency="USD"))


def test_an_invoices_status_comes_from_its_payment_and_credit_note() -> None:
    statuses = [invoice.invoice_status(paid=paid_, credited=credited) for paid_, credited in [(False, False), (True, False), (True, True)]]
    assert statuses == [InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.CREDITED]


def test_numbers_are_padded_and_grow() -> None:
    assert [invoice.document_number("INV", count) for count in (1, 999_999, 1_000_000)] == ["INV-000001", "INV-999999", "INV-1000000"]
