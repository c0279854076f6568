"""Portal users, and keys that end."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("expires_at", MOMENT))
    op.create_table(
        "portal_users",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_folded", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("invitation_id", sa.Text),
        sa.Column("invitation_digest", sa.LargeBinary),
        sa.Column("invitation_ends_at", MOMENT),
        sa.Column("password_hash", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("activated_at", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portal_users"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_portal_users_agency_id_agencies"),
        sa.UniqueConstraint("agency_id", "email_folded", name="uq_portal_users_agency_id_email_folded"),
        sa.UniqueConstraint("invitation_digest", name="uq_portal_users_invitation_digest"),
        sa.CheckConstraint("role IN ('owner', 'admin', 'billing', 'support', 'viewer')", name=op.f("ck_portal_users_role")),
        sa.CheckConstraint("language IN ('en', 'fr', 'pt', 'es')", name=op.f("ck_portal_users_language")),
        sa.CheckConstraint("password_hash LIKE '$argon2id$%'", name=op.f("ck_portal_users_password_hash")),
        sa.CheckConstraint(
            "CASE status WHEN 'invited' THEN invitation_digest IS NOT NULL AND invitation_ends_at IS NOT NULL AND password_hash IS NULL"
            " WHEN 'active' THEN invitation_digest IS NULL AND invitation_ends_at IS NULL AND password_hash IS NOT NULL ELSE false END",
            name=op.f("ck_portal_users_status"),
        ),
    )


def downgrade() -> None:
    op.drop_table("portal_users")
    op.drop_column("api_keys", "expires_at")
