"""Invoices that are overdue."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class Dunning(Base):
    """An invoice whose payment was refused, and how far it is with that: one row per invoice, open until `ended_at`.

    `code` and `reason` are those of the last refusal; `next_at` is when something is to be done, in the time of the agency.
    """

    __tablename__ = "dunnings"
    __table_args__ = (
        CheckConstraint("state IN ('retrying', 'suspended', 'recovered', 'exhausted', 'dropped')", name="state"),
        CheckConstraint(
            "CASE WHEN state IN ('retrying', 'suspended') THEN ended_at IS NULL AND next_at IS NOT NULL"
            " ELSE ended_at IS NOT NULL AND next_at IS NULL END",
            name="ended_at",
        ),
        CheckConstraint("step >= 0", name="step"),
        Index("ix_dunnings_due", "next_at", postgresql_where="ended_at IS NULL"),
        Index("ix_dunnings_account_id", "account_id", postgresql_where="ended_at IS NULL"),
        Index("ix_dunnings_agency_id", "agency_id", postgresql_where="ended_at IS NULL"),
    )

    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    agency_id: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str]
    step: Mapped[int]
    code: Mapped[str]
    reason: Mapped[str]
    is_hard: Mapped[bool]
    began_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
