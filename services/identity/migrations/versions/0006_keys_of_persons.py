"""Whose an API key is: a person's, or the line of keys that rotating makes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_keys", sa.Column("user_id", sa.Text))
    op.add_column("api_keys", sa.Column("line_id", sa.Text))
    op.execute("UPDATE api_keys SET line_id = id")


def downgrade() -> None:
    op.drop_column("api_keys", "line_id")
    op.drop_column("api_keys", "user_id")
