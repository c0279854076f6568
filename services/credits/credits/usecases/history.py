"""How credit came and went."""

from collections import defaultdict
from typing import Any

from sqlalchemy.orm import Session

from chassis.paging import Page, decode_cursor, encode_cursor
from credits import domain, repository
from credits.domain import Kind


def transactions(session: Session, *, agency_id: str, kind: Kind, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List every movement of the agency's credit of one kind, its accounts' included, newest first. Raises `InvalidCursor`."""
    before_id = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    rows = repository.transactions_of(session, agency_id=agency_id, kind=kind, before_id=before_id, limit=limit + 1)
    page = rows[:limit]
    postings = defaultdict(list)
    for posting in repository.postings_of(session, [row.id for row in page]):
        postings[posting.transaction_id].append(posting)
    return Page(
        data=[
            {
                "id": row.id,
                "kind": kind,
                "purpose": row.purpose,
                "units": sum(posting.units for posting in postings[row.id] if posting.units > 0),
                "currency": domain.currency_of(kind=kind, unit=row.unit),
                "invoice_id": row.invoice_id,
                "payment_id": row.payment_id,
                "credit_note_id": row.credit_note_id,
                "created_at": row.created_at,
                "postings": postings[row.id],
            }
            for row in page
        ],
        next_cursor=encode_cursor(page[-1].id) if len(rows) > limit else None,
        total=repository.count_transactions_of(session, agency_id=agency_id, kind=kind),
    )
