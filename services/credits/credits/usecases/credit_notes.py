"""What credit notes give back."""

from chassis.unit_of_work import UnitOfWork
from credits import domain, models, repository
from credits.domain import Kind, Movement, Purpose
from credits.usecases.movements import Cause, move, parts_of


def return_prepaid(uow: UnitOfWork, *, agency_id: str, credit_note_id: str, invoice_id: str, prepaid_minor: int, currency: str) -> None:
    """Follow from a credit note: prepaid goes back to the lots it came from, at once or as soon as it has been spent."""
    if prepaid_minor == 0:
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
    move(uow, Movement.RETURN, domain.give_back(spent, units=note.units), cause=cause)
    note.state = domain.CreditNoteState.RETURNED.value
