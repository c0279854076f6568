"""What accounts are on, as it follows from what accounts tells: requested, upgraded, failed, in any order and more than once."""

from datetime import datetime

from billing import errors, models, repository
from billing.domain.catalogue import Frequency, Kind, Selection
from billing.domain.invoice import Purpose, opening_lines
from billing.domain.period import Period, first_period
from billing.domain.standing import Standing
from billing.usecases.billing_profiles import profile_told_of
from billing.usecases.invoices import issue, take_back
from billing.usecases.payments import refuse_payment
from billing.usecases.plan_changes import change_at_once
from billing.usecases.quotes import offer_of
from billing.usecases.standing import note_standing, pay_by
from chassis.errors import Refusal
from chassis.unit_of_work import UnitOfWork


def open_subscription(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    name: str | None,
    quote_id: str,
    billing_profile_id: str | None,
    time_zone: str,
    requested_at: datetime,
) -> None:
    """Take the quote for a new account: subscribe it, and invoice its first period unless it is a trial or a sandbox.

    A paid quote that another account used, or that had expired when the account was requested, is invoiced and its payment refused: the
    account fails by that and the invoice is credited. An account whose failure was heard first gets nothing. Raises `AccountNotFound`,
    `QuoteNotFound`, `BillingProfileNotFound`, `BillingProfileRequired`: accounts checked them, so they are for a human to see.
    """
    account = _locked_account(uow, agency_id=agency_id, account_id=account_id)
    account.name = account.name or name
    if account.failed_at is not None or _was_opened(uow, account):
        return
    quote = repository.quote_for_update(uow.session, agency_id=agency_id, quote_id=quote_id)
    if quote is None or quote.purpose != Purpose.ACCOUNT_OPENING:
        raise errors.QuoteNotFound(quote_id=quote_id)
    refusal = _refusal_of(quote, requested_at=requested_at)
    if refusal is None:
        quote.used_by_account_id, quote.used_at = account_id, requested_at
    if quote.kind != Kind.PAID:
        _subscribe(uow, quote, account_id=account_id, time_zone=time_zone, anchored_at=requested_at)
        return
    selection = Selection.read(quote.selection)
    profile = profile_told_of(uow, agency_id=agency_id, billing_profile_id=billing_profile_id)
    period = _first_period(quote, anchor=requested_at, time_zone=time_zone)
    invoice = issue(
        uow,
        agency_id=agency_id,
        purpose=Purpose.ACCOUNT_OPENING,
        lines=opening_lines(offer_of(quote), selection=selection, period=period),
        billing_profile_id=profile.id,
        account_id=account_id,
        quote_id=quote_id,
    )
    if refusal is not None:
        refuse_payment(uow, invoice=invoice, refusal=refusal)
        return
    subscribed = _subscribe(uow, quote, account_id=account_id, time_zone=time_zone, anchored_at=requested_at)
    subscribed.billing_profile_id = profile.id
    subscribed.period_start, subscribed.period_end = period.start, period.end


def upgrade_subscription(
    uow: UnitOfWork, *, agency_id: str, account_id: str, quote_id: str, billing_profile_id: str | None, upgraded_at: datetime
) -> None:
    """Move the subscription to the quoted plan, at once, and invoice the proration exactly as quoted.

    The renewal date is kept unless the quote begins a period. Raises `AccountNotFound`, `QuoteNotFound`, `BillingProfileNotFound`,
    `BillingProfileRequired`, and `QuoteSuperseded` where another upgrade of the account took the place that this one was priced for: then
    nothing is charged, and a human decides.
    """
    _locked_account(uow, agency_id=agency_id, account_id=account_id)
    quote = repository.quote_for_update(uow.session, agency_id=agency_id, quote_id=quote_id)
    if quote is None or quote.account_id != account_id:
        raise errors.QuoteNotFound(quote_id=quote_id)
    if quote.used_by_account_id is not None:
        return
    subscription = repository.subscription(uow.session, agency_id=agency_id, account_id=account_id)
    if subscription is None:
        raise errors.AccountNotFound(account_id=account_id)
    profile = profile_told_of(uow, agency_id=agency_id, billing_profile_id=billing_profile_id or subscription.billing_profile_id)
    change_at_once(uow, subscription, quote, profile=profile, at=upgraded_at)
    pay_by(subscription, billing_profile_id=profile.id, as_of=upgraded_at)
    note_standing(subscription, Standing.RENEWED, as_of=upgraded_at)


def undo_opening(uow: UnitOfWork, *, agency_id: str, account_id: str) -> None:
    """Drop the subscription of an account that failed and take back its invoice, so that nothing stays charged.

    Where its payment is under way, recording that payment takes the invoice back; where account_requested has not been heard, it will
    find the failure noted. Raises `AccountNotFound` for another agency's account.
    """
    account = _locked_account(uow, agency_id=agency_id, account_id=account_id)
    if account.failed_at is not None:
        return
    account.failed_at = uow.now
    subscription = repository.subscription(uow.session, agency_id=agency_id, account_id=account_id)
    if subscription is not None:
        uow.session.delete(subscription)
    invoice = repository.opening_invoice(uow.session, account_id=account_id)
    if invoice is not None:
        take_back(uow, invoice=invoice)


def _locked_account(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    account = repository.account_for_update(uow.session, agency_id=agency_id, account_id=account_id, now=uow.now)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    return account


def _was_opened(uow: UnitOfWork, account: models.Account) -> bool:
    """Tell whether an earlier fact opened the account, or was refused to; whichever it was left a subscription or an invoice."""
    subscription = repository.subscription(uow.session, agency_id=account.agency_id, account_id=account.id)
    return subscription is not None or repository.opening_invoice(uow.session, account_id=account.id) is not None


def _refusal_of(quote: models.Quote, *, requested_at: datetime) -> Refusal | None:
    if quote.used_by_account_id is not None:
        return errors.QuoteUsed(quote_id=quote.id)
    if requested_at >= quote.expires_at:
        return errors.QuoteExpired(quote_id=quote.id, expires_at=quote.expires_at.isoformat())
    return None


def _first_period(quote: models.Quote, *, anchor: datetime, time_zone: str) -> Period:
    return first_period(anchor, frequency=Frequency(quote.selection["frequency"]), time_zone=time_zone)


def _subscribe(uow: UnitOfWork, quote: models.Quote, *, account_id: str, time_zone: str, anchored_at: datetime) -> models.Subscription:
    subscription = models.Subscription(
        account_id=account_id,
        agency_id=quote.agency_id,
        kind=quote.kind,
        selection=quote.selection,
        catalogue_version=quote.catalogue_version,
        currency=quote.currency,
        per_cycle_minor=offer_of(quote).per_cycle.amount_minor,
        time_zone=time_zone,
        anchored_at=anchored_at,
        changes=0,
    )
    uow.session.add(subscription)
    return subscription
