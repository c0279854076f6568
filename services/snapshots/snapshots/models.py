"""The tables of workspaces."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata


class Base(DeclarativeBase):
    """Everything in the snapshots database."""

    metadata = service_metadata()


class Workspace(Base):
    """The contents of one account. A dropped one stays as a row, so that nothing prepares it again."""

    __tablename__ = "workspaces"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'failed', 'dropped')", name="state"),
        CheckConstraint("(state = 'ready') = (prepared_at IS NOT NULL)", name="prepared_at"),
    )

    account_id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    state: Mapped[str]
    snapshot_id: Mapped[str | None]
    prepared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the account came to this agency from another one."""


class Asset(Base):
    """One thing in a workspace; `content` is what the hosting side needs to show it, and is not ours to understand."""

    __tablename__ = "assets"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('campaign', 'template', 'automation', 'form', 'custom_field', 'tag', 'segment', 'scoring_rule', 'pipeline',"
            " 'contact', 'deal', 'campaign_report', 'automation_report', 'image')",
            name="kind",
        ),
    )

    account_id: Mapped[str] = mapped_column(ForeignKey("workspaces.account_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ShareLink(Base):
    """Leave to import a template, for whoever has the token, of which only the digest is here. It goes when its template goes."""

    __tablename__ = "share_links"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "kind", "key"],
            ["assets.account_id", "assets.kind", "assets.key"],
            name="fk_share_links_assets",
            ondelete="CASCADE",
        ),
        CheckConstraint("kind = 'template'", name="kind"),
        CheckConstraint("octet_length(token_digest) = 32", name="token_digest"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
        Index("ix_share_links_template", "account_id", "kind", "key"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
