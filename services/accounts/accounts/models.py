"""The tables of accounts, and what the database itself holds of the rules."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata

SEARCHABLE = "searchable(name || ' ' || client_name || ' ' || client_email || ' ' || coalesce(custom_domain, ''))"
"""What search looks through, without accents and case (the functions are in migration 0002)."""
ORDERED = (
    "activated_at",
    "archived_at",
    "billing_profile_id",
    "cancelled_at",
    "client_email",
    "country",
    "custom_domain",
    "expired_at",
    "expires_at",
    "language",
    "notification_email",
    "region",
    "renews_at",
    "snapshot_id",
    "time_zone",
    "updated_at",
)
"""The columns of lists that have an index of the common form: it sorts by them, and finds one of their values, newest first."""


class Base(DeclarativeBase):
    """Everything in the accounts database."""

    metadata = service_metadata()
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text, datetime: DateTime(timezone=True), dict[str, Any]: JSONB}


class Account(Base):
    """One hosted account. `version` grows by one with each change; the computed columns are what lists filter, sort and search by.

    `due_at` is the next moment at which something happens by itself, as the domain says; `noticed_for` the ending announced last;
    `dunning_sequence` the newest of billing's facts about what is overdue that it went by.
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
    searchable: Mapped[str] = mapped_column(Text, Computed(SEARCHABLE, persisted=True), deferred=True)
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
    dunning_sequence: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict
    __table_args__ = (
        Index("uq_accounts_name", "name", unique=True, postgresql_where=text("status <> 'failed'")),
        Index(
            "uq_accounts_custom_domain",
            "custom_domain",
            unique=True,
            postgresql_where=text("custom_domain IS NOT NULL AND status <> 'failed'"),
        ),
        Index(None, "agency_id", "created_at", "id"),
        Index(None, "agency_id", "name", "id"),
        Index(None, "agency_id", "client_name", "id"),
        Index(None, "agency_id", "contacts", "created_at", "id"),
        Index(None, "agency_id", "kind", "created_at", "id"),
        Index(None, "agency_id", "plan", "created_at", "id"),
        Index(None, "agency_id", "status", "created_at", "id"),
        *(Index(None, "agency_id", column, "created_at", "id") for column in ORDERED),
        Index(
            "ix_accounts_search",
            "agency_id",
            "searchable",
            postgresql_using="gin",
            postgresql_ops={"searchable": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 64},
        ),
        CheckConstraint("status IN ('creating', 'failed', 'active', 'disabled', 'cancelled', 'expired', 'archived')", name="status"),
        CheckConstraint("kind IN ('paid', 'trial', 'sandbox')", name="kind"),
        CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL AND failure_reason IS NOT NULL)", name="failure"),
        CheckConstraint("(status IN ('creating', 'failed')) = (activated_at IS NULL)", name="activated_at"),
        CheckConstraint("cancelled_at IS NULL OR status IN ('cancelled', 'expired', 'archived')", name="cancelled_at"),
        CheckConstraint("expired_at IS NULL OR status IN ('expired', 'archived')", name="expired_at"),
        CheckConstraint("archived_at IS NULL OR status = 'archived'", name="archived_at"),
        Index("ix_accounts_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


class AccountTally(Base):
    """How many accounts of one sort an agency has more, or fewer, than its other rows say: the count is their sum.

    Triggers write a row with each change; from time to time the rows of an agency are folded into one of each sort.
    """

    __tablename__ = "account_tallies"
    __table_args__ = (Index(None, "agency_id"), Index("ix_account_tallies_unfolded", "agency_id", postgresql_where=text("NOT folded")))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agency_id: Mapped[str]
    status: Mapped[str]
    plan: Mapped[str]
    kind: Mapped[str]
    accounts: Mapped[int]
    folded: Mapped[bool] = mapped_column(server_default=false())


class View(Base):
    """A list of accounts as somebody likes to see it (R0.9): which, in which order, with which columns. `owner`: whose it is."""

    __tablename__ = "views"
    __table_args__ = (UniqueConstraint("agency_id", "owner", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    owner: Mapped[str]
    name: Mapped[str]
    filters: Mapped[dict[str, Any]]
    sort: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy reads it once and wants a plain dict


class Provisioning(Base):
    """What an account being opened still waits for, and until when (decision 0002); from `ended_at` on nothing changes it any more."""

    __tablename__ = "provisionings"
    __table_args__ = (Index("ix_provisionings_overdue", "deadline_at", postgresql_where=text("ended_at IS NULL")),)

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text))
    deadline_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PlanChange(Base):
    """One change of plan: applied at once, or scheduled for `due_at` and then applied or dropped; `agency_id` asked for it."""

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
    agency_id: Mapped[str]
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
    """One change of an account, with the members that changed; a trigger refuses to change or delete it.

    `agency_id` is whose account it was then: another agency that gets the account does not see it.
    """

    __tablename__ = "account_events"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    agency_id: Mapped[str]
    actor: Mapped[str]
    action: Mapped[str]
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class Branding(Base):
    """How an account looks, where that is not as the platform does; the logo as it was uploaded."""

    __tablename__ = "brandings"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(logo, logo_content_type, logo_width, logo_height) IN (0, 4)",
            name="logo",
        ),
        CheckConstraint("octet_length(logo) <= 262144", name="logo_size"),
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    brand_name: Mapped[str | None]
    primary_colour: Mapped[str | None]
    text_colour: Mapped[str | None]
    footer_text: Mapped[str | None]
    logo: Mapped[bytes | None]
    logo_content_type: Mapped[str | None]
    logo_width: Mapped[int | None]
    logo_height: Mapped[int | None]
    updated_at: Mapped[datetime]


