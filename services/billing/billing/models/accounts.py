"""Agencies and accounts heard of."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class Agency(Base):
    """What identity told of an agency, as of the newest fact heard."""

    __tablename__ = "agencies"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    currency: Mapped[str]
    discount_basis_points: Mapped[int]
    language: Mapped[str]
    as_of: Mapped[datetime]


class Account(Base):
    """An account heard of: the row on which everything that happens to one account waits for one another.

    Names never change; an account first heard of by something else than its opening has none yet.

    `moved_at` is when it last came to another agency: what was told of it before that, by the former one, is still its own past.
    `dunning_facts` counts what was told of its overdue invoices, so that readers know which came last.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str]
    name: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    dunning_facts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
