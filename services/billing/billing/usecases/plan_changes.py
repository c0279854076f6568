"""Changes of plan that wait for the end of the paid period: held, released, applied."""

from datetime import datetime

from billing import errors, models, repository
from billing.usecases.agencies import known_agency
from billing.usecases.quotes import offer_of
from billing.usecases.standing import price_for, subscription_told_of
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


def downgrade_subscription(uow: UnitOfWork, *, agency_id: str, account_id: str, quote_id: str, as_of: datetime) -> None:
    """Move the subscription to the quoted lesser plan, to be paid from the next period on: no charge, no credit.

    Where the account came to another agency since it was quoted, at that agency's terms. Raises `AccountNotFound`, `QuoteNotFound`.
    """
    subscription = subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    quote = _quote(uow, account_id=account_id, quote_id=quote_id)
    if quote.used_at is None and subscription is not None:
        move_down(uow, subscription, quote, at=as_of)


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
