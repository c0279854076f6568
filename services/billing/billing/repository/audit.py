"""What must be true of all documents and payments, each rule as a question for what breaks it: a row per breach, as text."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_BREACHES = 100
"""Of one rule: who has that many has no use for more."""


def breaches(session: Session, rule: str) -> Sequence[str]:
    """Give what breaks the rule."""
    return session.connection().execute(text(f"{RULES[rule]} LIMIT {MOST_BREACHES}")).scalars().all()


def prepaid_paid_by_payment(session: Session) -> Mapping[str, int]:
    """Give what each payment was paid of by prepaid, where it was."""
    rows = (
        session.connection().execute(text("SELECT id, prepaid_minor FROM payments WHERE status = 'succeeded' AND prepaid_minor > 0")).all()
    )
    return {row.id: int(row.prepaid_minor) for row in rows}


def granted_by_credit_note(session: Session) -> Mapping[str, int]:
    """Give what each credit note turned into prepaid of its account, where it did."""
    rows = session.connection().execute(text("SELECT id, granted_minor FROM credit_notes WHERE granted_minor > 0")).all()
    return {row.id: int(row.granted_minor) for row in rows}


RULES = {
    "an invoice is the sum of its lines": """
        SELECT invoices.id FROM invoices LEFT JOIN (
            SELECT invoice_id, sum(amount_minor) AS total, count(*) AS lines FROM invoice_lines GROUP BY invoice_id
        ) AS sums ON sums.invoice_id = invoices.id
        WHERE (invoices.total_minor, invoices.line_count) IS DISTINCT FROM (sums.total, sums.lines)
    """,
    "a credit note is the sum of its lines, and becomes credit only without an invoice": """
        SELECT notes.id FROM credit_notes AS notes LEFT JOIN (
            SELECT credit_note_id, sum(amount_minor) AS total, count(*) AS lines FROM credit_note_lines GROUP BY credit_note_id
        ) AS sums ON sums.credit_note_id = notes.id
        WHERE (notes.line_count > 0 AND (notes.total_minor, notes.line_count) IS DISTINCT FROM (sums.total, sums.lines))
            OR notes.granted_minor <> CASE WHEN notes.invoice_id IS NULL THEN notes.total_minor ELSE 0 END
    """,
    "an invoice is what was paid of it, what was taken back unpaid, and what is open": """
        SELECT invoices.id
        FROM invoices
        LEFT JOIN (
            SELECT invoice_id, sum(amount_minor) AS paid, count(*) AS times FROM payments WHERE status = 'succeeded' GROUP BY invoice_id
        ) AS payments ON payments.invoice_id = invoices.id
        LEFT JOIN (
            SELECT invoice_id, sum(total_minor) AS total, sum(prepaid_minor + card_minor) AS given_back
            FROM credit_notes GROUP BY invoice_id
        ) AS notes ON notes.invoice_id = invoices.id
        WHERE payments.times > 1 OR coalesce(payments.paid, 0) NOT IN (0, invoices.total_minor)
            OR coalesce(notes.total, 0) > invoices.total_minor OR coalesce(notes.given_back, 0) > coalesce(payments.paid, 0)
            OR invoices.total_minor - coalesce(payments.paid, 0) - coalesce(notes.total, 0) + coalesce(notes.given_back, 0) < 0
    """,
    "a payment that succeeded is its prepaid and its card, and no more of either is given back": """
        SELECT payments.id FROM payments LEFT JOIN (
            SELECT payment_id, sum(prepaid_minor) AS prepaid, sum(card_minor) AS card FROM credit_notes GROUP BY payment_id
        ) AS back ON back.payment_id = payments.id
        WHERE (payments.status = 'succeeded' AND payments.prepaid_minor + payments.card_minor <> payments.amount_minor)
            OR least(payments.prepaid_minor, payments.card_minor) < 0
            OR coalesce(back.prepaid, 0) > payments.prepaid_minor OR coalesce(back.card, 0) > payments.card_minor
            OR (back.payment_id IS NOT NULL AND payments.status <> 'succeeded')
    """,
    "a document, its lines' sum, its payments and what takes it back are in one currency": """
        SELECT invoices.id FROM invoices
        WHERE EXISTS (SELECT FROM payments WHERE invoice_id = invoices.id AND currency <> invoices.currency)
            OR EXISTS (SELECT FROM credit_notes WHERE invoice_id = invoices.id AND currency <> invoices.currency)
    """,
    "a refund is the card's part of its credit note": """
        SELECT refunds.credit_note_id FROM refunds LEFT JOIN credit_notes AS notes ON notes.id = refunds.credit_note_id
        WHERE (refunds.amount_minor, refunds.currency) IS DISTINCT FROM (notes.card_minor, notes.currency)
    """,
    "numbers have no gaps": """
        SELECT concat_ws(' ', coalesce(counters.agency_id, used.agency_id), coalesce(counters.series, used.series))
        FROM document_counters AS counters FULL JOIN (
            SELECT agency_id, split_part(number, '-', 1) AS series, count(*) AS documents,
                max(split_part(number, '-', 2)::bigint) AS highest
            FROM (SELECT agency_id, number FROM invoices UNION ALL SELECT agency_id, number FROM credit_notes) AS documents
            GROUP BY 1, 2
        ) AS used ON used.agency_id = counters.agency_id AND used.series = counters.series
        WHERE counters.last IS DISTINCT FROM used.documents OR used.documents <> used.highest
    """,
    "the test provider charged for each payment what its card paid, and for nothing else": """
        SELECT charges.idempotency_key FROM test_provider_charges AS charges LEFT JOIN payments ON payments.id = charges.idempotency_key
        WHERE payments.id IS NULL OR payments.status = 'failed' OR (payments.status = 'succeeded' AND
            (payments.provider_charge_id, payments.card_minor, payments.currency)
                IS DISTINCT FROM (charges.id, charges.amount_minor, charges.currency))
    """,
}
