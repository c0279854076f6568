"""Credit that is bought: by an agency for itself or for one of its accounts, and by itself when a pot runs low."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.domain.catalogue import Selection
from billing.domain.credits import (
    HIGHEST_CREDIT_MINOR,
    SMS,
    check_sms_on_plan,
    credit_lines,
    expiry_of,
    number_on_sale,
    on_sale,
    piece_lines,
)
from billing.domain.invoice import Purpose
from billing.domain.standing import Standing, has_ended
from billing.usecases.agencies import known_agency
from billing.usecases.billing_profiles import paying_profile
from billing.usecases.invoices import invoice_as_shown, issue
from billing.usecases.on_sale import catalogue
from chassis.money import Money
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork

NO_TOP_UP = (errors.BillingProfileRequired, errors.CreditNotOffered, errors.CurrencyNotOffered, errors.WrongCurrency)
"""Why a top-up does not come about, whenever it is tried: there is no card for it, or nothing that it could buy."""


def purchase_credits(
    uow: UnitOfWork,
    *,
    agency_id: str,
    kind: str,
    billing_profile_id: str | None,
    account_id: str | None,
    amount: Money | None = None,
    units: int | None = None,
) -> dict[str, Any]:
    """Invoice credit for the agency, or for one of its accounts (R0.105, R0.106, R0.109, R0.112); it is there once that is paid.

    Prepaid is bought for an `amount`, the others by number of `units` at the price of the catalogue in force. Raises
    `AgencyNotKnownYet`, `WrongCurrency`, `AmountOutOfRange`, `CreditNotOffered`, `UnitsNotOffered`, `AccountNotFound`, `AccountNotUsable`,
    `SmsNotOnPlan`, `BillingProfileNotFound`, `BillingProfileRequired`.
    """
    agency = known_agency(repository.agency(uow.session, agency_id=agency_id), agency_id=agency_id)
    expires_at = None
    if amount is not None:
        if amount.currency != agency.currency:
            raise errors.WrongCurrency(currency=amount.currency, allowed=agency.currency)
        lines, bought = credit_lines(amount), amount.amount_minor
    else:
        offered, bought = on_sale(catalogue(uow.session), kind), units or 0
        lines, expires_at = piece_lines(offered, units=bought, currency=agency.currency), expiry_of(offered, bought_at=uow.now)
    if account_id is not None:
        _check_account(uow.session, agency_id=agency_id, account_id=account_id, kind=kind, now=uow.now)
    profile = paying_profile(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    invoice = issue(
        uow,
        agency_id=agency_id,
        purpose=Purpose.CREDIT_PURCHASE,
        lines=lines,
        billing_profile_id=profile.id,
        account_id=account_id,
        credit_kind=kind,
        credit_units=bought,
        credit_expires_at=expires_at,
    )
    return invoice_as_shown(invoice)


def top_up(uow: UnitOfWork, *, agency_id: str, kind: str, units: int, currency: str | None) -> None:
    """Buy what the agency wants bought when its pot is low, in a number that is on sale, by its default billing profile.

    Credits tells of a low pot once, so this is tried once: what cannot be bought as it is wanted is told. Raises `AgencyNotKnownYet`.
    """
    who: dict[str, Any] = {"agency_id": agency_id, "kind": kind, "billing_profile_id": None, "account_id": None}
    try:
        if currency is None:
            purchase_credits(uow, **who, units=number_on_sale(on_sale(catalogue(uow.session), kind), wanted=units))
        else:
            purchase_credits(uow, **who, amount=Money(amount_minor=min(units, HIGHEST_CREDIT_MINOR), currency=currency))
    except NO_TOP_UP as refusal:
        told = {"kind": kind, "units": units, "currency": currency, "code": refusal.code, "reason": refusal.text}
        uow.emit(events.TopUpRefused(subject=agency_id, agency_id=agency_id, **told))


def credit_purchases(session: Session, *, agency_id: str, kind: str, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List the invoices for credit of one kind, newest first; raises `InvalidCursor`."""
    page = repository.credit_purchases_page(session, agency_id=agency_id, kind=kind, limit=limit, cursor=cursor)
    return Page(data=[invoice_as_shown(each) for each in page.data], next_cursor=page.next_cursor, total=page.total)


def _check_account(session: Session, *, agency_id: str, account_id: str, kind: str, now: datetime) -> None:
    account: models.Account | None = repository.account(session, agency_id=agency_id, account_id=account_id)
    if account is None or account.failed_at is not None:
        raise errors.AccountNotFound(account_id=account_id)
    subscription = repository.subscription_of_account(session, account_id=account_id)
    if subscription is not None and has_ended(Standing(subscription.standing), period_end=subscription.period_end, now=now):
        raise errors.AccountNotUsable(account_id=account_id)
    if kind == SMS:
        check_sms_on_plan(None if subscription is None else Selection.read(subscription.selection))
