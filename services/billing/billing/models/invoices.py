"""Invoices and what takes them back."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.accounts import Account
from billing.models.base import PURPOSES, Base
from billing.models.payments import Payment


class DocumentCounter(Base):
    """The last number of an agency's series; whoever takes the next one holds this row until it commits, so that no number is lost."""

    __tablename__ = "document_counters"

    agency_id: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """An issued invoice; a trigger refuses to change or delete it, another checks its total and lines when the transaction commits."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint(PURPOSES, name="purpose"),
        CheckConstraint("total_minor >= 0", name="total_minor"),
        CheckConstraint("line_count > 0", name="line_count"),
        CheckConstraint("(purpose = 'credit_purchase') = (credit_kind IS NOT NULL AND credit_units IS NOT NULL)", name="credit"),
        CheckConstraint("(purpose IN ('credit_purchase', 'renewal')) = (quote_id IS NULL)", name="quote_id"),
        CheckConstraint("purpose = 'credit_purchase' OR account_id IS NOT NULL", name="account_id"),
        UniqueConstraint("agency_id", "number"),
        UniqueConstraint("quote_id", "account_id"),
        Index("uq_invoices_account_opening", "account_id", unique=True, postgresql_where="purpose = 'account_opening'"),
        Index("ix_invoices_agency_id", "agency_id", "id"),
        Index("ix_invoices_account_id", "account_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    number: Mapped[str]
    purpose: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    billing_profile_id: Mapped[str | None] = mapped_column(ForeignKey("billing_profiles.id"))
    quote_id: Mapped[str | None] = mapped_column(ForeignKey("quotes.id"))
    credit_kind: Mapped[str | None]
    credit_units: Mapped[int | None] = mapped_column(BigInteger)
    credit_expires_at: Mapped[datetime | None]
    currency: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    line_count: Mapped[int]
    issued_to: Mapped[dict[str, Any] | None]
    issued_at: Mapped[datetime]

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise_on_sql", order_by="InvoiceLine.position")
    payments: Mapped[list["Payment"]] = relationship(lazy="raise_on_sql", order_by="Payment.attempt")
    credit_note: Mapped["CreditNote | None"] = relationship(lazy="raise_on_sql")
    account: Mapped["Account | None"] = relationship(lazy="raise_on_sql")


class InvoiceLine(Base):
    """A line of an invoice, issued with it."""

    __tablename__ = "invoice_lines"

    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    reason: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]


class CreditNote(Base):
    """What takes an invoice back, in full, or gives what a plan left unused as prepaid credit of its account (`granted_minor`).

    The prepaid and card parts are what was paid of the invoice and is given back. A trigger refuses to change or delete it, another checks
    its total and lines when the transaction commits; the oldest have none.
    """

    __tablename__ = "credit_notes"
    __table_args__ = (
        UniqueConstraint("agency_id", "number"),
        CheckConstraint("prepaid_minor >= 0 AND card_minor >= 0", name="parts"),
        CheckConstraint(
            "CASE WHEN payment_id IS NULL THEN prepaid_minor + card_minor = 0 ELSE prepaid_minor + card_minor = total_minor END",
            name="payment_id",
        ),
        CheckConstraint("reason IN ('taken_back', 'plan_change')", name="reason"),
        CheckConstraint(
            "CASE WHEN invoice_id IS NULL THEN account_id IS NOT NULL AND granted_minor = total_minor ELSE granted_minor = 0 END",
            name="granted_minor",
        ),
        UniqueConstraint("quote_id"),
        Index("ix_credit_notes_agency_id", "agency_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    number: Mapped[str]
    invoice_id: Mapped[str | None] = mapped_column(ForeignKey("invoices.id"), unique=True)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    quote_id: Mapped[str | None] = mapped_column(ForeignKey("quotes.id"))
    reason: Mapped[str] = mapped_column(server_default="taken_back")
    currency: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    prepaid_minor: Mapped[int] = mapped_column(BigInteger)
    card_minor: Mapped[int] = mapped_column(BigInteger)
    granted_minor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    line_count: Mapped[int] = mapped_column(server_default="0")
    issued_to: Mapped[dict[str, Any] | None]
    issued_at: Mapped[datetime]

    lines: Mapped[list["CreditNoteLine"]] = relationship(lazy="raise_on_sql", order_by="CreditNoteLine.position")
    invoice: Mapped["Invoice | None"] = relationship(lazy="raise_on_sql", viewonly=True)
    account: Mapped["Account | None"] = relationship(lazy="raise_on_sql", viewonly=True)


class CreditNoteLine(Base):
    """A line of a credit note, issued with it; a positive amount gives back."""

    __tablename__ = "credit_note_lines"

    credit_note_id: Mapped[str] = mapped_column(ForeignKey("credit_notes.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str]
    reason: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
