"""The doors of accounts."""

from typing import Any

from accounts import clients, events, schemas, usecases
from chassis.doors import command, due, query, subscribe
from chassis.events import Event
from chassis.wiring import Wired, Work

OVERDUE_BATCH = 100


class AccountsService:
    """The lifecycle of the hosted accounts that agencies resell."""

    name = "accounts"
    work = Work()
    billing = Wired(clients.Billing)
    identity = Wired(clients.Identity)
    terms = Wired(usecases.opening_terms)

    # --- calls --------------------------------------------------------------------------------------------------------------------------

    @command(request=schemas.OpenAccount, answer=schemas.Account)
    def open_account(self, request: dict[str, Any]) -> object:
        opening = usecases.prepare_opening(self.billing, **request)
        return self.work.once(usecases.open_account, agency_id=request["agency_id"], opening=opening, terms=self.terms)

    @query(request=schemas.AccountReference, answer=schemas.Account)
    def account(self, request: dict[str, Any]) -> object:
        with self.work.rows() as connection:
            return usecases.account(connection, **request)

    @query(request=schemas.ListAccounts, answer=schemas.AccountPage)
    def accounts(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.accounts(session, **request)

    @query(request=schemas.NameQuestion, answer=schemas.NameAvailability)
    def name_availability(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.name_availability(session, **request)

    @query(request=schemas.AccountReference, answer=schemas.Actions)
    def actions(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # not reading(): what is possible now is for the clock of units of work to say
            return usecases.actions(uow, **request)

    @query(request=schemas.AccountListing, answer=schemas.AccountEventPage)
    def account_history(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.account_history(session, **request)

    @command(request=schemas.ChangePlan, answer=schemas.ChangedPlan)
    def change_plan(self, request: dict[str, Any]) -> object:
        effective = request.pop("effective")
        quote = usecases.get_quote(self.billing, **request)
        return self.work.once(
            usecases.change_plan, agency_id=request["agency_id"], account_id=request["account_id"], effective=effective, quote=quote
        )

    @command(request=schemas.AccountReference, answer=schemas.PlanChange)
    def drop_plan_change(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.drop_plan_change, **request)

    @query(request=schemas.AccountListing, answer=schemas.PlanChangePage)
    def plan_changes(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.plan_changes(session, **request)

    @command(request=schemas.CancelAccount, answer=schemas.Account)
    def cancel_account(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.cancel_account, **request)

    @command(request=schemas.AccountReference, answer=schemas.Account)
    def undo_cancellation(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.undo_cancellation, **request)

    @command(request=schemas.DisableAccount, answer=schemas.Account)
    def disable_account(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.disable_account, **request)

    @command(request=schemas.AccountReference, answer=schemas.Account)
    def enable_account(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.enable_account, **request)

    @command(request=schemas.SuspendAccount, answer=schemas.Account)
    def suspend_account(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.suspend_account, **request)

    @command(request=schemas.LiftSuspension, answer=schemas.Account)
    def lift_suspension(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.lift_suspension, **request)

    @command(request=schemas.RenewAccount, answer=schemas.Account)
    def renew_account(self, request: dict[str, Any]) -> object:
        account = {"agency_id": request["agency_id"], "account_id": request["account_id"]}
        with self.work.begin() as uow:
            selection = usecases.selection_to_renew(uow, **account)
        quote = usecases.quote_renewal(self.billing, selection=selection, quote_id=request["quote_id"], **account)
        return self.work.once(usecases.renew_account, billing_profile_id=request["billing_profile_id"], quote=quote, **account)

    @command(request=schemas.AccountReference, answer=schemas.Credentials)
    def claim_credentials(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            account = usecases.account_to_claim(uow, **request)
        # Not `work.once`: its stored answer would keep the password in plain. Identity gives it once and refuses ever after.
        return {"login_url": account.login_url, **self.identity.claim_credentials(**request)}

    # --- events -------------------------------------------------------------------------------------------------------------------------

    @subscribe("accounts", "account_requested", reads=events.AccountToPrepare)
    def on_account_requested(self, event: Event) -> None:
        with self.work.reading() as session:
            account = usecases.account_without_admin_user(session, **event.data)
        if account is not None:
            self.identity.prepare_admin_user(agency_id=account.agency_id, account_id=account.id)
            self.work.handle(event, usecases.record_admin_user, **event.data)

    @subscribe("billing", "invoice_paid", reads=events.InvoicePaid)
    def on_invoice_paid(self, event: Event) -> None:
        self.work.handle(event, usecases.record_payment, **event.data)

    @subscribe("billing", "payment_failed", reads=events.PaymentFailed)
    def on_payment_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.record_refused_payment, **event.data)

    @subscribe("snapshots", "workspace_prepared", reads=events.WorkspacePrepared)
    def on_workspace_prepared(self, event: Event) -> None:
        self.work.handle(event, usecases.record_workspace, **event.data)

    @subscribe("snapshots", "workspace_copy_failed", reads=events.WorkspaceCopyFailed)
    def on_workspace_copy_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.record_failed_copy, **event.data)

    @subscribe("identity", "agency_registered", reads=events.AgencyTold)
    @subscribe("identity", "agency_updated", reads=events.AgencyTold)
    def on_agency_told(self, event: Event) -> None:
        self.work.handle(event, usecases.note_agency, **event.data, told_at=event.time, told_by=event.id)

    # --- due work -----------------------------------------------------------------------------------------------------------------------

    @due(every_seconds=5)
    def give_up_overdue_openings(self) -> None:
        given_up = OVERDUE_BATCH
        while given_up == OVERDUE_BATCH:
            with self.work.begin() as uow:
                given_up = usecases.give_up_overdue_openings(uow, limit=OVERDUE_BATCH)

    @due(every_seconds=5)
    def do_what_is_due(self) -> None:
        done = OVERDUE_BATCH
        while done == OVERDUE_BATCH:
            with self.work.begin() as uow:
                done = usecases.do_what_is_due(uow, limit=OVERDUE_BATCH)
