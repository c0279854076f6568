"""The catalogue, and offers priced by it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.domain.catalogue import Catalogue, Kind, Selection
from billing.domain.invoice import Purpose
from billing.domain.offer import LIFETIME, TAXES_NOTE, Effective, Held, Offer, change_offer, opening_offer, quote_state
from billing.domain.period import Period
from billing.domain.standing import Standing, has_ended
from billing.usecases.agencies import known_agency
from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


def catalogue(session: Session) -> Catalogue:
    """Give everything on sale now."""
    return Catalogue.read(repository.catalogue_in_force(session).content)


def create_quote(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str | None,
    selection: dict[str, Any],
    country: str | None,
    effective: Effective | None = None,
) -> dict[str, Any]:
    """Price a new account, or the change of `account_id` to another plan, and hold the price for half an hour (R0.41–R0.47).

    Raises a refusal by field for a selection that does not fit together (R0.29–R0.34) and for an unknown country, `AccountNotFound`,
    `OnlyAtOnce` for a new account that is to wait, and what `change_offer` refuses.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    on_sale, chosen = catalogue(uow.session), Selection(**selection)
    plan = on_sale.plan_of(chosen)
    subscription = None
    if account_id is None:
        if effective is Effective.PERIOD_END:
            raise errors.OnlyAtOnce
        offer = opening_offer(on_sale, selection=chosen, currency=agency.currency, discount_basis_points=agency.discount_basis_points)
    else:
        subscription = repository.subscription(uow.session, agency_id=agency_id, account_id=account_id)
        if subscription is None:
            raise errors.AccountNotFound(account_id=account_id)
        offer = change_offer(
            on_sale,
            held=held_by(subscription, now=uow.now),
            selection=chosen,
            currency=agency.currency,
            discount_basis_points=agency.discount_basis_points,
            effective=effective,
            now=uow.now,
        )
    quote = models.Quote(
        id=new_id("quo"),
        agency_id=agency_id,
        purpose=Purpose.ACCOUNT_OPENING if subscription is None else Purpose.PLAN_CHANGE,
        account_id=account_id,
        replaces_change=None if subscription is None else subscription.changes,
        catalogue_version=on_sale.version,
        kind=plan.kind,
        selection=asdict(chosen),
        region=None if country is None else on_sale.region_of(country),
        currency=agency.currency,
        list_price_minor=offer.list_price.amount_minor,
        migration_discount_minor=offer.migration_discount.amount_minor,
        reseller_discount_minor=offer.reseller_discount.amount_minor,
        unused_minor=offer.unused.amount_minor,
        charged_minor=offer.charged.amount_minor,
        begins_period=offer.begins_period,
        takes_effect_at=offer.takes_effect_at,
        created_at=uow.now,
        expires_at=uow.now + LIFETIME,
    )
    uow.session.add(quote)
    uow.emit(
        events.QuoteCreated(
            subject=quote.id,
            agency_id=agency_id,
            quote_id=quote.id,
            purpose=Purpose(quote.purpose),
            account_id=account_id,
            due_today_minor=offer.due_today.amount_minor,
            currency=quote.currency,
            expires_at=quote.expires_at,
        )
    )
    return _as_shown(uow, quote, subscription)


def quote(uow: UnitOfWork, *, agency_id: str, quote_id: str) -> dict[str, Any]:
    """Give the quote as it stands now; raises `QuoteNotFound`."""
    found = repository.quote(uow.session, agency_id=agency_id, quote_id=quote_id)
    if found is None:
        raise errors.QuoteNotFound(quote_id=quote_id)
    subscription = (
        None if found.account_id is None else repository.subscription(uow.session, agency_id=agency_id, account_id=found.account_id)
    )
    return _as_shown(uow, found, subscription)


def offer_of(quote: models.Quote) -> Offer:
    """Give the offer that was made in the quote."""

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=quote.currency)

    return Offer(
        list_price=money(quote.list_price_minor),
        migration_discount=money(quote.migration_discount_minor),
        reseller_discount=money(quote.reseller_discount_minor),
        unused=money(quote.unused_minor),
        charged=money(quote.charged_minor),
        begins_period=quote.begins_period,
        takes_effect_at=quote.takes_effect_at,
    )


def held_by(subscription: models.Subscription, *, now: datetime) -> Held:
    """Give what a subscription holds `now`."""
    start, end = subscription.period_start, subscription.period_end
    return Held(
        kind=Kind(subscription.kind),
        selection=Selection.read(subscription.selection),
        per_cycle=Money(amount_minor=subscription.per_cycle_minor, currency=subscription.currency),
        period=None if start is None or end is None else Period(start=start, end=end),
        has_ended=has_ended(Standing(subscription.standing), period_end=end, now=now),
    )


def _as_shown(uow: UnitOfWork, quote: models.Quote, subscription: models.Subscription | None) -> dict[str, Any]:
    offer, chosen = offer_of(quote), Selection.read(quote.selection)
    on_sale = Catalogue.read(repository.catalogue(uow.session, version=quote.catalogue_version).content)
    details = ("list_price", "migration_discount", "reseller_discount", "per_cycle", "proration", "due_today")
    is_taken = quote.used_at is not None or (quote.held_at is not None and quote.released_at is None)
    superseded = quote.account_id is not None and (subscription is None or subscription.changes != quote.replaces_change)
    return {
        "id": quote.id,
        "purpose": Purpose(quote.purpose),
        "account_id": quote.account_id,
        "selection": chosen,
        "region": quote.region,
        "lines": [{"description": description, "amount": amount} for description, amount in on_sale.price_lines(chosen, quote.currency)],
        "offer": {**{name: getattr(offer, name) for name in details}, "taxes_note": TAXES_NOTE},
        "effective": offer.effective,
        "takes_effect_at": offer.takes_effect_at,
        "state": quote_state(
            used=is_taken, superseded=superseded or quote.released_at is not None, expires_at=quote.expires_at, now=uow.now
        ),
        "created_at": quote.created_at,
        "expires_at": quote.expires_at,
    }
