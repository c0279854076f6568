"""The tables of billing. What was promised, issued or charged is never changed: the database itself refuses."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from chassis.tables import service_metadata

KINDS = "kind IN ('paid', 'trial', 'sandbox')"
PURPOSES = "purpose IN ('account_opening', 'plan_change', 'credit_purchase', 'renewal')"


class Base(DeclarativeBase):
    """Billing's tables, beside those of the chassis."""

    metadata = service_metadata()
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it so
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
    }


class Catalogue(Base):
    """One version of everything on sale, as it was published; a later one never touches it."""

    __tablename__ = "catalogues"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class Agency(Base):
    """What identity told of an agency, as of the newest fact heard."""

    __tablename__ = "agencies"

    id: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    discount_basis_points: Mapped[int]
    language: Mapped[str]
    as_of: Mapped[datetime]


class Account(Base):
    """An account heard of: the row on which everything that happens to one account waits for one another.

    `moved_at` is when it last came to another agency: what was told of it before that, by the former one, is still its own past.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    failed_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class BillingProfile(Base):
    """A payment method of the agency: the provider's token, which never leaves billing, and what may be shown of the card."""

    __tablename__ = "billing_profiles"
    __table_args__ = (
        Index("ix_billing_profiles_agency_id", "agency_id", "id"),
        Index("uq_billing_profiles_default", "agency_id", unique=True, postgresql_where="is_default"),
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
    billing_profile_id: Mapped[str] = mapped_column(ForeignKey("billing_profiles.id"))
    quote_id: Mapped[str | None] = mapped_column(ForeignKey("quotes.id"))
    credit_kind: Mapped[str | None]
    credit_units: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    line_count: Mapped[int]
    issued_at: Mapped[datetime]

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise_on_sql", order_by="InvoiceLine.position")
    payments: Mapped[list["Payment"]] = relationship(lazy="raise_on_sql", order_by="Payment.attempt")
    credit_note: Mapped["CreditNote | None"] = relationship(lazy="raise_on_sql")


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


class Payment(Base):
    """An attempt to collect an invoice. Its id is the idempotency key at credits and at the provider, kept before either is asked."""

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
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"))
    attempt: Mapped[int]
    billing_profile_id: Mapped[str] = mapped_column(ForeignKey("billing_profiles.id"))
    status: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    prepaid_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    card_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    provider_charge_id: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class CreditNote(Base):
    """What takes an invoice back, in full; the prepaid and card parts are what was paid of it and is given back."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        UniqueConstraint("agency_id", "number"),
        CheckConstraint("prepaid_minor >= 0 AND card_minor >= 0", name="parts"),
        CheckConstraint(
            "CASE WHEN payment_id IS NULL THEN prepaid_minor + card_minor = 0 ELSE prepaid_minor + card_minor = total_minor END",
            name="payment_id",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    number: Mapped[str]
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"), unique=True)
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))
    currency: Mapped[str]
    total_minor: Mapped[int] = mapped_column(BigInteger)
    prepaid_minor: Mapped[int] = mapped_column(BigInteger)
    card_minor: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime]


class Refund(Base):
    """The card's part of a credit note, given back. The credit note's id is the idempotency key at the provider."""

    __tablename__ = "refunds"

    credit_note_id: Mapped[str] = mapped_column(ForeignKey("credit_notes.id"), primary_key=True)
    provider_refund_id: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    refunded_at: Mapped[datetime]


class TestProviderRequest(Base):
    """The test provider's memory of how often each key asked for a charge. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_requests"

    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[int]


class TestProviderCharge(Base):
    """A charge that the test provider made. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_charges"

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    payment_method: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class TestProviderRefund(Base):
    """A refund that the test provider made. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_refunds"

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    charge_id: Mapped[str] = mapped_column(ForeignKey("test_provider_charges.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
