"""How credit came and went."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credits.models import LedgerAccount, Posting, Transaction
from credits.repository.movements import Rows


def transactions_of(session: Session, *, agency_id: str, kind: str, before_id: str | None, limit: int) -> Sequence[Transaction]:
    """Give the agency's movements of one kind, newest first, `limit` of them from before `before_id`."""
    statement = select(Transaction).where(Transaction.agency_id == agency_id, Transaction.kind == kind)
    if before_id is not None:
        statement = statement.where(Transaction.id < before_id)
    return session.scalars(statement.order_by(Transaction.id.desc()).limit(limit)).all()


def count_transactions_of(session: Session, *, agency_id: str, kind: str) -> int:
    """Count the movements of one kind that the agency has."""
    where = (Transaction.agency_id == agency_id, Transaction.kind == kind)
    return session.execute(select(func.count()).select_from(Transaction).where(*where)).scalar_one()


def postings_of(session: Session, transaction_ids: Collection[str]) -> Rows:
    """Give transaction_id, account_id, purpose, lot_id and units of these transactions' postings, in order."""
    return session.execute(
        select(Posting.transaction_id, LedgerAccount.account_id, LedgerAccount.purpose, Posting.lot_id, Posting.units)
        .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
        .where(Posting.transaction_id.in_(transaction_ids))
        .order_by(Posting.transaction_id, Posting.line)
    ).all()
