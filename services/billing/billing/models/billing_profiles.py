"""Billing profiles."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class BillingProfile(Base):
    """A payment method of the agency: the provider's token, which never leaves billing, and what may be shown of the card.

    A removed one is kept, for invoices name it; nothing shows or uses it any more. `reminder_at`: when it is next said that it expires.
    """

    __tablename__ = "billing_profiles"
    __table_args__ = (
        Index("ix_billing_profiles_agency_id", "agency_id", "id"),
        Index("uq_billing_profiles_default", "agency_id", unique=True, postgresql_where="is_default"),
        Index("ix_billing_profiles_reminder_at", "reminder_at", postgresql_where="reminder_at IS NOT NULL"),
        Index("ix_billing_profiles_token", "token"),
        CheckConstraint("removed_at IS NULL OR (NOT is_default AND reminder_at IS NULL)", name="removed_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    token: Mapped[str]
    name: Mapped[str]
    brand: Mapped[str]
    last_four: Mapped[str]
    expiry_month: Mapped[int]
    expiry_year: Mapped[int]
    is_default: Mapped[bool]
    invoice_address: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    reminder_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
