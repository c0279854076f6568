"""Offers priced by the catalogue."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from billing import errors, events, models, repository
from billing.domain.catalogue import Kind, Selection
from billing.domain.invoice import Purpose
from billing.domain.offer import (
    TAXES_NOTE,
    Direction,
    Effective,
    Held,
    Offer,
    change_offer,
    opening_offer,
    quote_expiry,
    quote_state,
    renewal_offer,
)
from billing.domain.period import Period
from billing.domain.standing import Standing, has_ended
from billing.usecases.agencies import known_agency
from billing.usecases.on_sale import catalogue, catalogue_of
from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


def create_quote(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str | None,
    selection: dict[str, Any] | None,
    country: str | None,
    effective: Effective | None = None,
    purpose: Purpose | None = None,
) -> dict[str, Any]:
    """Price a new account, or the change of `account_id` to another plan, and hold the price for half an hour (R0.41–R0.47).

    With the purpose `renewal`, or without a selection, it is what the account's next renewal costs. Raises a refusal by field for a
    selection that does not fit together (R0.29–R0.34) and for an unknown country, `AccountNotFound`, `SelectionRequired`, `NotRenewed`,
    `OnlyAtOnce` for a new account that is to wait, and what `change_offer` refuses.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    on_sale = catalogue(uow.session)
    subscription = None
    if account_id is not None:
        subscription = repository.subscription(uow.session, agency_id=agency_id, account_id=account_id)
        if subscription is None:
            raise errors.AccountNotFound(account_id=account_id)
    if subscription is not None and (selection is None or purpose is Purpose.RENEWAL):
        return _quote_renewal(uow, subscription)
    if selection is None:
        raise errors.SelectionRequired
    chosen = Selection(**selection)
    plan = on_sale.plan_of(chosen)
    if subscription is None:
        if effective is Effective.PERIOD_END:
            raise errors.OnlyAtOnce
        offer = opening_offer(on_sale, selection=chosen, currency=agency.currency, discount_basis_points=agency.discount_basis_points)
    else:
        offer = change_offer(
            on_sale,
            held=held_by(subscription, now=uow.now),
            selection=chosen,
            currency=agency.currency,
            discount_basis_points=agency.discount_basis_points,
            effective=effective,
            now=uow.now,
        )
    return _made(
        uow,
        purpose=Purpose.ACCOUNT_OPENING if subscription is None else Purpose.PLAN_CHANGE,
        agency_id=agency_id,
        subscription=subscription,
        offer=offer,
        catalogue_version=on_sale.version,
        kind=plan.kind,
        selection=asdict(chosen),
        region=None if country is None else on_sale.region_of(country),
    )


def _quote_renewal(uow: UnitOfWork, subscription: models.Subscription) -> dict[str, Any]:
    """Price the next renewal: of the plan that a waiting change leads to, where one waits. Raises `NotRenewed`."""
    period_end = subscription.period_end
    if period_end is None or subscription.standing != Standing.RENEWED:
        raise errors.NotRenewed(account_id=subscription.account_id)
    held = repository.waiting_quotes(uow.session, account_ids=[subscription.account_id])
    waiting = next((each for each in reversed(held) if each.takes_effect_at is not None and each.takes_effect_at <= period_end), None)
    on = subscription if waiting is None else waiting
    per_cycle = subscription.per_cycle_minor if waiting is None else offer_of(waiting).per_cycle.amount_minor
    by = catalogue_of(uow.session, version=on.catalogue_version)
    return _made(
        uow,
        purpose=Purpose.RENEWAL,
        agency_id=subscription.agency_id,
        subscription=subscription,
        offer=renewal_offer(
            list_price=by.list_price(Selection.read(on.selection), on.currency),
            per_cycle=Money(amount_minor=per_cycle, currency=on.currency),
            at=max(period_end, uow.now),
        ),
        catalogue_version=on.catalogue_version,
        kind=on.kind,
        selection=on.selection,
        region=None,
    )


def _made(
    uow: UnitOfWork, *, purpose: Purpose, agency_id: str, subscription: models.Subscription | None, offer: Offer, **priced: Any
) -> dict[str, Any]:
    """Keep the quote, tell of it, and show it; `priced` says which selection it is for, and by which catalogue."""
    quote = models.Quote(
        id=new_id("quo"),
        agency_id=agency_id,
        purpose=purpose,
        account_id=None if subscription is None else subscription.account_id,
        replaces_change=None if subscription is None else subscription.changes,
        direction=offer.direction,
        currency=offer.list_price.currency,
        list_price_minor=offer.list_price.amount_minor,
        migration_discount_minor=offer.migration_discount.amount_minor,
        reseller_discount_minor=offer.reseller_discount.amount_minor,
        unused_minor=offer.unused.amount_minor,
        charged_minor=offer.charged.amount_minor,
        begins_period=offer.begins_period,
        takes_effect_at=offer.takes_effect_at,
        created_at=uow.now,
        expires_at=quote_expiry(None if subscription is None else held_by(subscription, now=uow.now), now=uow.now),
        **priced,
    )
    uow.session.add(quote)
    uow.emit(
        events.QuoteCreated(
            subject=quote.id,
            agency_id=agency_id,
            quote_id=quote.id,
            purpose=purpose,
            account_id=quote.account_id,
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
        direction=None if quote.direction is None else Direction(quote.direction),
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
    on_sale = catalogue_of(uow.session, version=quote.catalogue_version)
    details = ("list_price", "migration_discount", "reseller_discount", "per_cycle", "proration", "due_today", "granted")
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
        "direction": offer.direction,
        "effective": offer.effective,
        "takes_effect_at": offer.takes_effect_at,
        "state": quote_state(
            used=is_taken, superseded=superseded or quote.released_at is not None, expires_at=quote.expires_at, now=uow.now
        ),
        "created_at": quote.created_at,
        "expires_at": quote.expires_at,
    }
