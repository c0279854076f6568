"""The tables that every service's database has, for the guarantees of the chassis."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, PrimaryKeyConstraint, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _born() -> Column[datetime]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def service_metadata() -> MetaData:
    """The metadata for a service's models, holding the chassis's tables already."""
    metadata = MetaData(naming_convention=NAMING)
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", Text, nullable=False),
        Column("exchange", Text, nullable=False),
        Column("routing_key", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", Text, nullable=False),
        Column("held_until", DateTime(timezone=True)),
        _born(),
    )
    Table(
        "inbox",
        metadata,
        Column("event_id", Text, nullable=False),
        Column("handler", Text, nullable=False),
        _born(),
        PrimaryKeyConstraint("event_id", "handler"),
        Index(None, "created_at"),
    )
    Table(
        "idempotency_keys",
        metadata,
        Column("scope", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("request_hash", Text, nullable=False),
        Column("answer", JSONB),
        Column("refusal", JSONB),
        _born(),
        PrimaryKeyConstraint("scope", "key"),
        Index(None, "created_at"),
    )
    Table(
        "leases",
        metadata,
        Column("job", Text, nullable=False),
        Column("period", BigInteger, nullable=False),
        _born(),
        PrimaryKeyConstraint("job", "period"),
    )
    Table(
        "agency_clocks",
        metadata,
        Column("agency_id", Text, primary_key=True),
        Column("now", DateTime(timezone=True), nullable=False),
    )
    return metadata


def chassis_tables() -> list[Table]:
    """Those tables on a metadata of their own, for the first migration."""
    return list(service_metadata().sorted_tables)
