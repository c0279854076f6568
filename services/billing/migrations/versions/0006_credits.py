"""Publish version 3 of the catalogue, which sells SMS and inbox previews, and keep when what was bought expires (R0.101)."""

import json

import sqlalchemy as sa
from alembic import op

from billing.schemas import shipped_catalogue

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PUBLISH = sa.text(
    "INSERT INTO catalogues (version, content, published_at) VALUES (:version, CAST(:content AS jsonb), now())"
    " ON CONFLICT (version) DO NOTHING"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("invoices", sa.Column("credit_expires_at", sa.DateTime(timezone=True)))
    content = shipped_catalogue()
    op.get_bind().execute(PUBLISH, {"version": content["version"], "content": json.dumps(content)})


def downgrade() -> None:
    """Take the column back; what was published stays published."""
    op.drop_column("invoices", "credit_expires_at")
