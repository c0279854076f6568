"""The doors of credits."""

from typing import Any

from chassis.doors import command, follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.wiring import Work
from credits import events, schemas, usecases


class CreditsService:
    """The ledger: what agencies and their accounts have of each kind of credit, and how it moved."""

    name = "credits"
    work = Work()

    @command(request=schemas.ReservePrepaid, answer=schemas.Reserved)
    def reserve_prepaid(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.reserve_prepaid, **request)

    @query(request=schemas.BalanceReference, answer=schemas.Balance)
    def balance(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.balance(session, **request)

    @query(request=schemas.ListTransactions, answer=schemas.Transactions)
    def transactions(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.transactions(session, **request)

    @subscribe("billing", "invoice_paid", reads=events.InvoicePaid)
    def on_invoice_paid(self, event: Event) -> None:
        self.work.handle(event, usecases.record_payment, agency_id=_agency_of(event), paid_at=event.time, **event.data)

    @subscribe("billing", "payment_failed", reads=events.PaymentFailed)
    def on_payment_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.release_reservation, agency_id=_agency_of(event), **event.data)

    @subscribe("billing", "credit_note_issued", reads=events.CreditNoteIssued)
    def on_credit_note_issued(self, event: Event) -> None:
        if event.data["invoice_id"] is not None:
            self.work.handle(event, usecases.return_prepaid, agency_id=_agency_of(event), **event.data)

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")


def _agency_of(event: Event) -> str:
    """Give the agency whose credit the event moves; an event without one is parked, for nobody's credit can be found."""
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} names no agency")
    return event.agency_id
