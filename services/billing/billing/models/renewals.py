"""Renewals."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class Renewal(Base):
    """A period that was begun by the run of renewals: its key is the proof that none begins twice. Taken back, the row is gone.

    `previous_start` is when the period before it began; `replaced` what the subscription was on in it, where the renewal changed that.
    """

    __tablename__ = "renewals"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"), unique=True)
    previous_start: Mapped[datetime]
    replaced: Mapped[dict[str, Any] | None]
