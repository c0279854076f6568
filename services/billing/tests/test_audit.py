"""The auditor finds what is wrong with the documents and the payments, whoever made it so."""

import pytest

from billing.usecases import credits as credits_
from chassis import audit
from chassis.ids import new_id
from chassis.testing import ServiceDatabase

from .stage import Stage

LINES = "an invoice is the sum of its lines"
LINES_OF_NOTES = "a credit note is the sum of its lines, and becomes credit only without an invoice"
OPEN = "an invoice is what was paid of it, what was taken back unpaid, and what is open"
PARTS = "a payment that succeeded is its prepaid and its card, and no more of either is given back"
CURRENCY = "a document, its lines' sum, its payments and what takes it back are in one currency"
REFUNDS = "a refund is the card's part of its credit note"
NUMBERS = "numbers have no gaps"
CHARGES = "the test provider charged for each payment what its card paid, and for nothing else"

TAKEN_BACK = "(SELECT invoice_id FROM credit_notes WHERE payment_id IS NOT NULL)"
UNGUARDED = "ALTER TABLE credit_notes DROP CONSTRAINT ck_credit_notes_granted_minor"
PAID = "(SELECT id FROM payments WHERE status = 'succeeded' AND card_minor > 0 AND prepaid_minor > 0 LIMIT 1)"

SECOND = """'{"id": "pay_second", "attempt": 2, "provider_charge_id": null}'"""
PAID_TWICE = f"INSERT INTO payments SELECT (jsonb_populate_record(payments, {SECOND})).* FROM payments WHERE id = {PAID}"


def live(stage: Stage) -> None:
    """Accounts paid by prepaid and card, one that failed after it was charged, one that was declined, credit bought."""
    stage.credits.available_minor = 1000
    stage.an_account()
    failing = stage.an_account()
    stage.settle()
    stage.deliver(stage.failed(failing))
    stage.settle()
    declined = stage.a_profile("pm_card_declined")
    with stage.units.begin() as uow:
        credits_.purchase_credits(uow, agency_id=stage.agency_id, kind="sms", units=100, billing_profile_id=declined, account_id=None)
    stage.settle()


def test_billing_that_has_lived_is_found_right(stage: Stage, database: ServiceDatabase) -> None:
    live(stage)
    report = audit.audit("billing", database.url)
    assert report.findings == []
    assert list(report.figures.values()) == [1000]


@pytest.mark.unsound("it is broken on purpose")
@pytest.mark.parametrize(
    ("harm", "rules"),
    [
        (f"UPDATE invoices SET total_minor = total_minor - 1 WHERE id = {TAKEN_BACK}", {LINES, OPEN}),
        ("DELETE FROM invoice_lines WHERE invoice_id = (SELECT max(id) FROM invoices)", {LINES}),
        ("UPDATE credit_note_lines SET amount_minor = amount_minor - 1", {LINES_OF_NOTES}),
        (f"{UNGUARDED}; UPDATE credit_notes SET granted_minor = 1", {LINES_OF_NOTES}),
        (PAID_TWICE, {OPEN}),
        ("UPDATE credit_notes SET card_minor = card_minor + 1, total_minor = total_minor + 1", {LINES_OF_NOTES, OPEN, PARTS, REFUNDS}),
        (f"UPDATE payments SET card_minor = card_minor + 1 WHERE id = {PAID}", {PARTS, CHARGES}),
        (f"UPDATE payments SET currency = 'USD' WHERE id = {PAID}", {CURRENCY, CHARGES}),
        ("UPDATE refunds SET amount_minor = amount_minor - 1", {REFUNDS}),
        ("UPDATE document_counters SET last = last + 1 WHERE series = 'CN'", {NUMBERS}),
        ("DELETE FROM invoices WHERE number = 'INV-000003'", {NUMBERS}),
        ("UPDATE test_provider_charges SET amount_minor = 1", {CHARGES}),
        ("INSERT INTO test_provider_charges VALUES ('ch_x', 'pay_x', 'pm_card_visa', 'EUR', 100, now())", {CHARGES}),
    ],
)
def test_each_rule_that_is_broken_on_purpose_is_named(stage: Stage, database: ServiceDatabase, harm: str, rules: set[str]) -> None:
    live(stage)
    for freed in (
        "DROP INDEX uq_payments_live",
        "ALTER TABLE payments DROP CONSTRAINT ck_payments_status",
        "ALTER TABLE credit_notes DROP CONSTRAINT ck_credit_notes_payment_id",
    ):
        database.execute(freed)
    database.execute(f"SET session_replication_role = replica; {harm}")
    assert {finding.partition(":")[0] for finding in audit.audit("billing", database.url).findings} == rules


def test_two_services_that_differ_are_both_quoted() -> None:
    payment_id = new_id("pay")
    one = audit.Report(package="billing", findings=[], figures={payment_id: 100, "pay_same": 7})
    other = audit.Report(package="credits", findings=[], figures={"pay_more": 5, "pay_same": 7})
    assert sorted(audit.differences([one, other])) == sorted(
        [f"{payment_id}: billing says 100, credits says 0", "pay_more: billing says 0, credits says 5"]
    )
