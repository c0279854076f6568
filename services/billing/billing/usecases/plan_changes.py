"""Changes of plan: at once, invoiced or granted; or waiting for the end of the paid period: held, released, applied."""

from datetime import datetime

from billing import errors, models, repository
from billing.domain.catalogue import Frequency, Selection
from billing.domain.invoice import Purpose, change_lines, renewed_meanwhile_lines, total_of, turned_round
from billing.domain.period import Period, first_period
from billing.usecases.agencies import known_agency
from billing.usecases.billing_profiles import profile_told_of
from billing.usecases.invoices import grant, issue
from billing.usecases.quotes import held_by, offer_of
from billing.usecases.standing import price_for, subscription_told_of
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


def hold_quote(uow: UnitOfWork, *, agency_id: str, account_id: str, quote_id: str, as_of: datetime) -> None:
    """Note that a scheduled change took the quote. Raises `AccountNotFound`, `QuoteNotFound`."""
    subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    quote = _quote(uow, account_id=account_id, quote_id=quote_id)
    quote.held_at = quote.held_at or as_of


def release_quote(uow: UnitOfWork, *, agency_id: str, account_id: str, quote_id: str, as_of: datetime) -> None:
    """Note that the scheduled change was dropped: its quote is as good as expired. Raises `AccountNotFound`, `QuoteNotFound`."""
    subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    quote = _quote(uow, account_id=account_id, quote_id=quote_id)
    quote.released_at = quote.released_at or as_of


def downgrade_subscription(
    uow: UnitOfWork, *, agency_id: str, account_id: str, quote_id: str, billing_profile_id: str | None, as_of: datetime
) -> None:
    """Move the subscription to the quoted cheaper plan.

    One that waited is paid from the next period on: no charge, no credit; where the account came to another agency since it was quoted,
    at that agency's terms. One at once is settled by `change_at_once`. Raises `AccountNotFound`, for one at once also where another agency
    has the account by now, `QuoteNotFound`, and `QuoteSuperseded` where another change took its place.
    """
    subscription = subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    quote = _quote(uow, account_id=account_id, quote_id=quote_id)
    if quote.used_at is not None or subscription is None:
        return
    if quote.takes_effect_at is not None:
        move_down(uow, subscription, quote, at=as_of)
        return
    if quote.agency_id != subscription.agency_id:
        raise errors.AccountNotFound(account_id=account_id)
    profile = profile_told_of(uow, agency_id=quote.agency_id, billing_profile_id=billing_profile_id or subscription.billing_profile_id)
    change_at_once(uow, subscription, quote, profile=profile, at=as_of)


def change_at_once(
    uow: UnitOfWork, subscription: models.Subscription, quote: models.Quote, *, profile: models.BillingProfile, at: datetime
) -> None:
    """Move the subscription to the quoted plan and settle it exactly as quoted, for the moment of the quote.

    What is due is invoiced and paid by `profile`; where less than nothing is, a credit note turns it into prepaid credit of the account.
    Where the account was renewed between the quote and the fact, the period renewed is settled too. Raises `QuoteSuperseded`.
    """
    if subscription.changes != quote.replaces_change:
        raise errors.QuoteSuperseded(quote_id=quote.id)
    held, chosen, offer = held_by(subscription, now=quote.created_at), Selection.read(quote.selection), offer_of(quote)
    renewed = held.period if held.period is not None and quote.created_at < held.period.start else None
    paid = held.period
    if renewed is not None:
        paid = Period(start=quote.created_at.replace(microsecond=0), end=renewed.start)
    elif held.is_over(quote.created_at):
        paid = None
    period = paid
    if period is None or quote.begins_period:
        period = first_period(quote.created_at, frequency=Frequency(quote.selection["frequency"]), time_zone=subscription.time_zone)
        subscription.anchored_at = quote.created_at
    lines = change_lines(offer, held=held.selection, chosen=chosen, paid=paid, period=period, at=quote.created_at)
    if renewed is not None:
        lines += renewed_meanwhile_lines(offer, held=held, chosen=chosen, renewed=renewed)
        period = period if quote.begins_period else renewed
    quote.used_by_account_id, quote.used_at = subscription.account_id, at
    subscription.kind = quote.kind
    subscription.selection = quote.selection
    subscription.catalogue_version = quote.catalogue_version
    subscription.per_cycle_minor = offer.per_cycle.amount_minor
    subscription.period_start, subscription.period_end = period.start, period.end
    subscription.changes += 1
    if total_of(lines) < Money.zero(quote.currency):
        grant(
            uow,
            agency_id=quote.agency_id,
            account_id=subscription.account_id,
            quote_id=quote.id,
            billing_profile_id=profile.id,
            lines=turned_round(lines),
            period_ends_at=period.end,
        )
        return
    issue(
        uow,
        agency_id=quote.agency_id,
        purpose=Purpose.PLAN_CHANGE,
        lines=lines,
        billing_profile_id=profile.id,
        account_id=subscription.account_id,
        quote_id=quote.id,
    )


def move_down(uow: UnitOfWork, subscription: models.Subscription, quote: models.Quote, *, at: datetime) -> None:
    """Put the subscription on the quoted lesser plan, whether the renewal or the fact comes first: the other finds the quote used."""
    quote.used_by_account_id, quote.used_at = subscription.account_id, at
    subscription.selection = quote.selection
    subscription.catalogue_version = quote.catalogue_version
    subscription.per_cycle_minor = offer_of(quote).per_cycle.amount_minor
    subscription.changes += 1
    if quote.agency_id != subscription.agency_id:
        agency = repository.agency(uow.session, agency_id=subscription.agency_id)
        price_for(uow, subscription, agency=known_agency(agency, agency_id=subscription.agency_id))


def _quote(uow: UnitOfWork, *, account_id: str, quote_id: str) -> models.Quote:
    quote = repository.quote_of_account_for_update(uow.session, account_id=account_id, quote_id=quote_id)
    if quote is None:
        raise errors.QuoteNotFound(quote_id=quote_id)
    return quote
