"""Accounts know which of billing's facts about overdue invoices came last."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("accounts", sa.Column("dunning_sequence", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("accounts", "dunning_sequence")
