"""The ledger's tables. What only the database can promise is promised there, by triggers of the first migration (README: What holds)."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata

MOVEMENTS = "'purchase', 'reservation', 'release', 'spending', 'return', 'grant', 'allocation', 'take_back', 'expiry'"
KINDS = "'prepaid', 'sms', 'inbox_preview'"


class Base(DeclarativeBase):
    """Everything in the credits database."""

    metadata = service_metadata()


class LedgerAccount(Base):
    """One side that credit moves between: of an agency, or of one account of it (`account_id`)."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("agency_id", "account_id", "kind", "unit", "purpose", postgresql_nulls_not_distinct=True),
        UniqueConstraint("id", "unit"),
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        CheckConstraint("purpose IN ('available', 'reserved', 'spent', 'issued')", name="purpose"),
        CheckConstraint("CASE kind WHEN 'prepaid' THEN unit ~ '^[A-Z]{3}$' ELSE unit = kind END", name="unit_of_kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    account_id: Mapped[str | None]
    kind: Mapped[str]
    unit: Mapped[str]
    purpose: Mapped[str]


class Lot(Base):
    """Credit as it came, bought by an invoice or granted by a credit note, for ever; what is left of it is in `Holding`."""

    __tablename__ = "lots"
    __table_args__ = (
        UniqueConstraint("id", "unit"),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("num_nonnulls(invoice_id, credit_note_id) = 1", name="origin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str | None] = mapped_column(unique=True)
    credit_note_id: Mapped[str | None] = mapped_column(unique=True)
    unit: Mapped[str]
    units: Mapped[int] = mapped_column(BigInteger)
    purchased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Transaction(Base):
    """One movement of credit. Its postings sum to zero per unit, or it does not commit."""

    __tablename__ = "transactions"
    __table_args__ = (
        Index(None, "agency_id", "kind", "id"),
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        CheckConstraint(f"purpose IN ({MOVEMENTS})", name="purpose"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[str]
    kind: Mapped[str]
    unit: Mapped[str]
    purpose: Mapped[str]
    invoice_id: Mapped[str | None] = mapped_column(index=True)
    payment_id: Mapped[str | None]
    credit_note_id: Mapped[str | None]
    reference: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Posting(Base):
    """One line of a transaction: units of one lot arriving in a ledger account (positive) or leaving it (negative)."""

    __tablename__ = "postings"
    __table_args__ = (
        ForeignKeyConstraint(["ledger_account_id", "unit"], ["ledger_accounts.id", "ledger_accounts.unit"]),
        ForeignKeyConstraint(["lot_id", "unit"], ["lots.id", "lots.unit"]),
        CheckConstraint("units <> 0", name="units"),
    )

    transaction_id: Mapped[str] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    ledger_account_id: Mapped[str]
    lot_id: Mapped[str]
    unit: Mapped[str]
    units: Mapped[int] = mapped_column(BigInteger)


class Holding(Base):
    """What a ledger account has of a lot: the sum of its postings, kept by the database itself and never below zero.

    It exists so that a balance is a sum of a few rows however long its history is. `issued` ledger accounts have none.
    No index may mention `units`: the row of a busy pot is updated all day, and in place only where no index changes with it.
    """

    __tablename__ = "holdings"
    __table_args__ = (CheckConstraint("units >= 0", name="never_below_zero"),)

    ledger_account_id: Mapped[str] = mapped_column(ForeignKey("ledger_accounts.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)


class Reservation(Base):
    """What a payment attempt asked for; what it got is in the transaction `reservation:<payment_id>`, which is not there for nothing.

    A payment that was settled before it asked is here too, settled: it gets nothing when it asks after all.
    """

    __tablename__ = "reservations"
    __table_args__ = (CheckConstraint("state IN ('pending', 'posted', 'released')", name="state"),)

    payment_id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
    agency_id: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CreditNote(Base):
    """A credit note that gives prepaid back, waiting until that prepaid has been spent."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'returned')", name="state"),
        CheckConstraint("units > 0", name="units"),
        Index("ix_credit_notes_waiting", "invoice_id", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
    agency_id: Mapped[str]
    unit: Mapped[str]
    units: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Account(Base):
    """What accounts told of an account; each part is as of the newest fact about it, in whatever order they came."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("status IN ('open', 'disabled', 'cancelled', 'failed', 'expired', 'archived')", name="status"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    agency_as_of: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str | None]
    status_as_of: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    plan: Mapped[str | None]
    add_ons: Mapped[list[str] | None] = mapped_column(ARRAY(String()))
    selection_as_of: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ExpiringLot(Base):
    """A lot that has yet to be taken off the books when its time comes; what comes back to it later puts it here again."""

    __tablename__ = "expiring_lots"

    lot_id: Mapped[str] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    agency_id: Mapped[str]
    kind: Mapped[str]
    unit: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class Settings(Base):
    """What an agency wants to hear of its own pot of one kind, and whether it has been told that this is low.

    Read and written only under the locks of that pot.
    """

    __tablename__ = "settings"
    __table_args__ = (
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        CheckConstraint("threshold >= 0", name="threshold"),
        CheckConstraint("top_up_units IS NULL OR (top_up_units > 0 AND threshold IS NOT NULL)", name="top_up_units"),
        CheckConstraint("NOT is_low OR threshold IS NOT NULL", name="is_low"),
    )

    agency_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str]
    threshold: Mapped[int | None] = mapped_column(BigInteger)
    top_up_units: Mapped[int | None] = mapped_column(BigInteger)
    is_low: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
