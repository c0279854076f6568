"""Cards: billing profiles that change, expire and go, charges whose money is under way, and what the provider tells."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FIRST_REMINDERS = (
    "UPDATE billing_profiles AS p SET reminder_at ="
    " CASE WHEN ends_at - interval '30 days' > now() THEN ends_at - interval '30 days'"
    " WHEN ends_at - interval '7 days' > now() THEN ends_at - interval '7 days' END"
    " FROM (SELECT id, make_timestamptz(expiry_year + expiry_month / 12, expiry_month % 12 + 1, 1, 0, 0, 0, 'UTC') AS ends_at"
    " FROM billing_profiles) AS months WHERE months.id = p.id"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("billing_profiles", sa.Column("removed_at", MOMENT))
    op.add_column("billing_profiles", sa.Column("reminder_at", MOMENT))
    op.add_column("billing_profiles", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.execute(FIRST_REMINDERS)
    op.create_check_constraint(
        op.f("ck_billing_profiles_removed_at"),
        "billing_profiles",
        "removed_at IS NULL OR (NOT is_default AND reminder_at IS NULL)",
    )
    reminded = sa.text("reminder_at IS NOT NULL")
    op.create_index("ix_billing_profiles_reminder_at", "billing_profiles", ["reminder_at"], postgresql_where=reminded)
    op.create_index("ix_billing_profiles_token", "billing_profiles", ["token"])
    op.add_column("payments", sa.Column("token", sa.Text))
    op.execute("UPDATE payments SET token = p.token FROM billing_profiles AS p WHERE p.id = billing_profile_id AND status = 'pending'")
    op.add_column("test_provider_charges", sa.Column("is_pending", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "test_provider_setup_intents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("client_secret", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "provider_events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
    )
    op.create_index("ix_provider_events_received_at", "provider_events", ["received_at"])


def downgrade() -> None:
    op.drop_table("provider_events")
    op.drop_table("test_provider_setup_intents")
    op.drop_column("test_provider_charges", "is_pending")
    op.drop_column("payments", "token")
    op.drop_index("ix_billing_profiles_token", "billing_profiles")
    op.drop_index("ix_billing_profiles_reminder_at", "billing_profiles")
    op.drop_constraint(op.f("ck_billing_profiles_removed_at"), "billing_profiles")
    for name in ("version", "reminder_at", "removed_at"):
        op.drop_column("billing_profiles", name)
