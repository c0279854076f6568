"""The clocks of agencies in test mode."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "test_clocks",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("now", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_clocks"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_test_clocks_agency_id_agencies"),
        sa.UniqueConstraint("agency_id", name="uq_test_clocks_agency_id"),
    )


def downgrade() -> None:
    op.drop_table("test_clocks")
