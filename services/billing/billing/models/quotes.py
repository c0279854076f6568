"""Quotes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import KINDS, Base


class Quote(Base):
    """A priced offer. `replaces_change` is the number of the plan change that it would follow, for a change of plan.

    A downgrade may wait until `takes_effect_at`: its quote is held by the scheduled change, and released where that is dropped. A renewal
    comes at `takes_effect_at` by itself: its quote is for reading.
    """

    __tablename__ = "quotes"
    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint("purpose IN ('account_opening', 'plan_change', 'renewal')", name="purpose"),
        CheckConstraint("(purpose <> 'account_opening') = (account_id IS NOT NULL)", name="account_id"),
        CheckConstraint("(purpose <> 'account_opening') = (replaces_change IS NOT NULL)", name="replaces_change"),
        CheckConstraint("(purpose = 'plan_change') = (direction IS NOT NULL AND direction IN ('upgrade', 'downgrade'))", name="direction"),
        CheckConstraint("(used_by_account_id IS NULL) = (used_at IS NULL)", name="used_at"),
        CheckConstraint("charged_minor >= 0 AND unused_minor >= 0", name="due_today"),
        CheckConstraint("takes_effect_at IS NULL OR (purpose <> 'account_opening' AND charged_minor = 0)", name="takes_effect_at"),
        Index("ix_quotes_waiting", "account_id", postgresql_where="held_at IS NOT NULL AND released_at IS NULL AND used_at IS NULL"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    purpose: Mapped[str]
    account_id: Mapped[str | None]
    replaces_change: Mapped[int | None]
    direction: Mapped[str | None]
    catalogue_version: Mapped[int] = mapped_column(ForeignKey("catalogues.version"))
    kind: Mapped[str]
    selection: Mapped[dict[str, Any]]
    region: Mapped[str | None]
    currency: Mapped[str]
    list_price_minor: Mapped[int] = mapped_column(BigInteger)
    migration_discount_minor: Mapped[int] = mapped_column(BigInteger)
    reseller_discount_minor: Mapped[int] = mapped_column(BigInteger)
    unused_minor: Mapped[int] = mapped_column(BigInteger)
    charged_minor: Mapped[int] = mapped_column(BigInteger)
    begins_period: Mapped[bool]
    takes_effect_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    held_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    used_by_account_id: Mapped[str | None]
    used_at: Mapped[datetime | None]
