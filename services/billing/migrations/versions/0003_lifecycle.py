"""The whole lifecycle: downgrades that wait, whether a subscription is renewed, by which profile it pays, and whose it is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
MOMENTS = (
    *(("quotes", name) for name in ("takes_effect_at", "held_at", "released_at")),
    *(("subscriptions", name) for name in ("billing_profile_as_of", "standing_as_of")),
    ("accounts", "moved_at"),
)
CHECKS = (
    ("quotes", "takes_effect_at", "takes_effect_at IS NULL OR (purpose = 'plan_change' AND charged_minor = 0)"),
    ("subscriptions", "standing", "standing IN ('renewed', 'cancelled', 'ended')"),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, name in MOMENTS:
        op.add_column(table, sa.Column(name, MOMENT))
    op.add_column("subscriptions", sa.Column("standing", sa.Text, nullable=False, server_default="renewed"))
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def downgrade() -> None:
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.drop_column("subscriptions", "standing")
    for table, name in reversed(MOMENTS):
        op.drop_column(table, name)
