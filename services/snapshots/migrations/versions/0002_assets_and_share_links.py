"""Assets have a name, a version and their times; templates have share links; workspaces move with their accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
TIMES = ("created_at", "updated_at")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("workspaces", sa.Column("moved_at", MOMENT))
    added = [sa.Column("name", sa.String()), sa.Column("version", sa.Integer()), *(sa.Column(name, MOMENT) for name in TIMES)]
    for column in added:
        op.add_column("assets", column)
    op.execute("UPDATE assets SET name = key, version = 1, created_at = now(), updated_at = now()")  # nothing has made one so far
    for column in added:
        op.alter_column("assets", column.name, nullable=False)
    op.create_table(
        "share_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_share_links"),
        sa.UniqueConstraint("token_digest", name="uq_share_links_token_digest"),
        sa.ForeignKeyConstraint(
            ["account_id", "kind", "key"],
            ["assets.account_id", "assets.kind", "assets.key"],
            name="fk_share_links_assets",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind = 'template'", name=op.f("ck_share_links_kind")),
        sa.CheckConstraint("octet_length(token_digest) = 32", name=op.f("ck_share_links_token_digest")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_share_links_expires_at")),
    )
    op.create_index("ix_share_links_template", "share_links", ["account_id", "kind", "key"])


def downgrade() -> None:
    op.drop_table("share_links")
    for name in ("name", "version", *TIMES):
        op.drop_column("assets", name)
    op.drop_column("workspaces", "moved_at")
