"""Questions about billing profiles."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import (
    BillingProfile,
)
from billing.repository.lists import paged, rows_before
from chassis.paging import Page


def billing_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> BillingProfile | None:
    """Find the agency's billing profile."""
    return session.scalar(select(BillingProfile).where(BillingProfile.id == billing_profile_id, BillingProfile.agency_id == agency_id))


def token_of(session: Session, *, billing_profile_id: str) -> str:
    """Give the provider's token of a billing profile that is known to be there."""
    return session.scalars(select(BillingProfile.token).where(BillingProfile.id == billing_profile_id)).one()


def default_billing_profile(session: Session, *, agency_id: str) -> BillingProfile | None:
    """Find the profile that pays where none is chosen."""
    return session.scalar(select(BillingProfile).where(BillingProfile.agency_id == agency_id, BillingProfile.is_default))


def default_billing_profiles(session: Session, *, agency_ids: Collection[str]) -> dict[str, str]:
    """Give the ids of the profiles that pay where none is chosen, by agency; an agency without one is not in it."""
    columns = (BillingProfile.agency_id, BillingProfile.id)
    question = select(*columns).where(BillingProfile.agency_id.in_(agency_ids), BillingProfile.is_default)
    return {row.agency_id: row.id for row in session.execute(question)}


def billing_profiles_page(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[BillingProfile]:
    """List the agency's billing profiles, newest first."""
    wanted = select(BillingProfile).where(BillingProfile.agency_id == agency_id)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(rows_before(wanted, BillingProfile.id, limit=limit, cursor=cursor)).all()
    return paged(rows, [row.id for row in rows], limit=limit, total=total)
