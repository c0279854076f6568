"""How credit came and went."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from credits.models import LedgerAccount, Posting
from credits.repository.movements import Rows


def transactions_of(
    session: Session,
    *,
    agency_id: str,
    kind: str,
    account_id: str | None,
    purposes: Collection[str] | None,
    before_id: str | None,
    limit: int,
) -> Rows:
    """Give the agency's movements of one kind, newest first, `limit` of them from before `before_id`.

    Those of one account's pot where `account_id` is given, those for `purposes` where they are. A row is a transaction, and as `balance`
    what the pot asked for (the account's, else the agency's own) had available after it.
    """
    wanted = {
        "agency_id": agency_id,
        "kind": kind,
        "account_id": account_id,
        "purposes": None if purposes is None else list(purposes),
        "before_id": before_id,
        "limit": limit,
    }
    return session.connection().execute(TRANSACTIONS, wanted).all()


def count_transactions_of(session: Session, *, agency_id: str, kind: str, account_id: str | None, purposes: Collection[str] | None) -> int:
    """Count what `transactions_of` lists."""
    wanted = {
        "agency_id": agency_id,
        "kind": kind,
        "account_id": account_id,
        "purposes": None if purposes is None else list(purposes),
    }
    return int(session.connection().execute(COUNT_TRANSACTIONS, wanted).scalar_one())


def postings_of(session: Session, transaction_ids: Collection[str]) -> Rows:
    """Give transaction_id, account_id, purpose, lot_id and units of these transactions' postings, in order."""
    return session.execute(
        select(Posting.transaction_id, LedgerAccount.account_id, LedgerAccount.purpose, Posting.lot_id, Posting.units)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(Posting.transaction_id.in_(transaction_ids))
        .order_by(Posting.transaction_id, Posting.line)
    ).all()


def statement_of(session: Session, *, agency_id: str, kind: str, unit: str, start: datetime, end: datetime) -> Row[Any]:
    """Sum up what the agency and its accounts had (`opening`: before `start`) and what came and went until before `end`, by movement.

    Had is what was available or reserved: credit is spent when its payment succeeded.
    """
    wanted = {"agency_id": agency_id, "kind": kind, "unit": unit, "start": start, "end": end}
    return session.connection().execute(STATEMENT, wanted).one()


OF_LIST = """
    moved.agency_id = :agency_id AND moved.kind = :kind
    AND (CAST(:purposes AS varchar[]) IS NULL OR moved.purpose = ANY(CAST(:purposes AS varchar[])))
    AND (CAST(:account_id AS varchar) IS NULL OR EXISTS (
        SELECT FROM postings JOIN ledger_accounts AS pots ON pots.id = postings.ledger_account_id
        WHERE postings.transaction_id = moved.id AND pots.account_id = :account_id
    ))
"""

COUNT_TRANSACTIONS = text(f"SELECT count(*) FROM transactions AS moved WHERE {OF_LIST}")  # noqa: S608  OF_LIST is written above

TRANSACTIONS = text(f"""
    WITH page AS (
        SELECT * FROM transactions AS moved WHERE {OF_LIST} AND (CAST(:before_id AS varchar) IS NULL OR moved.id < :before_id)
        ORDER BY moved.id DESC LIMIT :limit
    ), pot AS (
        SELECT id, unit FROM ledger_accounts
        WHERE agency_id = :agency_id AND kind = :kind AND purpose = 'available'
            AND account_id IS NOT DISTINCT FROM CAST(:account_id AS varchar)
    ), held AS (
        SELECT pot.unit, sum(holdings.units) AS units FROM pot JOIN holdings ON holdings.ledger_account_id = pot.id GROUP BY pot.unit
    ), changes AS (
        SELECT id, unit, sum(units) AS units
        FROM (
            SELECT id, unit, 0 AS units FROM page
            UNION ALL
            SELECT newer.id, newer.unit, postings.units
            FROM transactions AS newer
            JOIN postings ON postings.transaction_id = newer.id
            JOIN pot ON pot.id = postings.ledger_account_id
            WHERE newer.agency_id = :agency_id AND newer.kind = :kind AND newer.id >= (SELECT min(id) FROM page)
        ) AS lines
        GROUP BY id, unit
    ), since AS (
        SELECT id, sum(units) OVER (PARTITION BY unit ORDER BY id DESC) - units AS units FROM changes
    )
    SELECT page.*, coalesce(held.units, 0) - since.units AS balance
    FROM page JOIN since ON since.id = page.id LEFT JOIN held ON held.unit = page.unit
    ORDER BY page.id DESC
""")  # noqa: S608  OF_LIST is written above
"""One statement, so that the balance now and what came since are of one moment."""

STATEMENT = text("""
    SELECT
        coalesce(sum(postings.units) FILTER (WHERE moved.created_at < :start), 0) AS opening,
        coalesce(sum(postings.units) FILTER (WHERE moved.created_at >= :start AND moved.purpose = 'purchase'), 0) AS purchased,
        coalesce(sum(postings.units) FILTER (WHERE moved.created_at >= :start AND moved.purpose = 'grant'), 0) AS granted,
        coalesce(sum(postings.units) FILTER (WHERE moved.created_at >= :start AND moved.purpose = 'return'), 0) AS returned,
        -coalesce(sum(postings.units) FILTER (WHERE moved.created_at >= :start AND moved.purpose = 'spending'), 0) AS spent,
        -coalesce(sum(postings.units) FILTER (WHERE moved.created_at >= :start AND moved.purpose = 'expiry'), 0) AS expired,
        coalesce(sum(postings.units), 0) AS closing
    FROM transactions AS moved
    JOIN postings ON postings.transaction_id = moved.id
    JOIN ledger_accounts AS pots ON pots.id = postings.ledger_account_id AND pots.purpose IN ('available', 'reserved')
    WHERE moved.agency_id = :agency_id AND moved.kind = :kind AND moved.unit = :unit AND moved.created_at < :end
""")
