"""Settings: a custom domain belongs to one account; how accounts look; checks of domains; transfers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index(
        "uq_accounts_custom_domain",
        "accounts",
        ["custom_domain"],
        unique=True,
        postgresql_where=sa.text("custom_domain IS NOT NULL AND status <> 'failed'"),
    )
    op.create_table(
        "brandings",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("brand_name", sa.Text),
        sa.Column("primary_colour", sa.Text),
        sa.Column("text_colour", sa.Text),
        sa.Column("footer_text", sa.Text),
        sa.Column("logo", sa.LargeBinary),
        sa.Column("logo_content_type", sa.Text),
        sa.Column("logo_width", sa.Integer),
        sa.Column("logo_height", sa.Integer),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_brandings"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_brandings_account_id_accounts"),
        sa.CheckConstraint("num_nonnulls(logo, logo_content_type, logo_width, logo_height) IN (0, 4)", name=op.f("ck_brandings_logo")),
        sa.CheckConstraint("octet_length(logo) <= 262144", name=op.f("ck_brandings_logo_size")),
    )
    op.create_table(
        "domain_checks",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("custom_domain", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("next_check_at", MOMENT),
        sa.PrimaryKeyConstraint("account_id", name="pk_domain_checks"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_domain_checks_account_id_accounts"),
        sa.CheckConstraint("state IN ('pending', 'verified', 'failed')", name=op.f("ck_domain_checks_state")),
        sa.CheckConstraint("(state = 'pending') = (next_check_at IS NOT NULL)", name=op.f("ck_domain_checks_next_check_at")),
        sa.CheckConstraint("(state = 'verified') = (code IS NULL AND reason IS NULL)", name=op.f("ck_domain_checks_reason")),
    )
    op.create_index("ix_domain_checks_due", "domain_checks", ["next_check_at"], postgresql_where=sa.text("state = 'pending'"))
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("account_host", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("client_email", sa.Text, nullable=False),
        sa.Column("agency_email", sa.Text, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_transfers_account_id_accounts"),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_transfers_direction")),
        sa.CheckConstraint("state IN ('requested', 'confirmed', 'completed', 'declined', 'expired')", name=op.f("ck_transfers_state")),
        sa.CheckConstraint("(state IN ('confirmed', 'completed')) = (confirmed_at IS NOT NULL)", name=op.f("ck_transfers_confirmed_at")),
        sa.CheckConstraint("(state IN ('completed', 'declined', 'expired')) = (ended_at IS NOT NULL)", name=op.f("ck_transfers_ended_at")),
    )
    op.create_index(
        "uq_transfers_under_way",
        "transfers",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'confirmed')"),
    )
    op.create_index("ix_transfers_agency_id_requested_at_id", "transfers", ["agency_id", "requested_at", "id"])
    op.create_index("ix_transfers_overdue", "transfers", ["expires_at"], postgresql_where=sa.text("state = 'requested'"))


def downgrade() -> None:
    op.drop_table("transfers")
    op.drop_table("domain_checks")
    op.drop_table("brandings")
    op.drop_index("uq_accounts_custom_domain", table_name="accounts")
