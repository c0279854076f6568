"""The doors of billing."""

from typing import Any

from billing import clients, events, schemas
from billing.usecases import (
    agencies,
    billing_profiles,
    cards,
    collecting,
    credit_notes,
    dunning,
    invoices,
    on_sale,
    papers,
    payments,
    plan_changes,
    planner,
    plans,
    quotes,
    renewals,
    standing,
    statements,
    subscriptions,
)
from billing.usecases import credits as credits_
from chassis import context as contexts
from chassis.concurrency import off_the_hub
from chassis.doors import command, due, follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.ids import new_id
from chassis.wiring import Wired, Work

RENEWED_AT_ONCE = 500
ATTEMPTS_AT_ONCE = 10
BATCHES_A_PERIOD = 20
"""The next period goes on where this one ends, in whichever replica."""
REMINDED_AT_ONCE = 100
FORGOTTEN_AT_ONCE = 100


class BillingService:
    """What is sold at which price, and the money taken for it."""

    name = "billing"
    work = Work()
    credits = Wired(clients.Credits)
    provider = Wired(clients.payment_provider)

    @query(request=schemas.Nothing, answer=schemas.Catalogue)
    def catalogue(self, _request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return on_sale.catalogue(session)

    @query(request=schemas.PlansWanted, answer=schemas.NumberedPlans)
    def plans(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return {"data": plans.plans(session, **request)}

    @command(request=schemas.CreateQuote, answer=schemas.Quote)
    def create_quote(self, request: dict[str, Any]) -> object:
        return self.work.once(quotes.create_quote, **request)

    @query(request=schemas.QuoteReference, answer=schemas.Quote)
    def quote(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # not reading(): whether it has expired is for the clock of units of work to say
            return quotes.quote(uow, **request)

    @command(request=schemas.AddBillingProfile, answer=schemas.BillingProfile)
    def add_billing_profile(self, request: dict[str, Any]) -> object:
        card = {name: request.pop(name) for name in ("payment_method", "setup_intent")}
        described = cards.card_handed_over(self.provider, agency_id=request["agency_id"], **card)
        return self.work.once(billing_profiles.add_billing_profile, described=described, **request)

    @command(request=schemas.UpdateBillingProfile, answer=schemas.BillingProfile)
    def update_billing_profile(self, request: dict[str, Any]) -> object:
        known = {name: request.pop(name) for name in ("agency_id", "billing_profile_id", "expected_version")}
        card = {name: request.pop(name) for name in ("payment_method", "setup_intent")}
        described = cards.card_handed_over(self.provider, agency_id=known["agency_id"], **card) if any(card.values()) else None
        return self.work.once(billing_profiles.update_billing_profile, described=described, wanted=request, **known)

    @command(request=schemas.RemoveBillingProfile, answer=None)
    def remove_billing_profile(self, request: dict[str, Any]) -> object:
        return self.work.once(billing_profiles.remove_billing_profile, **request)

    @command(request=schemas.BeginSetup, answer=schemas.SetupIntent)
    def begin_card_setup(self, request: dict[str, Any]) -> object:
        key = contexts.current().idempotency_key or new_id(
            "idk"
        )  # the provider keeps the answer under it: its secret is not for us to keep
        begun = self.provider.begin_setup(idempotency_key=key, agency_id=request["agency_id"])
        return {"id": begun.id, "client_secret": begun.client_secret, "status": begun.status, "return_url": request["return_url"]}

    @command(request=schemas.ProviderTelling, answer=schemas.ProviderHeard)
    def hear_provider(self, request: dict[str, Any]) -> object:
        return self.work.once(cards.hear, told=self.provider.told(**request))

    @query(request=schemas.BillingProfileReference, answer=schemas.BillingProfile)
    def billing_profile(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return billing_profiles.paying_profile(session, **request)

    @query(request=schemas.Listing, answer=schemas.BillingProfiles)
    def billing_profiles(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return billing_profiles.billing_profiles(session, **request)

    @query(request=schemas.InvoiceReference, answer=schemas.Invoice)
    def invoice(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return invoices.invoice(session, **request)

    @query(request=schemas.ListInvoices, answer=schemas.Invoices)
    def invoices(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return invoices.invoices(session, **request)

    @query(request=schemas.InvoiceReference, answer=schemas.Printed)
    def invoice_pdf(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            draft = papers.invoice_draft(session, **request)
        return off_the_hub(papers.printed, draft)

    @query(request=schemas.CreditNoteReference, answer=schemas.CreditNote)
    def credit_note(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return credit_notes.credit_note(session, **request)

    @query(request=schemas.ListCreditNotes, answer=schemas.CreditNotes)
    def credit_notes(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return credit_notes.credit_notes(session, **request)

    @query(request=schemas.CreditNoteReference, answer=schemas.Printed)
    def credit_note_pdf(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            draft = papers.credit_note_draft(session, **request)
        return off_the_hub(papers.printed, draft)

    @query(request=schemas.StatementReference, answer=schemas.Statement)
    def statement(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:  # which months there are is for the clock of units of work to say
            return statements.statement(uow, **request)

    @query(request=schemas.Listing, answer=schemas.Statements)
    def statements(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            return statements.statements(uow, **request)

    @query(request=schemas.PlanPrepaid, answer=schemas.PrepaidPlan)
    def prepaid_plan(self, request: dict[str, Any]) -> object:
        with self.work.begin() as uow:
            owed = planner.charges_until(uow, **request)
        pots = self.credits.prepaid_pots(agency_id=request["agency_id"], currency=owed["currency"])
        return planner.plan(pots=pots, **owed)

    @command(request=schemas.PurchaseCredits, answer=schemas.Invoice)
    def purchase_credits(self, request: dict[str, Any]) -> object:
        return self.work.once(credits_.purchase_credits, **request)

    @query(request=schemas.ListPurchases, answer=schemas.Purchases)
    def credit_purchases(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return credits_.credit_purchases(session, **request)

    @subscribe("credits", "balance_low", reads=events.BalanceLow)
    def on_balance_low(self, event: Event) -> None:
        wanted = event.data["top_up"]
        if wanted is not None:
            told = {name: event.data[name] for name in ("kind", "currency")}
            self.work.handle(event, credits_.top_up, agency_id=_agency_of(event), **told, **wanted)

    @subscribe("identity", "agency_registered", reads=events.AgencyTold)
    def on_agency_registered(self, event: Event) -> None:
        self.work.handle(event, agencies.note_agency, as_of=event.time, **event.data)

    @subscribe("identity", "agency_updated", reads=events.AgencyTold)
    def on_agency_updated(self, event: Event) -> None:
        self.work.handle(event, agencies.note_agency, as_of=event.time, **event.data)

    @subscribe("accounts", "account_requested", reads=events.AccountRequested)
    def on_account_requested(self, event: Event) -> None:
        self.work.handle(event, subscriptions.open_subscription, agency_id=_agency_of(event), **event.data)

    @subscribe("accounts", "account_renewed", reads=events.AccountRenewed)
    def on_account_renewed(self, event: Event) -> None:
        if event.data["quote_id"] is None:
            told = {name: event.data[name] for name in ("account_id", "billing_profile_id")}
            self.work.handle(event, standing.renew_subscription, agency_id=_agency_of(event), as_of=event.time, **told)
        else:
            self.work.handle(event, subscriptions.upgrade_subscription, agency_id=_agency_of(event), upgraded_at=event.time, **event.data)

    @subscribe("accounts", "account_converted", reads=events.AccountUpgraded)
    @subscribe("accounts", "account_upgraded", reads=events.AccountUpgraded)
    def on_account_upgraded(self, event: Event) -> None:
        self.work.handle(event, subscriptions.upgrade_subscription, agency_id=_agency_of(event), upgraded_at=event.time, **event.data)

    @subscribe("accounts", "account_downgraded", reads=events.AccountUpgraded)
    def on_account_downgraded(self, event: Event) -> None:
        self.work.handle(event, plan_changes.downgrade_subscription, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "plan_change_scheduled", reads=events.PlanChangeTold)
    def on_plan_change_scheduled(self, event: Event) -> None:
        self.work.handle(event, plan_changes.hold_quote, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "plan_change_dropped", reads=events.PlanChangeTold)
    def on_plan_change_dropped(self, event: Event) -> None:
        self.work.handle(event, plan_changes.release_quote, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "account_updated", reads=events.AccountUpdated)
    def on_account_updated(self, event: Event) -> None:
        account_id, changes = event.data["account_id"], event.data["changes"]
        if "billing_profile_id" in changes:
            self.work.handle(
                event,
                standing.change_paying_profile,
                agency_id=_agency_of(event),
                account_id=account_id,
                billing_profile_id=changes["billing_profile_id"],
                as_of=event.time,
            )

    @subscribe("accounts", "account_cancelled", reads=events.AccountCancelled)
    def on_account_cancelled(self, event: Event) -> None:
        self.work.handle(event, standing.cancel_subscription, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "cancellation_undone", reads=events.AccountToldOf)
    def on_cancellation_undone(self, event: Event) -> None:
        self.work.handle(event, standing.resume_subscription, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "account_archived", reads=events.AccountToldOf)
    @subscribe("accounts", "account_expired", reads=events.AccountExpired)
    def on_account_expired(self, event: Event) -> None:
        self.work.handle(event, standing.end_subscription, agency_id=_agency_of(event), as_of=event.time, **event.data)

    @subscribe("accounts", "transfer_completed", reads=events.TransferCompleted)
    def on_transfer_completed(self, event: Event) -> None:
        self.work.handle(event, standing.move_subscription, as_of=event.time, **event.data)

    @subscribe("accounts", "account_failed", reads=events.AccountFailed)
    def on_account_failed(self, event: Event) -> None:
        self.work.handle(event, subscriptions.undo_opening, agency_id=_agency_of(event), **event.data)

    @subscribe("billing", "invoice_issued", reads=events.InvoiceToCollect)
    def on_invoice_issued(self, event: Event) -> None:
        with self.work.begin() as uow:
            attempt = payments.begin_payment(uow, **event.data)
        if attempt is not None:
            outcome = payments.pay(attempt, credits_=self.credits, provider=self.provider)
            self.work.handle(event, payments.record_payment, attempt=attempt, outcome=outcome)

    @subscribe("billing", "credit_note_issued", reads=events.CreditNoteToRefund)
    def on_credit_note_issued(self, event: Event) -> None:
        with self.work.begin() as uow:
            owed = payments.refund_due(uow, **event.data)
        if owed is not None:
            refund = self.provider.refund(idempotency_key=owed.credit_note_id, charge_id=owed.charge_id, amount=owed.amount)
            self.work.handle(event, payments.record_refund, due=owed, refund=refund)

    @subscribe("billing", "billing_profile_added", reads=events.ProfileAdded)
    def on_billing_profile_added(self, event: Event) -> None:
        self.work.handle(event, dunning.retry_for_profile, agency_id=_agency_of(event), **event.data)

    @subscribe("billing", "billing_profile_updated", reads=events.ProfileUpdated)
    def on_billing_profile_updated(self, event: Event) -> None:
        self.work.handle(event, dunning.retry_for_profile, agency_id=_agency_of(event), **event.data)

    @subscribe("credits", "credits_purchased", reads=events.CreditsPurchased)
    def on_credits_purchased(self, event: Event) -> None:
        self.work.handle(event, dunning.retry_for_credit, agency_id=_agency_of(event), **event.data)

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")

    @due(every_seconds=5)
    def renew_due_subscriptions(self) -> None:
        renewals.run(self.work, batch=RENEWED_AT_ONCE, batches=BATCHES_A_PERIOD)

    @due(every_seconds=5)
    def collect_what_is_overdue(self) -> None:
        for _ in range(BATCHES_A_PERIOD):
            with self.work.begin() as uow:
                taken = collecting.take_due_steps(uow, limit=ATTEMPTS_AT_ONCE)
            if not taken.count:
                return
            collecting.collect(self.work, taken.attempts, credits_=self.credits, provider=self.provider)

    @due(every_seconds=10)
    def ask_about_payments(self) -> None:
        for _ in range(BATCHES_A_PERIOD):
            with self.work.begin() as uow:
                taken = collecting.take_unheard_of(uow, limit=ATTEMPTS_AT_ONCE)
            if not taken.count:
                return
            collecting.collect(self.work, taken.attempts, credits_=self.credits, provider=self.provider)

    @due(every_seconds=60)
    def remind_of_expiring_cards(self) -> None:
        reminded = REMINDED_AT_ONCE
        while reminded:
            with self.work.begin() as uow:
                reminded = billing_profiles.remind_of_expiring_cards(uow, limit=REMINDED_AT_ONCE)

    @due(every_seconds=60)
    def forget_cards(self) -> None:
        cards.forget_cards(self.work, provider=self.provider, limit=FORGOTTEN_AT_ONCE)

    @due(every_seconds=3600)
    def forget_old_provider_events(self) -> None:
        with self.work.begin() as uow:
            cards.forget_old_provider_events(uow)


def _agency_of(event: Event) -> str:
    """Give the agency that the event is about; an event without one is parked, for nobody can be billed for it."""
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} names no agency")
    return event.agency_id
