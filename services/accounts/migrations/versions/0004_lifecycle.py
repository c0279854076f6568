"""The whole lifecycle: endings of accounts, suspensions, scheduled changes of plan, and the history of each account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
MOMENTS = ("renews_at", "cancelled_at", "expired_at", "archived_at", "noticed_for", "due_at")

BACKFILL = """
UPDATE accounts SET
    renews_at = CASE WHEN kind = 'paid' AND activated_at IS NOT NULL THEN (
        created_at AT TIME ZONE time_zone
        + CASE selection ->> 'frequency' WHEN 'annual' THEN interval '1 year' ELSE interval '1 month' END
    ) AT TIME ZONE time_zone END,
    expires_at = CASE WHEN kind = 'trial' THEN activated_at + interval '15 days' END;
UPDATE accounts SET due_at = coalesce(renews_at - interval '7 days', expires_at - interval '3 days') WHERE status IN ('active', 'disabled');
"""
"""Nothing but `creating`, `failed` and `active` was reached before, and no period renewed."""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% in % is never changed nor deleted', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in MOMENTS:
        op.add_column("accounts", sa.Column(name, MOMENT))
    op.add_column("accounts", sa.Column("cancellation_reason", sa.Text))
    op.execute(BACKFILL)
    for name, condition in (
        ("cancelled_at", "cancelled_at IS NULL OR status IN ('cancelled', 'expired', 'archived')"),
        ("expired_at", "expired_at IS NULL OR status IN ('expired', 'archived')"),
        ("archived_at", "archived_at IS NULL OR status = 'archived'"),
    ):
        op.create_check_constraint(op.f(f"ck_accounts_{name}"), "accounts", condition)
    op.create_index("ix_accounts_due_at", "accounts", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))

    op.add_column("plan_changes", sa.Column("state", sa.Text, nullable=False, server_default="applied"))
    op.add_column("plan_changes", sa.Column("due_at", MOMENT))
    op.create_check_constraint(op.f("ck_plan_changes_state"), "plan_changes", "state IN ('scheduled', 'applied', 'dropped')")
    op.create_check_constraint(op.f("ck_plan_changes_due_at"), "plan_changes", "(effective = 'now') = (due_at IS NULL)")
    op.create_index(
        "uq_plan_changes_scheduled", "plan_changes", ["account_id"], unique=True, postgresql_where=sa.text("state = 'scheduled'")
    )

    op.create_table(
        "suspensions",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("suspended_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "reason", name="pk_suspensions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_suspensions_account_id_accounts"),
        sa.CheckConstraint("reason IN ('agency', 'payment', 'abuse', 'platform')", name=op.f("ck_suspensions_reason")),
    )
    op.create_table(
        "account_events",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("before", JSONB, nullable=False),
        sa.Column("after", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_events_account_id_accounts"),
    )
    op.create_index("ix_account_events_account_id_id", "account_events", ["account_id", "id"])
    op.execute(REFUSE_CHANGE)
    op.execute("CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON account_events FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_table("account_events")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("suspensions")
    op.drop_index("uq_plan_changes_scheduled", "plan_changes")
    for name in ("due_at", "state"):
        op.drop_column("plan_changes", name)
    for name in (*MOMENTS, "cancellation_reason"):
        op.drop_column("accounts", name)
