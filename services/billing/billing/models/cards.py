"""Cards that the payment provider need not keep any more."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class CardToForget(Base):
    """A card that a billing profile had, until the provider has forgotten it; `asked_at` is when it was last told to (platform time)."""

    __tablename__ = "cards_to_forget"

    token: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
