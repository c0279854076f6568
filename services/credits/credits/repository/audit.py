"""What must be true of the whole ledger, each rule as a question for what breaks it: a row per breach, as text."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_BREACHES = 100
"""Of one rule: who has that many has no use for more."""


def breaches(session: Session, rule: str) -> Sequence[str]:
    """Give what breaks the rule."""
    return session.connection().execute(text(f"{RULES[rule]} LIMIT {MOST_BREACHES}")).scalars().all()


def prepaid_spent_by_payment(session: Session) -> Mapping[str, int]:
    """Give what each payment spent of prepaid, where it did."""
    rows = session.connection().execute(text(PREPAID_SPENT_BY_PAYMENT)).all()
    return {row.payment_id: int(row.units) for row in rows}


def granted_by_credit_note(session: Session) -> Mapping[str, int]:
    """Give what each credit note granted of prepaid, where it did."""
    rows = session.connection().execute(text(GRANTED_BY_CREDIT_NOTE)).all()
    return {row.credit_note_id: int(row.units) for row in rows}


RULES = {
    "every transaction has postings, and they sum to zero in every unit": """
        SELECT moved.id FROM transactions AS moved LEFT JOIN postings ON postings.transaction_id = moved.id
        GROUP BY moved.id HAVING count(postings.line) = 0
        UNION SELECT transaction_id FROM postings GROUP BY transaction_id, unit HAVING sum(units) <> 0
    """,
    "what is held is what the postings sum to": """
        SELECT concat_ws(' of ', coalesce(held.lot_id, posted.lot_id), coalesce(held.ledger_account_id, posted.ledger_account_id))
        FROM holdings AS held FULL JOIN (
            SELECT ledger_account_id, lot_id, sum(units) AS units
            FROM postings JOIN ledger_accounts AS sides ON sides.id = ledger_account_id AND sides.purpose <> 'issued'
            GROUP BY ledger_account_id, lot_id
        ) AS posted ON posted.ledger_account_id = held.ledger_account_id AND posted.lot_id = held.lot_id
        WHERE held.units IS DISTINCT FROM posted.units
    """,
    "nothing held is below zero": """
        SELECT concat_ws(' of ', lot_id, ledger_account_id) FROM holdings WHERE units < 0
    """,
    "what was spent, is held and expired of a lot is what came": """
        SELECT lots.id FROM lots LEFT JOIN (
            SELECT postings.lot_id,
                sum(postings.units) FILTER (WHERE sides.purpose <> 'issued') AS held,
                sum(postings.units) FILTER (WHERE sides.purpose = 'spent') AS spent,
                sum(postings.units) FILTER (WHERE sides.purpose = 'issued' AND moved.purpose = 'expiry') AS expired,
                -sum(postings.units) FILTER (WHERE sides.purpose = 'issued' AND moved.purpose IN ('purchase', 'grant')) AS came
            FROM postings
            JOIN ledger_accounts AS sides ON sides.id = postings.ledger_account_id
            JOIN transactions AS moved ON moved.id = postings.transaction_id
            GROUP BY postings.lot_id
        ) AS sums ON sums.lot_id = lots.id
        WHERE lots.units IS DISTINCT FROM sums.came OR lots.units <> coalesce(sums.held, 0) + coalesce(sums.expired, 0)
            OR coalesce(sums.spent, 0) NOT BETWEEN 0 AND lots.units
    """,
    "every posting is on a side of its movement, in the agency, kind and unit of its transaction": """
        SELECT concat_ws(' line ', moved.id, postings.line)
        FROM postings
        JOIN transactions AS moved ON moved.id = postings.transaction_id
        JOIN ledger_accounts AS sides ON sides.id = postings.ledger_account_id
        JOIN lots ON lots.id = postings.lot_id
        WHERE (moved.agency_id, moved.kind, moved.unit) <> (sides.agency_id, sides.kind, sides.unit) OR moved.unit <> lots.unit
            OR (sides.purpose, sign(postings.units)) NOT IN (
                SELECT 'issued', -1 WHERE moved.purpose IN ('purchase', 'grant')
                UNION ALL SELECT 'available', 1 WHERE moved.purpose IN ('purchase', 'grant', 'release', 'return', 'allocation', 'take_back')
                UNION ALL SELECT 'available', -1 WHERE moved.purpose IN ('reservation', 'expiry', 'allocation', 'take_back')
                UNION ALL SELECT 'available', -1 WHERE moved.purpose = 'spending' AND moved.kind <> 'prepaid'
                UNION ALL SELECT 'reserved', 1 WHERE moved.purpose = 'reservation'
                UNION ALL SELECT 'reserved', -1 WHERE moved.purpose = 'release'
                UNION ALL SELECT 'reserved', -1 WHERE moved.purpose = 'spending' AND moved.kind = 'prepaid'
                UNION ALL SELECT 'spent', 1 WHERE moved.purpose = 'spending'
                UNION ALL SELECT 'spent', -1 WHERE moved.purpose = 'return'
                UNION ALL SELECT 'issued', 1 WHERE moved.purpose = 'expiry'
            )
    """,
    "what is reserved waits for a payment, and what a settled payment reserved went where it was settled": """
        SELECT reservations.payment_id FROM reservations LEFT JOIN (
            SELECT moved.payment_id,
                coalesce(sum(postings.units) FILTER (WHERE moved.purpose = 'reservation'), 0) AS reserved,
                coalesce(-sum(postings.units) FILTER (WHERE moved.purpose = 'spending'), 0) AS spent,
                coalesce(-sum(postings.units) FILTER (WHERE moved.purpose = 'release'), 0) AS released
            FROM transactions AS moved
            JOIN postings ON postings.transaction_id = moved.id
            JOIN ledger_accounts AS sides ON sides.id = postings.ledger_account_id AND sides.purpose = 'reserved'
            GROUP BY moved.payment_id
        ) AS sums ON sums.payment_id = reservations.payment_id
        WHERE (coalesce(sums.spent, 0), coalesce(sums.released, 0)) <> (
            CASE WHEN reservations.state = 'posted' THEN coalesce(sums.reserved, 0) ELSE 0 END,
            CASE WHEN reservations.state = 'released' THEN coalesce(sums.reserved, 0) ELSE 0 END
        )
    """,
    "every credit note gave back what it says, or waits": """
        SELECT notes.id FROM credit_notes AS notes LEFT JOIN (
            SELECT moved.credit_note_id, sum(postings.units) AS units
            FROM transactions AS moved JOIN postings ON postings.transaction_id = moved.id AND postings.units > 0
            WHERE moved.purpose = 'return' GROUP BY moved.credit_note_id
        ) AS given ON given.credit_note_id = notes.id
        WHERE coalesce(given.units, 0) <> CASE notes.state WHEN 'returned' THEN notes.units ELSE 0 END
    """,
    "what can expire and is available waits to be taken off the books": """
        SELECT lots.id FROM lots
        WHERE lots.expires_at IS NOT NULL AND NOT EXISTS (SELECT FROM expiring_lots WHERE lot_id = lots.id) AND EXISTS (
            SELECT FROM holdings JOIN ledger_accounts AS sides ON sides.id = holdings.ledger_account_id AND sides.purpose = 'available'
            WHERE holdings.lot_id = lots.id AND holdings.units > 0
        )
    """,
    "an agency was told that its pot is low where it is, and only there": """
        SELECT concat_ws(' ', settings.agency_id, settings.kind) FROM settings LEFT JOIN (
            SELECT sides.agency_id, sides.kind, sides.unit, sum(holdings.units) AS units
            FROM ledger_accounts AS sides JOIN holdings ON holdings.ledger_account_id = sides.id
            WHERE sides.account_id IS NULL AND sides.purpose = 'available' GROUP BY 1, 2, 3
        ) AS held USING (agency_id, kind, unit)
        WHERE settings.is_low <> coalesce(coalesce(held.units, 0) <= settings.threshold, false)
    """,
}

PREPAID_SPENT_BY_PAYMENT = """
    SELECT moved.payment_id, sum(postings.units) AS units
    FROM transactions AS moved JOIN postings ON postings.transaction_id = moved.id AND postings.units > 0
    WHERE moved.purpose = 'spending' AND moved.kind = 'prepaid'
    GROUP BY moved.payment_id
"""

GRANTED_BY_CREDIT_NOTE = """
    SELECT moved.credit_note_id, sum(postings.units) AS units
    FROM transactions AS moved JOIN postings ON postings.transaction_id = moved.id AND postings.units > 0
    WHERE moved.purpose = 'grant'
    GROUP BY moved.credit_note_id
"""
