"""Accounts that are disabled, and that are cancelled."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = "status IN ('open', 'failed', 'expired', 'archived')"
AFTER = "status IN ('open', 'disabled', 'cancelled', 'failed', 'expired', 'archived')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("ck_accounts_status"), "accounts")
    op.create_check_constraint(op.f("ck_accounts_status"), "accounts", AFTER)


def downgrade() -> None:
    op.execute("UPDATE accounts SET status = 'open' WHERE status IN ('disabled', 'cancelled')")
    op.drop_constraint(op.f("ck_accounts_status"), "accounts")
    op.create_check_constraint(op.f("ck_accounts_status"), "accounts", BEFORE)
