"""The doors of credits."""

from typing import Any

from chassis.doors import command, due, follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.wiring import Work
from credits import events, schemas, usecases

EXPIRED_AT_ONCE = 50


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

    @query(request=schemas.BalanceReference, answer=schemas.Pots)
    def pots(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.pots(session, **request)

    @query(request=schemas.ListTransactions, answer=schemas.Transactions)
    def transactions(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.transactions(session, **request)

    @query(request=schemas.ListTransactions, answer=schemas.Allocations)
    def allocations(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.allocations(session, **request)

    @query(request=schemas.StatementReference, answer=schemas.Statement)
    def statement(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.statement(session, **request)

    @command(request=schemas.AllocateCredits, answer=schemas.AllocationMade)
    def allocate_credits(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.allocate_credits, **request)

    @command(request=schemas.SpendCredits, answer=schemas.Spend)
    def spend_credits(self, request: dict[str, Any]) -> object:
        pot = f"{request['kind']} {request['account_id']} {request['agency_id']}"
        return self.work.once_together(usecases.spend_credits, prepare=usecases.lock_pot, of=pot, **request)

    @query(request=schemas.SettingsReference, answer=schemas.Settings)
    def settings(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.settings(session, **request)

    @command(request=schemas.ChangeSettings, answer=schemas.Settings)
    def change_settings(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.change_settings, **request)

    @subscribe("billing", "invoice_paid", reads=events.InvoicePaid)
    def on_invoice_paid(self, event: Event) -> None:
        self.work.handle(event, usecases.record_payment, agency_id=_agency_of(event), paid_at=event.time, **event.data)

    @subscribe("billing", "payment_failed", reads=events.PaymentFailed)
    def on_payment_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.release_reservation, agency_id=_agency_of(event), **event.data)

    @subscribe("billing", "credit_note_issued", reads=events.CreditNoteIssued)
    def on_credit_note_issued(self, event: Event) -> None:
        self.work.handle(event, usecases.record_credit_note, agency_id=_agency_of(event), **event.data)

    @subscribe("accounts", "account_activated", reads=events.AccountActivated)
    def on_account_activated(self, event: Event) -> None:
        told = {"account_id": event.data["account_id"], **event.data["selection"]}
        self.work.handle(event, usecases.note_opened, agency_id=_agency_of(event), as_of=event.time, **told)

    @subscribe("accounts", "account_converted", reads=events.AccountBack)
    @subscribe("accounts", "account_renewed", reads=events.AccountBack)
    def on_account_back(self, event: Event) -> None:
        told = {"account_id": event.data["account_id"], "status": event.data["status"], **event.data["new_selection"]}
        self.work.handle(event, usecases.note_opened, agency_id=_agency_of(event), as_of=event.time, fact=event.name, **told)

    @subscribe("accounts", "account_upgraded", reads=events.AccountOnNewPlan)
    @subscribe("accounts", "account_downgraded", reads=events.AccountOnNewPlan)
    def on_plan_changed(self, event: Event) -> None:
        told = {"account_id": event.data["account_id"], **event.data["new_selection"]}
        self.work.handle(event, usecases.note_plan, agency_id=_agency_of(event), as_of=event.time, **told)

    @subscribe("accounts", "account_disabled", reads=events.AccountInStatus)
    @subscribe("accounts", "account_enabled", reads=events.AccountToldOf)
    @subscribe("accounts", "account_cancelled", reads=events.AccountToldOf)
    @subscribe("accounts", "cancellation_undone", reads=events.AccountInStatus)
    @subscribe("accounts", "account_failed", reads=events.AccountToldOf)
    @subscribe("accounts", "account_expired", reads=events.AccountToldOf)
    @subscribe("accounts", "account_archived", reads=events.AccountToldOf)
    def on_account_in_another_status(self, event: Event) -> None:
        self.work.handle(event, usecases.note_status, agency_id=_agency_of(event), as_of=event.time, fact=event.name, **event.data)

    @subscribe("accounts", "transfer_completed", reads=events.TransferCompleted)
    def on_transfer_completed(self, event: Event) -> None:
        told = {"account_id": event.data["account_id"], "agency_id": event.data["to_agency_id"]}
        self.work.handle(event, usecases.note_transfer, as_of=event.time, **told)

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")

    @due(every_seconds=5)
    def expire_credits(self) -> None:
        while True:
            with self.work.begin() as uow:
                lot_ids = usecases.expired_lots(uow, limit=EXPIRED_AT_ONCE)
            for lot_id in lot_ids:
                with self.work.begin() as uow:
                    usecases.expire_lot(uow, lot_id=lot_id)
            if len(lot_ids) < EXPIRED_AT_ONCE:
                return


def _agency_of(event: Event) -> str:
    """Give the agency whose credit the event moves; an event without one is parked, for nobody's credit can be found."""
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} names no agency")
    return event.agency_id
