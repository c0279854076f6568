"""Invoices: numbered without gaps, shown as they stand, never changed; credit bought by them."""

from typing import Any

import pytest
from psycopg2.errors import CheckViolation, RestrictViolation, UniqueViolation
from sqlalchemy.exc import IntegrityError

from billing import errors
from billing.domain.invoice import InvoiceStatus, Line, LineReason, Purpose
from billing.usecases import credits as credits_
from billing.usecases import invoices
from chassis.errors import InvalidCursor
from chassis.ids import new_id
from chassis.money import Money

from .factories import euros
from .stage import Stage


def purchase(stage: Stage, amount: Money | None = None, **changes: Any) -> dict[str, Any]:
    request = {"agency_id": stage.agency_id, "billing_profile_id": None, "account_id": None, **changes}
    with stage.units.begin() as uow:
        return credits_.purchase_credits(uow, kind="prepaid", amount=amount or euros(5000), **request)


def shown(stage: Stage, invoice_id: str) -> dict[str, Any]:
    with stage.units.reading() as session:
        return invoices.invoice(session, agency_id=stage.agency_id, invoice_id=invoice_id)


def listed(stage: Stage, **changes: Any) -> Any:
    with stage.units.reading() as session:
        return invoices.invoices(session, **{"agency_id": stage.agency_id, "account_id": None, "limit": 50, "cursor": None, **changes})


def test_bought_credit_is_paid_by_card_alone(stage: Stage) -> None:
    stage.credits.available_minor = 100_000
    account_id = stage.an_account()
    bought = purchase(stage, account_id=account_id)
    assert (bought["status"], bought["purpose"], bought["total"]) == (InvoiceStatus.OPEN, Purpose.CREDIT_PURCHASE, euros(5000))
    stage.settle()
    paid = stage.emitted("invoice_paid")[-1]
    assert (paid["prepaid_minor"], paid["card_minor"]) == (0, 5000)
    assert paid["credit"] == {"kind": "prepaid", "units": 5000, "account_id": account_id, "expires_at": None}
    assert stage.charged_minor() == 5000


def test_credit_of_an_agency_has_no_account(stage: Stage) -> None:
    purchase(stage)
    stage.settle()
    assert stage.emitted("invoice_paid")[0]["credit"] == {"kind": "prepaid", "units": 5000, "account_id": None, "expires_at": None}


def test_what_cannot_be_bought_is_refused(stage: Stage) -> None:
    failed = stage.an_account()
    stage.deliver(stage.failed(failed))
    stage.settle()
    with pytest.raises(errors.AmountOutOfRange):
        purchase(stage, euros(0))
    with pytest.raises(errors.WrongCurrency):
        purchase(stage, Money(amount_minor=5000, currency="USD"))
    with pytest.raises(errors.BillingProfileNotFound):
        purchase(stage, billing_profile_id=new_id("bp"))
    with pytest.raises(errors.BillingProfileRequired):
        purchase(stage, agency_id=stage.an_agency())
    for account_id in (failed, new_id("acc")):
        with pytest.raises(errors.AccountNotFound):
            purchase(stage, account_id=account_id)


def test_an_invoice_is_shown_as_it_stands(stage: Stage) -> None:
    stage.credits.available_minor = 1000
    account_id = stage.an_account()
    invoice_id = stage.emitted("invoice_issued")[0]["invoice_id"]
    paid = shown(stage, invoice_id)
    assert (paid["number"], paid["status"], paid["account_id"]) == ("INV-000001", InvoiceStatus.PAID, account_id)
    assert (paid["paid_prepaid"], paid["paid_card"], paid["credited"]) == (euros(1000), euros(2920), euros(0))
    assert (paid["issued_at"], paid["paid_at"]) == (stage.clock(), stage.clock())
    [line] = paid["lines"]
    assert (line["description"], line["reason"], line["amount"]) == ("EM Plus, 1000 contacts, monthly", LineReason.NEW_PERIOD, euros(3920))
    stage.deliver(stage.failed(account_id))
    credited = shown(stage, invoice_id)
    assert (credited["status"], credited["credited"]) == (InvoiceStatus.CREDITED, euros(3920))


def test_another_agencys_invoice_is_not_found(stage: Stage) -> None:
    invoice_id = purchase(stage)["id"]
    stage.agency_id = stage.an_agency()
    with pytest.raises(errors.InvoiceNotFound):
        shown(stage, invoice_id)


def test_invoices_are_listed_newest_first_page_by_page(stage: Stage) -> None:
    """R0.19, R0.67, R0.68."""
    account_id = stage.an_account()
    for _ in range(3):
        purchase(stage)
    first = listed(stage, limit=3)
    rest = listed(stage, limit=3, cursor=first.next_cursor)
    assert sorted((each["number"] for each in [*first.data, *rest.data]), reverse=True) == [f"INV-00000{count}" for count in (4, 3, 2, 1)]
    assert (len(first.data), first.total, len(rest.data), rest.next_cursor) == (3, 4, 1, None)
    assert [each["account_id"] for each in listed(stage, account_id=account_id).data] == [account_id]
    assert listed(stage, agency_id=stage.an_agency()).total == 0
    with pytest.raises(InvalidCursor):
        listed(stage, cursor="nonsense")


