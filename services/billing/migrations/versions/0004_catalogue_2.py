"""Publish version 2 of the catalogue: limits and add-ons (R0.37 to R0.39)."""

import json

import sqlalchemy as sa
from alembic import op

from billing.schemas import shipped_catalogue

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PUBLISH = sa.text(
    "INSERT INTO catalogues (version, content, published_at) VALUES (:version, CAST(:content AS jsonb), now())"
    " ON CONFLICT (version) DO NOTHING"
)


def upgrade() -> None:
    content = shipped_catalogue()
    op.get_bind().execute(PUBLISH, {"version": content["version"], "content": json.dumps(content)})


def downgrade() -> None:
    """Leave it: quotes and subscriptions may stand on it, and what was published stays published."""
