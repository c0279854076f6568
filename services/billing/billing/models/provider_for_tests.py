"""What the test provider remembers. Not ours: only `clients.TestProvider` touches it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class TestProviderRequest(Base):
    """The test provider's memory of how often each key asked for a charge. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_requests"

    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[int]


class TestProviderCharge(Base):
    """A charge that the test provider made. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_charges"

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    payment_method: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    is_pending: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime]


class TestProviderRefund(Base):
    """A refund that the test provider made. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_refunds"

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    charge_id: Mapped[str] = mapped_column(ForeignKey("test_provider_charges.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class TestProviderSetupIntent(Base):
    """A card that the test provider was about to be handed. Not ours: only `clients.TestProvider` touches it."""

    __tablename__ = "test_provider_setup_intents"

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[str]
    client_secret: Mapped[str]
    created_at: Mapped[datetime]
