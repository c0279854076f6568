"""Invoices and what takes them back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.domain.invoice import Line, LineReason, PaymentStatus, Purpose, credit_lines, document_number, invoice_status, total_of
from billing.usecases.agencies import known_agency
from billing.usecases.billing_profiles import paying_profile
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
        currency=total.currency,
        total_minor=total.amount_minor,
        line_count=len(lines),
        issued_at=uow.now,
        lines=[_row_of(line, position) for position, line in enumerate(lines, start=1)],
        payments=[],
        credit_note=None,
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
    note = models.CreditNote(
        id=new_id("cn"),
        agency_id=invoice.agency_id,
        number=document_number("CN", repository.next_number(uow.session, agency_id=invoice.agency_id, series="CN")),
        invoice_id=invoice.id,
        payment_id=None if paid is None else paid.id,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        prepaid_minor=0 if paid is None else paid.prepaid_minor,
        card_minor=0 if paid is None else paid.card_minor,
        issued_at=uow.now_of(invoice.agency_id),
    )
    uow.session.add(note)
    uow.emit(
        events.CreditNoteIssued(
            subject=note.id,
            agency_id=note.agency_id,
            credit_note_id=note.id,
            invoice_id=invoice.id,
            number=note.number,
            account_id=invoice.account_id,
            total_minor=note.total_minor,
            prepaid_minor=note.prepaid_minor,
            card_minor=note.card_minor,
            currency=note.currency,
            payment_id=note.payment_id,
        )
    )


def take_back(uow: UnitOfWork, *, invoice: models.Invoice) -> None:
    """Take an invoice back, at once or, where its payment is under way, as soon as that has been recorded."""
    payment = repository.last_payment(uow.session, invoice_id=invoice.id)
    if payment is None or payment.status != PaymentStatus.PENDING:
        credit(uow, invoice=invoice, payment=payment)


def purchase_credits(
    uow: UnitOfWork, *, agency_id: str, kind: str, amount: Money, billing_profile_id: str | None, account_id: str | None
) -> dict[str, Any]:
    """Invoice prepaid credit for the agency, or for one of its accounts (R0.105, R0.106); the credit is there once the card has paid.

    Raises `AgencyNotKnownYet`, `WrongCurrency`, `AmountOutOfRange`, `AccountNotFound`, `BillingProfileNotFound`, `BillingProfileRequired`.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    if amount.currency != agency.currency:
        raise errors.WrongCurrency(currency=amount.currency, allowed=agency.currency)
    lines = credit_lines(amount)
    if account_id is not None:
        account = repository.account(uow.session, agency_id=agency_id, account_id=account_id)
        if account is None or account.failed_at is not None:
            raise errors.AccountNotFound(account_id=account_id)
    profile = paying_profile(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    invoice = issue(
        uow,
        agency_id=agency_id,
        purpose=Purpose.CREDIT_PURCHASE,
        lines=lines,
        billing_profile_id=profile.id,
        account_id=account_id,
        credit_kind=kind,
        credit_units=amount.amount_minor,
    )
    return _as_shown(invoice)


def invoice(session: Session, *, agency_id: str, invoice_id: str) -> dict[str, Any]:
    """Give the agency's invoice; raises `InvoiceNotFound`."""
    found = repository.invoice_in_full(session, agency_id=agency_id, invoice_id=invoice_id)
    if found is None:
        raise errors.InvoiceNotFound(invoice_id=invoice_id)
    return _as_shown(found)


def invoices(session: Session, *, agency_id: str, account_id: str | None, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List the agency's invoices, or those of one account, newest first; raises `InvalidCursor`."""
    page = repository.invoices_page(session, agency_id=agency_id, account_id=account_id, limit=limit, cursor=cursor)
    return Page(data=[_as_shown(each) for each in page.data], next_cursor=page.next_cursor, total=page.total)


def _row_of(line: Line, position: int) -> models.InvoiceLine:
    return models.InvoiceLine(
        position=position,
        description=line.description,
        reason=line.reason,
        amount_minor=line.amount.amount_minor,
        period_start=None if line.period is None else line.period.start,
        period_end=None if line.period is None else line.period.end,
    )


def _as_shown(invoice: models.Invoice) -> dict[str, Any]:
    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=invoice.currency)

    paid = next((payment for payment in invoice.payments if payment.status == PaymentStatus.SUCCEEDED), None)
    note = invoice.credit_note
    return {
        "id": invoice.id,
        "number": invoice.number,
        "purpose": Purpose(invoice.purpose),
        "account_id": invoice.account_id,
        "status": invoice_status(paid=paid is not None, credited=note is not None),
        "lines": [
            {
                "description": line.description,
                "reason": LineReason(line.reason),
                "amount": money(line.amount_minor),
                "period_start": line.period_start,
                "period_end": line.period_end,
            }
            for line in invoice.lines
        ],
        "total": money(invoice.total_minor),
        "paid_prepaid": money(0 if paid is None else paid.prepaid_minor),
        "paid_card": money(0 if paid is None else paid.card_minor),
        "credited": money(0 if note is None else note.total_minor),
        "issued_at": invoice.issued_at,
        "paid_at": None if paid is None else paid.settled_at,
    }
