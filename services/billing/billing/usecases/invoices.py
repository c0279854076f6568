"""Invoices and what takes them back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.domain.invoice import (
    CreditReason,
    InvoiceStatus,
    Line,
    LineReason,
    PaymentStatus,
    Purpose,
    document_number,
    folded,
    invoice_status,
    total_of,
)
from billing.domain.months import month_named
from billing.domain.period import Period
from chassis.ids import new_id
from chassis.money import Money
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork


def issue(
    uow: UnitOfWork,
    *,
    agency_id: str,
    purpose: Purpose,
    lines: Sequence[Line],
    billing_profile_id: str | None,
    account_id: str | None,
    quote_id: str | None = None,
    credit_kind: str | None = None,
    credit_units: int | None = None,
    credit_expires_at: datetime | None = None,
) -> models.Invoice:
    """Issue an invoice under the agency's next number; collecting it follows from the fact."""
    total = total_of(lines)
    invoice = models.Invoice(
        id=new_id("inv"),
        agency_id=agency_id,
        number=document_number("INV", repository.next_number(uow.session, agency_id=agency_id, series="INV")),
        purpose=purpose,
        account_id=account_id,
        billing_profile_id=billing_profile_id,
        quote_id=quote_id,
        credit_kind=credit_kind,
        credit_units=credit_units,
        credit_expires_at=credit_expires_at,
        currency=total.currency,
        total_minor=total.amount_minor,
        line_count=len(lines),
        issued_at=uow.now_of(agency_id),
        lines=[models.InvoiceLine(**_columns_of(line, position)) for position, line in enumerate(lines, start=1)],
        issued_to=_addressee(uow, agency_id=agency_id, billing_profile_id=billing_profile_id),
        payments=[],
        credit_note=None,
        account=None if account_id is None else uow.session.get(models.Account, account_id),
    )
    uow.session.add(invoice)
    uow.session.flush()
    uow.emit(
        events.InvoiceIssued(
            subject=invoice.id,
            agency_id=agency_id,
            invoice_id=invoice.id,
            number=invoice.number,
            purpose=purpose,
            account_id=account_id,
            billing_profile_id=billing_profile_id,
            total_minor=invoice.total_minor,
            currency=invoice.currency,
        )
    )
    return invoice


def credit(uow: UnitOfWork, *, invoice: models.Invoice, payment: models.Payment | None) -> None:
    """Take an invoice back in full; what `payment` paid of it, if it did, goes back the way it came, as follows from the fact."""
    paid = payment if payment is not None and payment.status == PaymentStatus.SUCCEEDED else None
    lines = [_line_of(row, invoice.currency) for row in repository.lines_of(uow.session, invoice_id=invoice.id)]
    _issue_credit_note(
        uow,
        agency_id=invoice.agency_id,
        reason=CreditReason.TAKEN_BACK,
        lines=lines,
        account_id=invoice.account_id,
        issued_to=invoice.issued_to,
        invoice_id=invoice.id,
        payment_id=None if paid is None else paid.id,
        prepaid_minor=0 if paid is None else paid.prepaid_minor,
        card_minor=0 if paid is None else paid.card_minor,
    )


def grant(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    quote_id: str,
    billing_profile_id: str,
    lines: Sequence[Line],
    period_ends_at: datetime,
) -> models.CreditNote:
    """Give what a change of plan leaves unused as prepaid credit of the account: a credit note of its own, no invoice is refunded.

    `lines` add up to more than nothing; `period_ends_at` is until when the account is paid for now.
    """
    return _issue_credit_note(
        uow,
        agency_id=agency_id,
        reason=CreditReason.PLAN_CHANGE,
        lines=lines,
        account_id=account_id,
        issued_to=_addressee(uow, agency_id=agency_id, billing_profile_id=billing_profile_id),
        quote_id=quote_id,
        granted_minor=total_of(lines).amount_minor,
        period_ends_at=period_ends_at,
    )


def _issue_credit_note(
    uow: UnitOfWork,
    *,
    agency_id: str,
    reason: CreditReason,
    lines: Sequence[Line],
    account_id: str | None,
    period_ends_at: datetime | None = None,
    **given_back: Any,
) -> models.CreditNote:
    """Issue a credit note under the agency's next number; `given_back` says to whom, and what of."""
    total = total_of(lines)
    note = models.CreditNote(
        **{"prepaid_minor": 0, "card_minor": 0, "granted_minor": 0, **given_back},
        id=new_id("cn"),
        agency_id=agency_id,
        number=document_number("CN", repository.next_number(uow.session, agency_id=agency_id, series="CN")),
        account_id=account_id,
        reason=reason,
        currency=total.currency,
        total_minor=total.amount_minor,
        line_count=len(lines),
        issued_at=uow.now_of(agency_id),
        lines=[models.CreditNoteLine(**_columns_of(line, position)) for position, line in enumerate(lines, start=1)],
    )
    uow.session.add(note)
    uow.session.flush()
    uow.emit(
        events.CreditNoteIssued(
            subject=note.id,
            agency_id=agency_id,
            credit_note_id=note.id,
            invoice_id=note.invoice_id,
            number=note.number,
            account_id=account_id,
            total_minor=note.total_minor,
            prepaid_minor=note.prepaid_minor,
            card_minor=note.card_minor,
            granted_minor=note.granted_minor,
            currency=note.currency,
            payment_id=note.payment_id,
            reason=reason,
            period_ends_at=period_ends_at,
        )
    )
    return note


