"""The catalogue."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from billing.models.base import Base


class Catalogue(Base):
    """One version of everything on sale, as it was published; a later one never touches it."""

    __tablename__ = "catalogues"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
