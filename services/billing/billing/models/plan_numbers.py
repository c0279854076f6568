"""The numbers of plans."""

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class PlanNumber(Base):
    """A selection that is or was on sale, and its number: given by the database when a catalogue is published, and never changed."""

    __tablename__ = "plan_numbers"
    __table_args__ = (UniqueConstraint("pricing_version", "product", "plan", "contacts", "frequency", postgresql_nulls_not_distinct=True),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pricing_version: Mapped[str]
    product: Mapped[str]
    plan: Mapped[str]
    contacts: Mapped[int | None] = mapped_column(BigInteger)
    frequency: Mapped[str | None]
