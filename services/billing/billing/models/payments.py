"""Payments and refunds."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class Payment(Base):
    """An attempt to collect an invoice. Its id is the idempotency key at credits and at the provider, kept before either is asked.

    So is the `token` of the card that it asks: whatever card the profile has later, this one is asked about.
    Without a billing profile prepaid pays all of it or nothing. `asked_at` is when somebody last began to ask about it (platform time).
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "CASE status"
            " WHEN 'pending' THEN settled_at IS NULL"
            " WHEN 'succeeded' THEN settled_at IS NOT NULL AND prepaid_minor + card_minor = amount_minor"
            " AND (card_minor = 0) = (provider_charge_id IS NULL)"
            " WHEN 'failed' THEN settled_at IS NOT NULL AND failure_code IS NOT NULL AND failure_reason IS NOT NULL"
            " ELSE false END",
            name="status",
        ),
        UniqueConstraint("invoice_id", "attempt"),
        Index("uq_payments_live", "invoice_id", unique=True, postgresql_where="status <> 'failed'"),
        Index("ix_payments_pending", "asked_at", postgresql_where="status = 'pending'"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"))
    attempt: Mapped[int]
    billing_profile_id: Mapped[str | None] = mapped_column(ForeignKey("billing_profiles.id"))
    token: Mapped[str | None]
    status: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    prepaid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    card_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    provider_charge_id: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class Refund(Base):
    """The card's part of a credit note, given back. The credit note's id is the idempotency key at the provider."""

    __tablename__ = "refunds"

    credit_note_id: Mapped[str] = mapped_column(ForeignKey("credit_notes.id"), primary_key=True)
    provider_refund_id: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_at: Mapped[datetime]