class DomainCheck(Base):
    """The last check of an account's custom domain: it counts as long as the account has that domain."""

    __tablename__ = "domain_checks"
    __table_args__ = (
        Index("ix_domain_checks_due", "next_check_at", postgresql_where=text("state = 'pending'")),
        CheckConstraint("state IN ('pending', 'verified', 'failed')", name="state"),
        CheckConstraint("(state = 'pending') = (next_check_at IS NOT NULL)", name="next_check_at"),
        CheckConstraint("(state = 'verified') = (code IS NULL AND reason IS NULL)", name="reason"),
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    custom_domain: Mapped[str]
    state: Mapped[str]
    code: Mapped[str | None]
    reason: Mapped[str | None]
    started_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    next_check_at: Mapped[datetime | None]


class Transfer(Base):
    """One account on its way to the agency that asked for it, or away from it; at most one of an account is under way."""

    __tablename__ = "transfers"
    __table_args__ = (
        Index("uq_transfers_under_way", "account_id", unique=True, postgresql_where=text("state IN ('requested', 'confirmed')")),
        Index(None, "agency_id", "requested_at", "id"),
        Index("ix_transfers_overdue", "expires_at", postgresql_where=text("state = 'requested'")),
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint("state IN ('requested', 'confirmed', 'completed', 'declined', 'expired')", name="state"),
        CheckConstraint("(state IN ('confirmed', 'completed')) = (confirmed_at IS NOT NULL)", name="confirmed_at"),
        CheckConstraint("(state IN ('completed', 'declined', 'expired')) = (ended_at IS NOT NULL)", name="ended_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    account_host: Mapped[str]
    direction: Mapped[str]
    state: Mapped[str]
    client_email: Mapped[str]
    agency_email: Mapped[str]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Agency(Base):
    """What identity told last of an agency (`told_at`, `told_by`: the event it was told by): all that is read of it here."""

    __tablename__ = "agencies"

    id: Mapped[str] = mapped_column(primary_key=True)
    notification_email: Mapped[str]
    told_at: Mapped[datetime]
    told_by: Mapped[str]