def test_numbers_have_no_gaps_even_where_issuing_was_rolled_back(stage: Stage) -> None:
    def break_off() -> None:
        line = Line(description="Prepaid credit", reason=LineReason.CREDIT_PURCHASE, amount=euros(1), period=None)
        with stage.units.begin() as uow:
            invoices.issue(
                uow,
                agency_id=stage.agency_id,
                purpose=Purpose.CREDIT_PURCHASE,
                lines=[line],
                billing_profile_id=stage.profile_id,
                account_id=None,
                credit_kind="prepaid",
                credit_units=1,
            )
            raise RuntimeError

    for breaks in (False, True, True, False):
        if breaks:
            with pytest.raises(RuntimeError):
                break_off()
        else:
            purchase(stage)
    other = stage.an_agency()
    stage.a_profile(agency_id=other)
    assert purchase(stage, agency_id=other)["number"] == "INV-000001"
    assert sorted(each["number"] for each in listed(stage).data) == ["INV-000001", "INV-000002"]


@pytest.mark.parametrize("table", ["invoices", "invoice_lines", "credit_notes", "credit_note_lines", "catalogues"])
def test_what_was_issued_is_never_changed_nor_deleted(stage: Stage, table: str) -> None:
    stage.deliver(stage.failed(stage.an_account()))
    column = "version" if table == "catalogues" else "description" if table.endswith("_lines") else "currency"
    truncate = [] if table == "catalogues" else [f"TRUNCATE {table} CASCADE"]
    for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", *truncate):
        with pytest.raises(RestrictViolation):
            stage.database.execute(change)


@pytest.mark.parametrize("amount_minor", [1, 0])
def test_an_issued_invoice_gets_no_further_line(stage: Stage, amount_minor: int) -> None:
    invoice_id = purchase(stage)["id"]
    with pytest.raises(CheckViolation):
        stage.database.execute(
            "INSERT INTO invoice_lines (invoice_id, position, description, reason, amount_minor) VALUES (%s, 2, 'x', 'x', %s)",
            invoice_id,
            amount_minor,
        )


def test_an_invoice_whose_total_is_not_its_lines_is_not_issued(stage: Stage) -> None:
    columns = "agency_id, purpose, billing_profile_id, credit_kind, credit_units, currency, line_count, issued_at"
    purchase(stage)
    with pytest.raises(CheckViolation):
        stage.database.execute(f"INSERT INTO invoices (id, number, total_minor, {columns}) SELECT 'x', 'x', 1, {columns} FROM invoices")


def test_an_issued_credit_note_gets_no_further_line_and_has_the_total_of_its_lines(stage: Stage) -> None:
    stage.deliver(stage.failed(stage.an_account()))
    with pytest.raises(CheckViolation):
        stage.database.execute(
            "INSERT INTO credit_note_lines (credit_note_id, position, description, reason, amount_minor)"
            " SELECT id, 2, 'x', 'x', 0 FROM credit_notes"
        )
    columns = "agency_id, account_id, reason, currency, total_minor, prepaid_minor, card_minor, line_count, issued_at"
    with pytest.raises(CheckViolation):
        stage.database.execute(
            f"INSERT INTO credit_notes (id, number, granted_minor, {columns})"
            " SELECT 'x', 'x', total_minor, agency_id, account_id, 'plan_change', currency, total_minor, 0, 0, line_count, issued_at"
            " FROM credit_notes"
        )


def test_an_account_has_one_opening_invoice_and_an_invoice_one_live_payment(stage: Stage) -> None:
    stage.an_account()
    columns = "invoice_id, billing_profile_id, currency, amount_minor, prepaid_minor, card_minor, created_at, asked_at"
    with pytest.raises(UniqueViolation):
        stage.database.execute(f"INSERT INTO payments (id, attempt, status, {columns}) SELECT 'x', 2, 'pending', {columns} FROM payments")
    issued = stage.emitted("invoice_issued")[0]
    line = Line(description="again", reason=LineReason.NEW_PERIOD, amount=euros(1), period=None)
    quote_id = stage.a_quote()["id"]
    with pytest.raises(IntegrityError, match="uq_invoices_account_opening"), stage.units.begin() as uow:
        invoices.issue(
            uow,
            agency_id=stage.agency_id,
            purpose=Purpose.ACCOUNT_OPENING,
            lines=[line],
            billing_profile_id=stage.profile_id,
            account_id=issued["account_id"],
            quote_id=quote_id,
        )
