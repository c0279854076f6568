"""Lists are filtered and sorted by every moment of an account's life."""

from alembic import op

revision = "0005"
down_revision = "0004"

ORDERS = ("archived_at", "cancelled_at", "expired_at", "renews_at")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ORDERS:
        op.create_index(f"ix_accounts_agency_id_{column}_created_at_id", "accounts", ["agency_id", column, "created_at", "id"])


def downgrade() -> None:
    for column in ORDERS:
        op.drop_index(f"ix_accounts_agency_id_{column}_created_at_id", "accounts")