def take_back(uow: UnitOfWork, *, invoice: models.Invoice) -> None:
    """Take an invoice back, at once or, where its payment is under way, as soon as that has been recorded."""
    payment = repository.last_payment(uow.session, invoice_id=invoice.id)
    if payment is None or payment.status != PaymentStatus.PENDING:
        credit(uow, invoice=invoice, payment=payment)


def invoice(session: Session, *, agency_id: str, invoice_id: str) -> dict[str, Any]:
    """Give the agency's invoice; raises `InvoiceNotFound`."""
    return invoice_as_shown(found_invoice(session, agency_id=agency_id, invoice_id=invoice_id))


def found_invoice(session: Session, *, agency_id: str, invoice_id: str) -> models.Invoice:
    """Find the agency's invoice in full; raises `InvoiceNotFound`."""
    found = repository.invoice_in_full(session, agency_id=agency_id, invoice_id=invoice_id)
    if found is None:
        raise errors.InvoiceNotFound(invoice_id=invoice_id)
    return found


def invoices(
    session: Session,
    *,
    agency_id: str,
    account_id: str | None,
    limit: int,
    cursor: str | None,
    account_name: str | None = None,
    status: InvoiceStatus | None = None,
    month: str | None = None,
) -> Page[dict[str, Any]]:
    """List the agency's invoices, newest first, or those of an account, of accounts called so, of a status, of a month.

    Raises `InvalidCursor`.
    """
    time = None if month is None else month_named(month)
    page = repository.invoices_page(
        session,
        agency_id=agency_id,
        account_id=account_id,
        account_name=None if account_name is None else folded(account_name),
        status=status,
        issued_from=None if time is None else time.start,
        issued_before=None if time is None else time.end,
        limit=limit,
        cursor=cursor,
    )
    return Page(data=[invoice_as_shown(each) for each in page.data], next_cursor=page.next_cursor, total=page.total)


def _addressee(uow: UnitOfWork, *, agency_id: str, billing_profile_id: str | None) -> dict[str, Any]:
    """Say whom a document is issued to, as it is now: the document keeps it."""
    agency = repository.agency(uow.session, agency_id=agency_id)
    profile = None if billing_profile_id is None else uow.session.get(models.BillingProfile, billing_profile_id)
    return {"name": None if agency is None else agency.name, "address": None if profile is None else profile.invoice_address}


def _columns_of(line: Line, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "description": line.description,
        "reason": line.reason,
        "amount_minor": line.amount.amount_minor,
        "period_start": None if line.period is None else line.period.start,
        "period_end": None if line.period is None else line.period.end,
    }


def _line_of(row: models.InvoiceLine, currency: str) -> Line:
    start, end = row.period_start, row.period_end
    return Line(
        description=row.description,
        reason=LineReason(row.reason),
        amount=Money(amount_minor=row.amount_minor, currency=currency),
        period=None if start is None or end is None else Period(start=start, end=end),
    )


def lines_as_shown(rows: Sequence[models.InvoiceLine | models.CreditNoteLine], currency: str) -> list[dict[str, Any]]:
    """Say what the lines of a document say."""
    return [
        {
            "description": line.description,
            "reason": LineReason(line.reason),
            "amount": Money(amount_minor=line.amount_minor, currency=currency),
            "period_start": line.period_start,
            "period_end": line.period_end,
        }
        for line in rows
    ]


def invoice_as_shown(invoice: models.Invoice) -> dict[str, Any]:
    """Say what an invoice says, and how much of it is paid, credited and open."""

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=invoice.currency)

    paid = next((payment for payment in invoice.payments if payment.status == PaymentStatus.SUCCEEDED), None)
    note = invoice.credit_note
    status = invoice_status(paid=paid is not None, credited=note is not None)
    notes = [] if note is None else [note]
    return {
        "id": invoice.id,
        "number": invoice.number,
        "purpose": Purpose(invoice.purpose),
        "account_id": invoice.account_id,
        "account_name": None if invoice.account is None else invoice.account.name,
        "status": status,
        "lines": lines_as_shown(invoice.lines, invoice.currency),
        "total": money(invoice.total_minor),
        "paid_prepaid": money(0 if paid is None else paid.prepaid_minor),
        "paid_card": money(0 if paid is None else paid.card_minor),
        "credited": money(0 if note is None else note.total_minor),
        "open": money(invoice.total_minor if status is InvoiceStatus.OPEN else 0),
        "credit_notes": [
            {"id": each.id, "number": each.number, "total": money(each.total_minor), "issued_at": each.issued_at} for each in notes
        ],
        "issued_at": invoice.issued_at,
        "paid_at": None if paid is None else paid.settled_at,
    }
