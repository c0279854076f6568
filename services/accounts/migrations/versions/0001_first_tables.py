"""First tables: accounts, provisionings, plan changes, and what is known of agencies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.migrations import create_chassis_tables, drop_chassis_tables

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_chassis_tables(op)
    # Trusted extensions: whoever owns the database may create them. Search by any part of a word, within one agency.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("login_url", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("selection", JSONB, nullable=False),
        sa.Column("plan", sa.Text, sa.Computed("selection ->> 'plan'", persisted=True), nullable=False),
        sa.Column("contacts", sa.Integer, sa.Computed("coalesce((selection ->> 'contacts')::integer, 0)", persisted=True), nullable=False),
        sa.Column("client_name", sa.Text, nullable=False),
        sa.Column("client_email", sa.Text, nullable=False),
        sa.Column("notification_email", sa.Text, nullable=False),
        sa.Column(
            "searchable",
            sa.Text,
            sa.Computed("name || ' ' || client_name || ' ' || client_email", persisted=True),
            nullable=False,
        ),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("billing_profile_id", sa.Text),
        sa.Column("custom_domain", sa.Text),
        sa.Column("snapshot_id", sa.Text),
        sa.Column("quote_id", sa.Text, nullable=False),
        sa.Column("failure_code", sa.Text),
        sa.Column("failure_reason", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("activated_at", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("quote_id", name="uq_accounts_quote_id"),
        sa.CheckConstraint(
            "status IN ('creating', 'failed', 'active', 'disabled', 'cancelled', 'expired', 'archived')", name=op.f("ck_accounts_status")
        ),
        sa.CheckConstraint("kind IN ('paid', 'trial', 'sandbox')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint(
            "(status = 'failed') = (failure_code IS NOT NULL AND failure_reason IS NOT NULL)", name=op.f("ck_accounts_failure")
        ),
        sa.CheckConstraint("(status IN ('creating', 'failed')) = (activated_at IS NULL)", name=op.f("ck_accounts_activated_at")),
    )
    op.create_index("uq_accounts_name", "accounts", ["name"], unique=True, postgresql_where=sa.text("status <> 'failed'"))
    for columns in (
        ["agency_id", "created_at", "id"],
        ["agency_id", "name", "id"],
        ["agency_id", "client_name", "id"],
        ["agency_id", "contacts", "created_at", "id"],
        ["agency_id", "kind", "created_at", "id"],
        ["agency_id", "plan", "created_at", "id"],
        ["agency_id", "status", "created_at", "id"],
    ):
        op.create_index(f"ix_accounts_{'_'.join(columns)}", "accounts", columns)
    op.create_index(
        "ix_accounts_search",
        "accounts",
        ["agency_id", "searchable"],
        postgresql_using="gin",
        postgresql_ops={"searchable": "gin_trgm_ops"},
    )
    op.create_table(
        "provisionings",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("missing", ARRAY(sa.Text), nullable=False),
        sa.Column("deadline_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("account_id", name="pk_provisionings"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_provisionings_account_id_accounts"),
    )
    op.create_index("ix_provisionings_overdue", "provisionings", ["deadline_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "plan_changes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("quote_id", sa.Text, nullable=False),
        sa.Column("effective", sa.Text, nullable=False),
        sa.Column("old_selection", JSONB, nullable=False),
        sa.Column("new_selection", JSONB, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plan_changes"),
        sa.UniqueConstraint("quote_id", name="uq_plan_changes_quote_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_plan_changes_account_id_accounts"),
        sa.CheckConstraint("effective IN ('now', 'period_end')", name=op.f("ck_plan_changes_effective")),
    )
    op.create_index("ix_plan_changes_account_id_created_at", "plan_changes", ["account_id", "created_at"])
    op.create_table(
        "agencies",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("notification_email", sa.Text, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agencies"),
    )


def downgrade() -> None:
    for table in ("agencies", "plan_changes", "provisionings", "accounts"):
        op.drop_table(table)
    drop_chassis_tables(op)
