"""Questions about invoices and what takes them back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Row, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from billing.models import (
    Account,
    CreditNote,
    DocumentCounter,
    Invoice,
    InvoiceLine,
    Payment,
)
from billing.repository.lists import paged, rows_before
from chassis.paging import Page

INVOICE_IN_FULL = (
    *(selectinload(Invoice.lines), selectinload(Invoice.payments)),
    *(selectinload(Invoice.credit_note), selectinload(Invoice.account)),
)
PAID = exists().where(Payment.invoice_id == Invoice.id, Payment.status == "succeeded")
CREDITED = exists().where(CreditNote.invoice_id == Invoice.id)
OF_STATUS = {"open": ~PAID & ~CREDITED, "paid": PAID & ~CREDITED, "credited": CREDITED}
"""The statuses, as `domain.invoice_status` tells them."""

TAKE_NUMBERS = text("""
    INSERT INTO document_counters AS c (agency_id, series, last)
    SELECT agency_id, :series, number FROM unnest(CAST(:agency_ids AS text[]), CAST(:counts AS bigint[])) AS wanted (agency_id, number)
    ORDER BY agency_id
    ON CONFLICT (agency_id, series) DO UPDATE SET last = c.last + excluded.last
    RETURNING agency_id, last
""")


def invoice(session: Session, *, invoice_id: str) -> Invoice:
    """Give an invoice that is known to be there, without its lines."""
    return session.get_one(Invoice, invoice_id)


def invoice_in_full(session: Session, *, agency_id: str, invoice_id: str) -> Invoice | None:
    """Find the agency's invoice with its lines, payments and credit note."""
    return session.scalar(select(Invoice).where(Invoice.id == invoice_id, Invoice.agency_id == agency_id).options(*INVOICE_IN_FULL))


def invoices_page(
    session: Session,
    *,
    agency_id: str,
    account_id: str | None,
    limit: int,
    cursor: str | None,
    account_name: str | None = None,
    status: str | None = None,
    issued_from: datetime | None = None,
    issued_before: datetime | None = None,
) -> Page[Invoice]:
    """List the agency's invoices in full, newest first, or those that all of what is given fits (R0.67, R0.68).

    `account_name` is part of the account's name as accounts are called: in lower case.
    """
    wanted = select(Invoice).where(Invoice.agency_id == agency_id)
    if account_id is not None:
        wanted = wanted.where(Invoice.account_id == account_id)
    if account_name is not None:
        wanted = wanted.join(Account, Account.id == Invoice.account_id).where(Account.name.contains(account_name, autoescape=True))
    if status is not None:
        wanted = wanted.where(OF_STATUS[status])
    if issued_from is not None:
        wanted = wanted.where(Invoice.issued_at >= issued_from)
    if issued_before is not None:
        wanted = wanted.where(Invoice.issued_at < issued_before)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(rows_before(wanted, Invoice.id, limit=limit, cursor=cursor).options(*INVOICE_IN_FULL)).all()
    return paged(rows, [row.id for row in rows], limit=limit, total=total)


def lines_of(session: Session, *, invoice_id: str) -> Sequence[InvoiceLine]:
    """List the lines of an invoice, in order."""
    return session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)).all()


def opening_invoice(session: Session, *, account_id: str) -> Invoice | None:
    """Find the invoice that the account was opened with; there is one at most."""
    return session.scalar(select(Invoice).where(Invoice.account_id == account_id, Invoice.purpose == "account_opening"))


def dunned_invoices(session: Session, *, agency_id: str) -> Sequence[Row[Invoice, str | None]]:
    """List the agency's open invoices of renewals and changes of plan, with the names of their accounts, unless a payment is under way."""
    under_way = exists().where(Payment.invoice_id == Invoice.id, Payment.status == "pending")
    question = (
        select(Invoice, Account.name)
        .join(Account, Account.id == Invoice.account_id)
        .where(Invoice.agency_id == agency_id, Invoice.purpose.in_(["renewal", "plan_change"]), OF_STATUS["open"], ~under_way)
        .order_by(Invoice.id)
    )
    return session.execute(question).all()


def credit_note(session: Session, *, credit_note_id: str) -> CreditNote:
    """Give a credit note that is known to be there."""
    return session.get_one(CreditNote, credit_note_id)


def take_numbers(session: Session, counts: Mapping[str, int], *, series: str) -> dict[str, int]:
    """Take as many numbers of a series of each agency, and give the first of them; in one order, so that nobody waits for one another."""
    wanted = {"agency_ids": sorted(counts), "counts": [counts[agency_id] for agency_id in sorted(counts)], "series": series}
    return {row.agency_id: row.last - counts[row.agency_id] + 1 for row in session.execute(TAKE_NUMBERS, wanted)}


def next_number(session: Session, *, agency_id: str, series: str) -> int:
    """Take the next number of an agency's series. Others wait until this transaction ends; if it is undone, so is the number."""
    first = insert(DocumentCounter).values(agency_id=agency_id, series=series, last=1)
    following = first.on_conflict_do_update(
        index_elements=[DocumentCounter.agency_id, DocumentCounter.series], set_={"last": DocumentCounter.last + 1}
    )
    return session.scalars(following.returning(DocumentCounter.last)).one()
