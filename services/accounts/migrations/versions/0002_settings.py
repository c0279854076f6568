"""Settings: a custom domain belongs to one account; how accounts look."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

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


def downgrade() -> None:
    op.drop_table("brandings")
    op.drop_index("uq_accounts_custom_domain", table_name="accounts")
