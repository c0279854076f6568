"""Subscriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import KINDS, Base


class Subscription(Base):
    """What an account is on and pays a cycle, by the catalogue it was priced by. A trial or sandbox has no period: never billed.

    `standing` says whether a next period follows; a null `billing_profile_id` is whichever profile is the agency's default. What was
    told of both is kept with its moment, so that an older fact that comes later changes nothing.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(KINDS, name="kind"),
        CheckConstraint(
            "CASE WHEN kind = 'paid' THEN period_end > period_start ELSE period_start IS NULL AND period_end IS NULL END", name="period"
        ),
        CheckConstraint("standing IN ('renewed', 'cancelled', 'ended')", name="standing"),
        Index("ix_subscriptions_due", "period_end", postgresql_where="standing = 'renewed'"),
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    agency_id: Mapped[str]
    kind: Mapped[str]
    selection: Mapped[dict[str, Any]]
    catalogue_version: Mapped[int] = mapped_column(ForeignKey("catalogues.version"))
    currency: Mapped[str]
    per_cycle_minor: Mapped[int] = mapped_column(BigInteger)
    billing_profile_id: Mapped[str | None] = mapped_column(ForeignKey("billing_profiles.id"))
    billing_profile_as_of: Mapped[datetime | None]
    standing: Mapped[str] = mapped_column(server_default="renewed")
    standing_as_of: Mapped[datetime | None]
    time_zone: Mapped[str]
    anchored_at: Mapped[datetime]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    changes: Mapped[int]
