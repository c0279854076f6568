"""What credit notes give back."""

from chassis.unit_of_work import UnitOfWork
from credits import domain, models, repository
from credits.domain import Kind, Movement, Purpose
from credits.usecases.movements import Cause, move, parts_of
from credits.usecases.purchases import grant_prepaid
from credits.usecases.transfers import bring_home, moved_away


def record_credit_note(
    uow: UnitOfWork,
    *,
    agency_id: str,
    credit_note_id: str,
    invoice_id: str | None,
    prepaid_minor: int,
    currency: str,
    account_id: str | None,
    granted_minor: int,
) -> None:
    """Follow from a credit note: prepaid that it gives back goes where it came from, and what it grants is the account's from now on."""
    if granted_minor and account_id is not None:
        grant_prepaid(
            uow,
            agency_id=agency_id,
            credit_note_id=credit_note_id,
            account_id=account_id,
            granted_minor=granted_minor,
            currency=currency,
        )
    return_prepaid(
        uow,
        agency_id=agency_id,
        credit_note_id=credit_note_id,
        invoice_id=invoice_id,
        prepaid_minor=prepaid_minor,
        currency=currency,
    )


def return_prepaid(
    uow: UnitOfWork, *, agency_id: str, credit_note_id: str, invoice_id: str | None, prepaid_minor: int, currency: str
) -> None:
    """Give prepaid back to the lots it came from, at once or as soon as it has been spent; without an invoice there is none."""
    if prepaid_minor == 0 or invoice_id is None:
        return
    repository.lock_invoice(uow.session, invoice_id)
    note = repository.insert_credit_note(
        uow.session,
        id=credit_note_id,
        invoice_id=invoice_id,
        agency_id=agency_id,
        unit=currency,
        units=prepaid_minor,
        state=domain.CreditNoteState.WAITING.value,
        created_at=uow.now,
    )
    if note is not None:
        give_back(uow, note)


def give_back(uow: UnitOfWork, note: models.CreditNote) -> None:
    """Give back what the note says if that much has been spent; else it goes on waiting."""
    spent = parts_of(repository.left_of_invoice(uow.session, invoice_id=note.invoice_id, purpose=Purpose.SPENT))
    if domain.units_in(spent) < note.units:
        return
    cause = Cause(agency_id=note.agency_id, kind=Kind.PREPAID, unit=note.unit, invoice_id=note.invoice_id, credit_note_id=note.id)
    parts = domain.give_back(spent, units=note.units)
    away = moved_away(uow, agency_id=note.agency_id, account_ids=[part.account_id for part in parts])
    move(uow, Movement.RETURN, parts, cause=cause)
    bring_home(uow, away)
    note.state = domain.CreditNoteState.RETURNED.value
