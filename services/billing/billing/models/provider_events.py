"""What the payment provider told."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class ProviderEvent(Base):
    """Something that the payment provider told; it tells more than once, and this row is why it has one effect."""

    __tablename__ = "provider_events"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)
