"""Tables: counters, and marks that a handler or a command left."""

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.tables import service_metadata


class Base(DeclarativeBase):
    """Of this service."""

    metadata = service_metadata()


class Mark(Base):
    """Something was done."""

    __tablename__ = "marks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    what: Mapped[str]
    who: Mapped[str]
