"""Invoices of renewals, and the question whose period is over."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PURPOSES = {
    "up": ("purpose IN ('account_opening', 'plan_change', 'credit_purchase', 'renewal')", "purpose IN ('credit_purchase', 'renewal')"),
    "down": ("purpose IN ('account_opening', 'plan_change', 'credit_purchase')", "purpose = 'credit_purchase'"),
}


def replace_checks(purposes: tuple[str, str]) -> None:
    for name, condition in (("purpose", purposes[0]), ("quote_id", f"({purposes[1]}) = (quote_id IS NULL)")):
        op.drop_constraint(op.f(f"ck_invoices_{name}"), "invoices")
        op.create_check_constraint(op.f(f"ck_invoices_{name}"), "invoices", condition)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    replace_checks(PURPOSES["up"])
    op.create_index("ix_subscriptions_due", "subscriptions", ["period_end"], postgresql_where=sa.text("standing = 'renewed'"))


def downgrade() -> None:
    op.drop_index("ix_subscriptions_due", "subscriptions")
    replace_checks(PURPOSES["down"])
