"""Account users grow; wrong attempts, sessions, login links and password resets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("name", sa.Text))
    op.add_column("accounts", sa.Column("language", sa.Text))
    op.add_column("account_users", sa.Column("email", sa.Text))
    op.add_column("account_users", sa.Column("name", sa.Text))
    op.add_column("account_users", sa.Column("password_changed_at", MOMENT))
    op.add_column("account_users", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.alter_column("account_users", "version", server_default=None)
    op.create_unique_constraint("uq_account_users_account_id_email", "account_users", ["account_id", "email"])
    op.create_table(
        "login_tallies",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_failed_at", MOMENT),
        sa.Column("locked_until", MOMENT),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "username", name="pk_login_tallies"),
    )
    op.create_index("ix_login_tallies_touched_at", "login_tallies", ["touched_at"])
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("keyed_digest", sa.LargeBinary, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_login_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["account_users.id"], name="fk_login_sessions_user_id_account_users", ondelete="CASCADE"),
        sa.UniqueConstraint("keyed_digest", name="uq_login_sessions_keyed_digest"),
        sa.CheckConstraint("via IN ('password', 'sso')", name=op.f("ck_login_sessions_via")),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.create_index("ix_login_sessions_expires_at", "login_sessions", ["expires_at"])
    op.create_table(
        "login_links",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("keyed_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_login_links"),
        sa.ForeignKeyConstraint(["user_id"], ["account_users.id"], name="fk_login_links_user_id_account_users", ondelete="CASCADE"),
        sa.UniqueConstraint("keyed_digest", name="uq_login_links_keyed_digest"),
    )
    op.create_index("ix_login_links_user_id", "login_links", ["user_id"])
    op.create_index("ix_login_links_expires_at", "login_links", ["expires_at"])
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("keyed_digest", sa.LargeBinary, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("sending_until", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("refused_because", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_password_resets"),
        sa.ForeignKeyConstraint(["user_id"], ["account_users.id"], name="fk_password_resets_user_id_account_users", ondelete="CASCADE"),
        sa.UniqueConstraint("keyed_digest", name="uq_password_resets_keyed_digest"),
        sa.CheckConstraint("started_by IN ('client', 'agency')", name=op.f("ck_password_resets_started_by")),
    )
    op.create_index("ix_password_resets_account_id_email_requested_at", "password_resets", ["account_id", "email", "requested_at"])
    op.create_index("ix_password_resets_user_id", "password_resets", ["user_id"])
    op.create_index("ix_password_resets_expires_at", "password_resets", ["expires_at"])


def downgrade() -> None:
    for table in ("password_resets", "login_links", "login_sessions", "login_tallies"):
        op.drop_table(table)
    op.drop_constraint("uq_account_users_account_id_email", "account_users")
    for column in ("version", "password_changed_at", "name", "email"):
        op.drop_column("account_users", column)
    for column in ("language", "name"):
        op.drop_column("accounts", column)
