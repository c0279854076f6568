"""The tables of notifications."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata


class Base(DeclarativeBase):
    """The tables of notifications, beside those of the chassis."""

    metadata = service_metadata()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), dict[str, Any]: JSONB}  # noqa: RUF012  SQLAlchemy reads it so


class FeedEvent(Base):
    """A fact as it came, in the order of coming; kept for 30 days."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("event_id"), Index(None, "agency_id", "position"), Index(None, "recorded_at"))

    position: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[str]
    agency_id: Mapped[str | None]
    envelope: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]


class Agency(Base):
    """How to write to an agency, as of the newest fact heard."""

    __tablename__ = "agencies"

    id: Mapped[str] = mapped_column(primary_key=True)
    notification_email: Mapped[str]
    language: Mapped[str]
    programme: Mapped[str]
    known_at: Mapped[datetime]


class Account(Base):
    """What an account is called and where to write about it, as of the newest fact heard; of its client what account_requested said."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    name: Mapped[str]
    notification_email: Mapped[str]
    language: Mapped[str | None]
    client_email: Mapped[str | None]
    known_at: Mapped[datetime]


class Notice(Base):
    """One message to one recipient about one fact. `sending_until` keeps other deliveries of the same fact away while one is sending.

    `link` is written into the body when it is sent, with a token that is kept nowhere. What no event caused is caused by itself.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("caused_by", "kind", "channel"),
        CheckConstraint("state IN ('pending', 'sent', 'failed')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        Index(None, "agency_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    account_id: Mapped[str | None]
    kind: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    copied_to: Mapped[str | None]
    language: Mapped[str]
    link: Mapped[str | None]
    subject: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]
    caused_by: Mapped[str]
    sending_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
