"""Questions about billing profiles: one that was removed is not there, but for what asks about it by name."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, Table, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from billing.models import (
    BillingProfile,
    CreditNote,
    Invoice,
    Payment,
    Subscription,
)
from billing.repository.lists import paged, rows_before
from chassis.clocks import is_due
from chassis.paging import Page

PROFILE = cast("Table", BillingProfile.__table__)
LIVE = BillingProfile.removed_at.is_(None)

CHOSEN = select(Subscription.billing_profile_id).where(
    Subscription.account_id == bindparam("account_id"), Subscription.agency_id == bindparam("agency_id")
)
DEFAULT = select(BillingProfile.id).where(BillingProfile.agency_id == bindparam("agency_id"), BillingProfile.is_default)
PAYING = select(BillingProfile.id, BillingProfile.token).where(
    BillingProfile.id == func.coalesce(CHOSEN.scalar_subquery(), DEFAULT.correlate(None).scalar_subquery())
)


def billing_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> BillingProfile | None:
    """Find the agency's billing profile."""
    wanted = select(BillingProfile).where(BillingProfile.id == billing_profile_id, BillingProfile.agency_id == agency_id, LIVE)
    return session.scalar(wanted)


def billing_profile_for_update(session: Session, *, agency_id: str, billing_profile_id: str) -> BillingProfile | None:
    """Find the agency's billing profile and lock it, after everything that begins to pay by it now has ended."""
    wanted = select(BillingProfile).where(BillingProfile.id == billing_profile_id, BillingProfile.agency_id == agency_id, LIVE)
    return session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def hold_profile(session: Session, *, billing_profile_id: str) -> None:
    """Keep the profile from being removed until this transaction ends; others may hold it too."""
    session.execute(select(BillingProfile.id).where(BillingProfile.id == billing_profile_id).with_for_update(read=True, key_share=True))


def was_removed(session: Session, *, agency_id: str, billing_profile_id: str) -> bool:
    """Tell whether the agency had such a profile and removed it."""
    removed = select(BillingProfile.id).where(
        BillingProfile.id == billing_profile_id, BillingProfile.agency_id == agency_id, BillingProfile.removed_at.is_not(None)
    )
    return session.scalar(removed) is not None


def token_of(session: Session, *, billing_profile_id: str) -> str:
    """Give the provider's token of a billing profile that is known to be there, or to have been."""
    return session.scalars(select(BillingProfile.token).where(BillingProfile.id == billing_profile_id)).one()


def paying_profile(session: Session, *, agency_id: str, account_id: str) -> Row[str, str] | None:
    """Give id and token of the profile that pays for the account: the one it is paid by, where it is the agency's, else the default."""
    return session.execute(PAYING, {"agency_id": agency_id, "account_id": account_id}).one_or_none()


def default_billing_profile(session: Session, *, agency_id: str) -> BillingProfile | None:
    """Find the profile that pays where none is chosen."""
    return session.scalar(select(BillingProfile).where(BillingProfile.agency_id == agency_id, BillingProfile.is_default))


def default_billing_profiles(session: Session, *, agency_ids: Collection[str]) -> dict[str, str]:
    """Give the ids of the profiles that pay where none is chosen, by agency; an agency without one is not in it."""
    columns = (BillingProfile.agency_id, BillingProfile.id)
    question = select(*columns).where(BillingProfile.agency_id.in_(agency_ids), BillingProfile.is_default)
    return {row.agency_id: row.id for row in session.execute(question)}


def newest_other_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> BillingProfile | None:
    """Find the newest profile of the agency but this one."""
    others = select(BillingProfile).where(BillingProfile.agency_id == agency_id, LIVE, BillingProfile.id != billing_profile_id)
    return session.scalar(others.order_by(BillingProfile.id.desc()).limit(1))


def billing_profiles_page(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[BillingProfile]:
    """List the agency's billing profiles, newest first."""
    wanted = select(BillingProfile).where(BillingProfile.agency_id == agency_id, LIVE)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(rows_before(wanted, BillingProfile.id, limit=limit, cursor=cursor)).all()
    return paged(rows, [row.id for row in rows], limit=limit, total=total)


def accounts_paying_by(session: Session, *, profile: BillingProfile, or_by_default: bool) -> Sequence[str]:
    """List the accounts that pay by the profile, in order; `or_by_default`: those too that have chosen none."""
    chosen = Subscription.billing_profile_id == profile.id
    by_default = (Subscription.billing_profile_id.is_(None)) & (Subscription.agency_id == profile.agency_id)
    paying = select(Subscription.account_id).where(
        or_(chosen, by_default) if or_by_default else chosen, Subscription.kind == "paid", Subscription.standing != "ended"
    )
    return session.scalars(paying.order_by(Subscription.account_id)).all()


def count_invoices_open_on(session: Session, *, billing_profile_id: str) -> int:
    """Count the invoices that the profile is still to pay: neither paid nor taken back."""
    is_paid = select(Payment.id).where(Payment.invoice_id == Invoice.id, Payment.status == "succeeded").exists()
    is_credited = select(CreditNote.id).where(CreditNote.invoice_id == Invoice.id).exists()
    is_charging = select(Payment.id).where(
        Payment.invoice_id == Invoice.id, Payment.status == "pending", Payment.billing_profile_id == billing_profile_id
    )
    open_ones = (
        select(func.count())
        .select_from(Invoice)
        .where(or_(Invoice.billing_profile_id == billing_profile_id, is_charging.exists()), ~is_paid, ~is_credited)
    )
    return session.scalars(open_ones).one()


def leave_profile(session: Session, *, billing_profile_id: str) -> None:
    """Have what does not pay now, but may again, pay by whatever is the default then."""
    leaving = update(Subscription).where(Subscription.billing_profile_id == billing_profile_id)
    session.execute(leaving.values(billing_profile_id=None).execution_options(synchronize_session=False))


def profiles_of_token(session: Session, *, token: str) -> Sequence[BillingProfile]:
    """List the profiles of a card that the provider keeps under this token, locked."""
    return session.scalars(select(BillingProfile).where(BillingProfile.token == token, LIVE).with_for_update()).all()


def profiles_to_remind_of(session: Session, *, platform_now: datetime, limit: int) -> list[tuple[BillingProfile, datetime]]:
    """List at most `limit` profiles whose agency is to be told that the card expires, and since when, locked; others leave them to us."""
    due = is_due(PROFILE.c.reminder_at, agency_id=PROFILE.c.agency_id, platform_now=platform_now)
    wanted = select(BillingProfile, BillingProfile.reminder_at).where(due).order_by(BillingProfile.reminder_at).limit(limit)
    return [(profile, at) for profile, at in session.execute(wanted.with_for_update(skip_locked=True)) if at is not None]
