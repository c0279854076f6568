"""What is kept of a key's md5: programs of the agency API send that in the place of a password's."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_keys", sa.Column("keyed_md5_digest", sa.LargeBinary))
    op.create_unique_constraint(op.f("uq_api_keys_keyed_md5_digest"), "api_keys", ["keyed_md5_digest"])


def downgrade() -> None:
    op.drop_column("api_keys", "keyed_md5_digest")
