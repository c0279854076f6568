"""Settings: a custom domain belongs to one account."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "uq_accounts_custom_domain",
        "accounts",
        ["custom_domain"],
        unique=True,
        postgresql_where=sa.text("custom_domain IS NOT NULL AND status <> 'failed'"),
    )


def downgrade() -> None:
    op.drop_index("uq_accounts_custom_domain", table_name="accounts")
