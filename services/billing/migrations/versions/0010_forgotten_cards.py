"""Cards that the payment provider is to forget: those of billing profiles that were removed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REMOVED_SO_FAR = (
    "INSERT INTO cards_to_forget (token, asked_at) SELECT token, max(removed_at) FROM billing_profiles"
    " WHERE removed_at IS NOT NULL GROUP BY token"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "cards_to_forget",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_cards_to_forget_asked_at", "cards_to_forget", ["asked_at"])
    op.execute(REMOVED_SO_FAR)


def downgrade() -> None:
    op.drop_table("cards_to_forget")
