"""What an agency will owe until a day, and how much prepaid to buy for it (R0.63)."""

from datetime import datetime, timedelta
from typing import Any

from billing import errors, models, repository
from billing.domain.catalogue import Frequency
from billing.domain.months import next_first
from billing.domain.period import Period, next_period
from billing.domain.planner import Covered, Lot, PlannedCharge, Pots, cover, to_buy
from billing.usecases.agencies import known_agency
from billing.usecases.quotes import offer_of
from billing.usecases.standing import price_of_cycle
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork

LONGEST_TIME = timedelta(days=400)
SHOWN = 1_000
"""Charges that an answer lists at most; the amount is that of all."""


def charges_until(uow: UnitOfWork, *, agency_id: str, until: datetime | None) -> dict[str, Any]:
    """Find what the agency owes now and what renewals come before `until` (None: the next 1st in UTC), with the agency's currency.

    Raises `AgencyNotKnownYet`, `UntilOutOfRange`.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    until = until or next_first(uow.now)
    if not uow.now < until <= uow.now + LONGEST_TIME:
        raise errors.UntilOutOfRange(earliest=uow.now.isoformat(), latest=(uow.now + LONGEST_TIME).isoformat())
    charges = [
        PlannedCharge(account_id=invoice.account_id, account_name=name, invoice_id=invoice.id, at=uow.now, amount_minor=invoice.total_minor)
        for invoice, name in repository.dunned_invoices(uow.session, agency_id=agency_id)
        if invoice.account_id is not None
    ]
    waiting = {quote.account_id: quote for quote in repository.waiting_quotes_of_agency(uow.session, agency_id=agency_id)}
    for subscription, name in repository.subscriptions_renewed_before(uow.session, agency_id=agency_id, until=until):
        charges += _renewals(uow, subscription, name, quote=waiting.get(subscription.account_id), until=until)
    return {"charges": charges, "currency": agency.currency, "until": until}


def plan(*, charges: list[PlannedCharge], pots: dict[str, Any], currency: str, until: datetime) -> dict[str, Any]:
    """Say exactly how much prepaid to buy now, and what pays what; `pots` as credits answers."""
    accounts = {pot["account_id"]: _lots(pot) for pot in pots["accounts"]}
    covered = cover(charges, Pots(agency=_lots(pots["agency"]), accounts=accounts))

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=currency)

    def shown(each: Covered) -> dict[str, Any]:
        charge = each.charge
        return {
            "account_id": charge.account_id,
            "account_name": charge.account_name,
            "invoice_id": charge.invoice_id,
            "at": charge.at,
            "amount": money(charge.amount_minor),
            "account_prepaid": money(each.account_prepaid_minor),
            "agency_prepaid": money(each.agency_prepaid_minor),
            "missing": money(each.missing_minor),
        }

    return {
        "until": until,
        "to_buy": money(to_buy(covered)),
        "due": money(sum(each.charge.amount_minor for each in covered)),
        "account_prepaid": money(sum(each.account_prepaid_minor for each in covered)),
        "agency_prepaid": money(sum(each.agency_prepaid_minor for each in covered)),
        "charges": [shown(each) for each in covered[:SHOWN]],
        "charges_total": len(covered),
    }


def _lots(pot: dict[str, Any]) -> list[Lot]:
    return [Lot(units=lot["units"], expires_at=lot["expires_at"]) for lot in pot["lots"]]


def _renewals(
    uow: UnitOfWork, subscription: models.Subscription, name: str | None, *, quote: models.Quote | None, until: datetime
) -> list[PlannedCharge]:
    """Find the renewals of a subscription before `until`, each at the price of the plan that it will be on then."""
    start, end = subscription.period_start, subscription.period_end
    if start is None or end is None:
        return []
    charges, period = [], Period(start=start, end=end)
    amount, frequency = subscription.per_cycle_minor, Frequency(subscription.selection["frequency"])
    while period.end < until:
        if quote is not None and quote.takes_effect_at is not None and quote.takes_effect_at <= period.end:
            amount, frequency = _amount_after(uow, subscription, quote), Frequency(quote.selection["frequency"])
        charges.append(
            PlannedCharge(
                account_id=subscription.account_id,
                account_name=name,
                invoice_id=None,
                at=max(period.end, uow.now),
                amount_minor=amount,
            )
        )
        period = next_period(period, anchor=subscription.anchored_at, frequency=frequency, time_zone=subscription.time_zone)
    return charges


def _amount_after(uow: UnitOfWork, subscription: models.Subscription, quote: models.Quote) -> int:
    if quote.agency_id == subscription.agency_id:
        return offer_of(quote).per_cycle.amount_minor
    agency = known_agency(repository.agency(uow.session, agency_id=subscription.agency_id), agency_id=subscription.agency_id)
    return price_of_cycle(uow, agency=agency, selection=quote.selection, catalogue_version=quote.catalogue_version).amount_minor
