"""The payment methods of agencies."""

from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.clients import PaymentMethod
from billing.usecases.agencies import known_agency
from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork


def add_billing_profile(
    uow: UnitOfWork,
    *,
    agency_id: str,
    payment_method: str,
    described: PaymentMethod,
    name: str | None,
    invoice_address: dict[str, Any] | None,
    is_default: bool | None,
) -> models.BillingProfile:
    """Keep a payment method of the agency (R0.64); the first is the default, a later one where that is asked for.

    The agency's row is locked, so that two added at once do not both become the default. Raises `AgencyNotKnownYet`.
    """
    known_agency(repository.agency_for_update(uow.session, agency_id=agency_id), agency_id=agency_id)
    default = repository.default_billing_profile(uow.session, agency_id=agency_id)
    becomes_default = default is None or bool(is_default)
    if default is not None and becomes_default:
        default.is_default = False
        uow.session.flush()
    profile = models.BillingProfile(
        id=new_id("bp"),
        agency_id=agency_id,
        token=payment_method,
        name=name or f"{described.brand} {described.last_four}",
        brand=described.brand,
        last_four=described.last_four,
        expiry_month=described.expiry_month,
        expiry_year=described.expiry_year,
        is_default=becomes_default,
        invoice_address=invoice_address,
        created_at=uow.now,
    )
    uow.session.add(profile)
    uow.emit(
        events.BillingProfileAdded(
            subject=profile.id,
            agency_id=agency_id,
            billing_profile_id=profile.id,
            brand=profile.brand,
            last_four=profile.last_four,
            is_default=profile.is_default,
        )
    )
    return profile


def billing_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> models.BillingProfile:
    """Give the agency's billing profile; raises `BillingProfileNotFound`."""
    found = repository.billing_profile(session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    if found is None:
        raise errors.BillingProfileNotFound(billing_profile_id=billing_profile_id)
    return found


def billing_profiles(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.BillingProfile]:
    """List the agency's billing profiles, newest first; raises `InvalidCursor`."""
    return repository.billing_profiles_page(session, agency_id=agency_id, limit=limit, cursor=cursor)


def paying_profile(session: Session, *, agency_id: str, billing_profile_id: str | None) -> models.BillingProfile:
    """Give the profile chosen, else the default; raises `BillingProfileNotFound`, `BillingProfileRequired`."""
    if billing_profile_id is not None:
        return billing_profile(session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    default = repository.default_billing_profile(session, agency_id=agency_id)
    if default is None:
        raise errors.BillingProfileRequired
    return default
