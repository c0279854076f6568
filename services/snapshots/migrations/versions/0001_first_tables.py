"""Workspaces and the assets in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.migrations import create_chassis_tables, drop_chassis_tables

revision = "0001"
down_revision = None

KINDS = (
    "'campaign', 'template', 'automation', 'form', 'custom_field', 'tag', 'segment', 'scoring_rule', 'pipeline', 'contact',"
    " 'deal', 'campaign_report', 'automation_report', 'image'"
)


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "workspaces",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.String()),
        sa.Column("prepared_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account_id", name="pk_workspaces"),
        sa.CheckConstraint("state IN ('ready', 'failed', 'dropped')", name="state"),
        sa.CheckConstraint("(state = 'ready') = (prepared_at IS NOT NULL)", name="prepared_at"),
    )
    op.create_table(
        "assets",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "kind", "key", name="pk_assets"),
        sa.ForeignKeyConstraint(["account_id"], ["workspaces.account_id"], name="fk_assets_account_id_workspaces"),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="kind"),
    )


def downgrade() -> None:
    op.drop_table("assets")
    op.drop_table("workspaces")
    drop_chassis_tables(op)
