"""When an account came from another agency."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("accounts", sa.Column("moved_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("accounts", "moved_at")
