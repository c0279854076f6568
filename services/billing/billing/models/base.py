"""What all tables share."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from chassis.tables import service_metadata

KINDS = "kind IN ('paid', 'trial', 'sandbox')"


PURPOSES = "purpose IN ('account_opening', 'plan_change', 'credit_purchase', 'renewal')"


class Base(DeclarativeBase):
    """Billing's tables, beside those of the chassis."""

    metadata = service_metadata()
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it so
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
    }
