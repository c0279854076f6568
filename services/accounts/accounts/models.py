"""The tables of accounts, and what the database itself holds of the rules."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Computed, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata

SEARCHABLE = "name || ' ' || client_name || ' ' || client_email"


class Base(DeclarativeBase):
    """Everything in the accounts database."""

    metadata = service_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text, datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class Account(Base):
    """One hosted account. `version` grows by one with each change; the computed columns are what lists filter, sort and search by.

    `due_at` is the next moment at which something happens by itself, as the domain says; `noticed_for` the ending announced last.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    name: Mapped[str]
    login_url: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    selection: Mapped[dict[str, Any]]
    plan: Mapped[str] = mapped_column(Text, Computed("selection ->> 'plan'", persisted=True))
    contacts: Mapped[int] = mapped_column(Integer, Computed("coalesce((selection ->> 'contacts')::integer, 0)", persisted=True))
    client_name: Mapped[str]
    client_email: Mapped[str]
    notification_email: Mapped[str]
    searchable: Mapped[str] = mapped_column(
        Text, Computed("name || ' ' || client_name || ' ' || client_email", persisted=True), deferred=True
    )
    country: Mapped[str]
    region: Mapped[str]
    language: Mapped[str]
    time_zone: Mapped[str]
    billing_profile_id: Mapped[str | None]
    custom_domain: Mapped[str | None]
    snapshot_id: Mapped[str | None]
    quote_id: Mapped[str] = mapped_column(unique=True)
    failure_code: Mapped[str | None]
    failure_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    renews_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None]
    expired_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    noticed_for: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict
    __table_args__ = (
        Index("uq_accounts_name", "name", unique=True, postgresql_where=text("status <> 'failed'")),
        Index(None, "agency_id", "created_at", "id"),
        Index(None, "agency_id", "name", "id"),
        Index(None, "agency_id", "client_name", "id"),
        Index(None, "agency_id", "contacts", "created_at", "id"),
        Index(None, "agency_id", "kind", "created_at", "id"),
        Index(None, "agency_id", "plan", "created_at", "id"),
        Index(None, "agency_id", "status", "created_at", "id"),
        Index("ix_accounts_search", "agency_id", "searchable", postgresql_using="gin", postgresql_ops={"searchable": "gin_trgm_ops"}),
        CheckConstraint("status IN ('creating', 'failed', 'active', 'disabled', 'cancelled', 'expired', 'archived')", name="status"),
        CheckConstraint("kind IN ('paid', 'trial', 'sandbox')", name="kind"),
        CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL AND failure_reason IS NOT NULL)", name="failure"),
        CheckConstraint("(status IN ('creating', 'failed')) = (activated_at IS NULL)", name="activated_at"),
        CheckConstraint("cancelled_at IS NULL OR status IN ('cancelled', 'expired', 'archived')", name="cancelled_at"),
        CheckConstraint("expired_at IS NULL OR status IN ('expired', 'archived')", name="expired_at"),
        CheckConstraint("archived_at IS NULL OR status = 'archived'", name="archived_at"),
        Index("ix_accounts_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


class Provisioning(Base):
    """What an account being opened still waits for, and until when (decision 0002); from `ended_at` on nothing changes it any more."""

    __tablename__ = "provisionings"
    __table_args__ = (Index("ix_provisionings_overdue", "deadline_at", postgresql_where=text("ended_at IS NULL")),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text))
    deadline_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PlanChange(Base):
    """One change of plan: applied at once, or scheduled for `due_at` and then applied or dropped."""

    __tablename__ = "plan_changes"
    __table_args__ = (
        Index(None, "account_id", "created_at"),
        Index("uq_plan_changes_scheduled", "account_id", unique=True, postgresql_where=text("state = 'scheduled'")),
        CheckConstraint("effective IN ('now', 'period_end')", name="effective"),
        CheckConstraint("state IN ('scheduled', 'applied', 'dropped')", name="state"),
        CheckConstraint("(effective = 'now') = (due_at IS NULL)", name="due_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    quote_id: Mapped[str] = mapped_column(unique=True)
    effective: Mapped[str]
    state: Mapped[str] = mapped_column(Text, server_default="applied")
    due_at: Mapped[datetime | None]
    old_selection: Mapped[dict[str, Any]]
    new_selection: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Suspension(Base):
    """One reason for which an account is disabled, and what its login page says about it."""

    __tablename__ = "suspensions"
    __table_args__ = (CheckConstraint("reason IN ('agency', 'payment', 'abuse', 'platform')", name="reason"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    message: Mapped[str | None]
    suspended_at: Mapped[datetime]


class AccountEvent(Base):
    """One change of an account, with the members that changed; a trigger refuses to change or delete it."""

    __tablename__ = "account_events"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[str]
    action: Mapped[str]
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class Agency(Base):
    """What identity told last of an agency (`told_at`, `told_by`: the event it was told by): all that is read of it here."""

    __tablename__ = "agencies"

    id: Mapped[str] = mapped_column(primary_key=True)
    notification_email: Mapped[str]
    told_at: Mapped[datetime]
    told_by: Mapped[str]
