"""Agencies, API keys, accounts and their users."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import create_chassis_tables, drop_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "agencies",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("programme", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("discount_basis_points", sa.Integer, nullable=False),
        sa.Column("notification_email", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("entitlements", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("test_mode", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agencies"),
        sa.CheckConstraint("programme IN ('reseller', 'commission')", name=op.f("ck_agencies_programme")),
        sa.CheckConstraint("language IN ('en', 'fr', 'pt', 'es')", name=op.f("ck_agencies_language")),
        sa.CheckConstraint("discount_basis_points BETWEEN 0 AND 10000", name=op.f("ck_agencies_discount_basis_points")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("keyed_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_api_keys_agency_id_agencies"),
        sa.UniqueConstraint("keyed_digest", name="uq_api_keys_keyed_digest"),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_api_keys_scopes")),
    )
    op.create_index("ix_api_keys_agency_id", "api_keys", ["agency_id"])
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("failed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "account_users",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("credentials_claimed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account_users"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_users_account_id_accounts"),
        sa.UniqueConstraint("account_id", "username", name="uq_account_users_account_id_username"),
        sa.CheckConstraint("role IN ('admin', 'editor', 'viewer')", name=op.f("ck_account_users_role")),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name=op.f("ck_account_users_password_hash")),
    )


def downgrade() -> None:
    op.drop_table("account_users")
    op.drop_table("accounts")
    op.drop_table("api_keys")
    op.drop_table("agencies")
    drop_chassis_tables(op)
