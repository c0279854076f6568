"""Quotes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import KINDS, Base


class Quote(Base):
    """A priced offer. `replaces_change` is the number of the plan change that it would follow, for a change of plan.

    A downgrade waits until `takes_effect_at`: its quote is held by the scheduled change, and released where that is dropped.
    """

    __tablename__ = "quotes"
    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint("purpose IN ('account_opening', 'plan_change')", name="purpose"),
        CheckConstraint("(purpose = 'plan_change') = (account_id IS NOT NULL)", name="account_id"),
        CheckConstraint("(purpose = 'plan_change') = (replaces_change IS NOT NULL)", name="replaces_change"),
        CheckConstraint("(used_by_account_id IS NULL) = (used_at IS NULL)", name="used_at"),
        CheckConstraint("charged_minor >= unused_minor AND unused_minor >= 0", name="due_today"),
        Index("ix_quotes_waiting", "account_id", postgresql_where="held_at IS NOT NULL AND released_at IS NULL AND used_at IS NULL"),
        CheckConstraint("takes_effect_at IS NULL OR (purpose = 'plan_change' AND charged_minor = 0)", name="takes_effect_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    purpose: Mapped[str]
    account_id: Mapped[str | None]
    replaces_change: Mapped[int | None]
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
