"""Statements: each month closes with what the next one opens with, and what is open is what the invoices say."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import errors
from billing.domain.months import month_named, months_between, name_of_month, next_first
from billing.domain.offer import Effective
from billing.domain.statement import Movements, closing_of
from billing.usecases import invoices, renewals, statements

from .factories import euros, paid
from .stage import Stage

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001  aware at once
SUMS = ("invoiced", "paid_prepaid", "paid_card", "credited", "refunded_prepaid", "refunded_card", "granted")


def statement(stage: Stage, month: str) -> dict[str, Any]:
    with stage.units.begin() as uow:
        return statements.statement(uow, agency_id=stage.agency_id, month=month)


def open_now(stage: Stage) -> int:
    with stage.units.reading() as session:
        page = invoices.invoices(session, agency_id=stage.agency_id, account_id=None, limit=200, cursor=None)
    return sum(each["open"].amount_minor for each in page.data)


def a_life(stage: Stage) -> None:
    """Months with prepaid, a failed account, a downgrade at once, renewals paid, and one that is declined."""
    stage.credits.available_minor = 5_000
    going_down, failing = stage.an_account(paid("Enterprise")), stage.an_account()
    stage.deliver(stage.failed(failing))
    stage.settle()
    stage.clock.advance(days=10)
    quote = stage.a_quote(paid("Starter"), account_id=going_down, effective=Effective.NOW)
    stage.deliver(stage.told("account_downgraded", going_down, quote_id=quote["id"]))
    for token in ("pm_card_visa", "pm_card_declined"):
        profile_id = stage.a_profile(token)
        stage.deliver(stage.told("account_updated", going_down, changes={"billing_profile_id": profile_id}, minute=1))
        stage.clock.advance(days=31)
        with stage.units.begin() as uow:
            renewals.renew_due_subscriptions(uow, limit=10)
        stage.settle()


def test_a_month_closes_with_what_the_next_one_opens_with_and_with_what_is_open(stage: Stage) -> None:
    """R0.67."""
    a_life(stage)
    with stage.units.begin() as uow:
        page = statements.statements(uow, agency_id=stage.agency_id, limit=2, cursor=None)
        rest = statements.statements(uow, agency_id=stage.agency_id, limit=2, cursor=page.next_cursor)
    months = [each["month"] for each in reversed([*page.data, *rest.data])]
    assert (len(months), page.total, rest.next_cursor) == (4, 4, None)
    assert [each["is_final"] for each in page.data] == [False, True]
    told = [statement(stage, month) for month in months]
    assert told[0]["opening"] == euros(0)
    for one, following in pairwise(told):
        assert one["closing"] == following["opening"]
    assert told[-1]["closing"] == euros(open_now(stage)) == euros(1200)
    first = told[0]
    assert [first[name] for name in ("paid_prepaid", "credited", "refunded_card")] == [euros(5000), euros(3920), euros(3920)]
    total = {name: sum(each[name].amount_minor for each in told) for name in SUMS}
    [sums] = stage.database.query("SELECT sum(total_minor) AS minor FROM invoices")
    assert total["invoiced"] == sums["minor"]
    assert total["granted"] == sum(each["granted_minor"] for each in stage.emitted("credit_note_issued")) > 0
    assert total["paid_card"] - total["refunded_card"] == stage.charged_minor()


def test_there_are_statements_from_the_first_document_until_now(stage: Stage) -> None:
    stage.an_account()
    this_month = name_of_month(stage.clock())
    assert statement(stage, this_month)["is_final"] is False
    for month in ("2019-12", name_of_month(next_first(stage.clock()))):
        with pytest.raises(errors.StatementNotFound):
            statement(stage, month)


def test_an_agency_without_documents_has_an_empty_statement_of_this_month(stage: Stage) -> None:
    with stage.units.begin() as uow:
        [only] = statements.statements(uow, agency_id=stage.agency_id, limit=50, cursor=None).data
    told = statement(stage, only["month"])
    assert {told[name] for name in ("opening", *SUMS, "closing")} == {euros(0)}


@given(first=MOMENTS, last=MOMENTS)
def test_months_follow_one_another_without_gap(first: datetime, last: datetime) -> None:
    first, last = sorted((first, last))
    months = [month_named(name) for name in reversed(months_between(first, last))]
    assert months[0].start <= first < months[0].end
    assert months[-1].start <= last < months[-1].end == next_first(last)
    for one, following in pairwise(months):
        assert one.end == following.start


@given(opening=st.integers(0, 10**6), invoiced=st.integers(0, 10**6), prepaid=st.integers(0, 10**6), card=st.integers(0, 10**6))
def test_what_was_paid_and_then_taken_back_leaves_nothing_open(opening: int, invoiced: int, prepaid: int, card: int) -> None:
    paid_and_back = Movements(
        invoiced=invoiced + prepaid + card,
        paid_prepaid=prepaid,
        paid_card=card,
        credited=prepaid + card,
        refunded_prepaid=prepaid,
        refunded_card=card,
        granted=0,
    )
    assert closing_of(opening, paid_and_back) == opening + invoiced
