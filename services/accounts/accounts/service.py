"""The doors of accounts."""

from typing import Any

from accounts import clients, events, schemas, usecases
from chassis.doors import command, due, follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.wiring import Wired, Work

OVERDUE_BATCH = 100
FOLDED_AGENCIES = 100
LOOK_UPS_AT_A_TIME = 10
"""One after the other: together they take no longer than the period in the worst case."""


class AccountsService:
    """The lifecycle of the hosted accounts that agencies resell."""

    name = "accounts"
    work = Work()
    billing = Wired(clients.Billing)
    identity = Wired(clients.Identity)
    dns = Wired(clients.Dns)
    terms = Wired(usecases.opening_terms)
    links = Wired(usecases.transfer_links)

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

    @query(request=schemas.ListViews, answer=schemas.ViewPage)
    def views(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.views(session, **request)

    @query(request=schemas.ViewReference, answer=schemas.View)
    def view(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.view(session, **request)

    @command(request=schemas.CreateView, answer=schemas.View)
    def create_view(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.create_view, **request)

    @command(request=schemas.ChangeView, answer=schemas.View)
    def change_view(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.change_view, **request)

    @command(request=schemas.ViewReference, answer=None)
    def remove_view(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.remove_view, **request)

    @query(request=schemas.NameQuestion, answer=schemas.NameAvailability)
    def name_availability(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.name_availability(session, **request)

    @command(request=schemas.EditAccount, answer=schemas.Account)
    def edit_account(self, request: dict[str, Any]) -> object:
        known = {name: request.pop(name) for name in ("agency_id", "account_id", "expected_version")}
        usecases.check_billing_profile(self.billing, agency_id=known["agency_id"], wanted=request)
        return self.work.once(usecases.edit_account, **known, wanted=request, terms=self.terms)

    @query(request=schemas.AccountReference, answer=schemas.Branding)
    def branding(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.branding(session, **request)

    @query(request=schemas.NameQuestion, answer=schemas.Branding)
    def branding_of_name(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.branding_of_name(session, **request)

    @query(request=schemas.PageQuestion, answer=schemas.OwnPage)
    def account_page(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # not reading(): as for `actions`
            return usecases.account_page(uow, **request)

    @command(request=schemas.SetBranding, answer=schemas.Branding)
    def set_branding(self, request: dict[str, Any]) -> object:
        account = {name: request.pop(name) for name in ("agency_id", "account_id")}
        return self.work.once(usecases.set_branding, **account, wanted=request)

    @query(request=schemas.AccountReference, answer=schemas.DomainCheck)
    def domain_check(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.domain_check(session, **request, terms=self.terms)

    @command(request=schemas.AccountReference, answer=schemas.DomainCheck)
    def start_domain_check(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            custom_domain = usecases.domain_to_check(session, **request)
        found = self.dns.cname_of(custom_domain)
        return self.work.once(usecases.start_domain_check, **request, custom_domain=custom_domain, found=found, terms=self.terms)

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
        quote = usecases.get_quote(self.billing, **request)
        asked = {name: request[name] for name in ("agency_id", "account_id", "effective")}
        return self.work.once(usecases.change_plan, quote=quote, **asked)

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
        usecases.check_billing_profile(self.billing, agency_id=request["agency_id"], wanted=request)
        quote = usecases.quote_renewal(self.billing, selection=selection, quote_id=request["quote_id"], **account)
        return self.work.once(usecases.renew_account, billing_profile_id=request["billing_profile_id"], quote=quote, **account)

    @command(request=schemas.AccountReference, answer=schemas.Credentials)
    def claim_credentials(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            account = usecases.account_to_claim(uow, **request)
        # Not `work.once`: its stored answer would keep the password in plain. Identity gives it once and refuses ever after.
        return {"login_url": account.login_url, **self.identity.claim_credentials(**request)}

    @command(request=schemas.AccountReference, answer=schemas.Credentials)
    def issue_credentials(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            account = usecases.account_to_issue(uow, **request)
            first = {"email": account.client_email, "account_name": account.name, "language": account.language}
        # Not `work.once`: as above. Asked again, identity makes another password, for what it gave is kept nowhere.
        return {"login_url": account.login_url, **self.identity.issue_credentials(**request, **first)}

    # --- users of accounts: identity's, as far as the lifecycle allows ------------------------------------------------------------------

    @command(request=schemas.CreateAccountUser, answer=schemas.CreatedAccountUser)
    def create_account_user(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            usecases.account_to_manage_users_of(uow, agency_id=request["agency_id"], account_id=request["account_id"])
        user = self.identity.create_account_user(**request)
        self.work.once(usecases.first_answer, user)
        return user  # with the password, which is not in what was stored

    @command(request=schemas.UpdateAccountUser, answer=schemas.AccountUser)
    def update_account_user(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            usecases.account_to_manage_users_of(uow, agency_id=request["agency_id"], account_id=request["account_id"])
        return self.work.once(usecases.first_answer, self.identity.update_account_user(**request))

    @command(request=schemas.AccountUserReference, answer=schemas.AccountUser)
    def remove_account_user(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            usecases.account_to_manage_users_of(uow, agency_id=request["agency_id"], account_id=request["account_id"])
        return self.work.once(usecases.first_answer, self.identity.remove_account_user(**request))

    @command(request=schemas.AccountReference, answer=schemas.LoginLink)
    def create_login_link(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            account = usecases.account_to_log_in_to(uow, **request)
        # Not `work.once`: its stored answer would keep the token in plain, and let in whom the lifecycle refuses by now.
        return usecases.login_link(account, **self.identity.create_login_link(**request))

    @command(request=schemas.StartPasswordReset, answer=schemas.StartedPasswordReset)
    def start_password_reset(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            usecases.account_to_reset_password_of(uow, agency_id=request["agency_id"], account_id=request["account_id"])
        return self.work.once(usecases.first_answer, self.identity.start_password_reset(**request))

    @command(request=schemas.RequestTransfer, answer=schemas.Transfer)
    def request_transfer(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.request_transfer, **request, terms=self.terms, links=self.links)

    @query(request=schemas.TransferReference, answer=schemas.Transfer)
    def transfer(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.transfer(session, **request)

    @query(request=schemas.ListTransfers, answer=schemas.TransferPage)
    def transfers(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.transfers(session, **request)

    @query(request=schemas.TransferLink, answer=schemas.TransferToConfirm)
    def transfer_to_confirm(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # not reading(): whether its time is over is a question of the unit's time
            return usecases.transfer_to_confirm(uow, **request, links=self.links)

    @command(request=schemas.TransferLink, answer=schemas.Transfer)
    def confirm_transfer(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.confirm_transfer, **request, links=self.links)

    @command(request=schemas.TransferLink, answer=schemas.Transfer)
    def decline_transfer(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.decline_transfer, **request, links=self.links)

    @command(request=schemas.CompleteTransfer, answer=schemas.Transfer)
    def complete_transfer(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.complete_transfer, **request)

    # --- events -------------------------------------------------------------------------------------------------------------------------

    @subscribe("accounts", "account_requested", reads=events.AccountToPrepare)
    def on_account_requested(self, event: Event) -> None:
        with self.work.reading() as session:
            account = usecases.account_without_admin_user(session, **event.data)
        if account is not None:
            self.identity.prepare_admin_user(
                agency_id=account.agency_id,
                account_id=account.id,
                email=account.client_email,
                account_name=account.name,
                language=account.language,
            )
            self.work.handle(event, usecases.record_admin_user, **event.data)

    @subscribe("billing", "invoice_paid", reads=events.InvoicePaid)
    def on_invoice_paid(self, event: Event) -> None:
        self.work.handle(event, usecases.record_payment, **event.data)

    @subscribe("billing", "credit_note_issued", reads=events.CreditNoteIssued)
    def on_credit_note_issued(self, event: Event) -> None:
        self.work.handle(event, usecases.record_grant, **event.data)

    @subscribe("billing", "payment_failed", reads=events.PaymentFailed)
    def on_payment_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.record_refused_payment, **event.data)

    @subscribe("billing", "dunning_step", reads=events.DunningStep)
    def on_dunning_step(self, event: Event) -> None:
        if event.agency_id is None:
            raise UnreadableEvent("billing.dunning_step names no agency")
        self.work.handle(event, usecases.follow_dunning, agency_id=event.agency_id, **event.data)

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

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")

    # --- due work -----------------------------------------------------------------------------------------------------------------------

    @due(every_seconds=5)
    def give_up_overdue_openings(self) -> None:
        given_up = OVERDUE_BATCH
        while given_up == OVERDUE_BATCH:
            with self.work.begin() as uow:
                given_up = usecases.give_up_overdue_openings(uow, limit=OVERDUE_BATCH)

    @due(every_seconds=60)
    def fold_tallies(self) -> None:
        folded = FOLDED_AGENCIES
        while folded == FOLDED_AGENCIES:
            with self.work.begin() as uow:
                folded = usecases.fold_tallies(uow, limit=FOLDED_AGENCIES)

    @due(every_seconds=60)
    def recheck_domains(self) -> None:
        with self.work.begin() as uow:
            claimed = usecases.claim_due_domain_checks(uow, limit=LOOK_UPS_AT_A_TIME)
        for check in claimed:
            found = self.dns.cname_of(check.custom_domain)
            with self.work.begin() as uow:
                usecases.record_domain_check(uow, due=check, found=found, terms=self.terms)

    @due(every_seconds=60)
    def expire_transfers(self) -> None:
        expired = OVERDUE_BATCH
        while expired == OVERDUE_BATCH:
            with self.work.begin() as uow:
                expired = usecases.expire_transfers(uow, limit=OVERDUE_BATCH)

    @due(every_seconds=5)
    def do_what_is_due(self) -> None:
        done = OVERDUE_BATCH
        while done == OVERDUE_BATCH:
            with self.work.begin() as uow:
                done = usecases.do_what_is_due(uow, limit=OVERDUE_BATCH)
