"""Dunning: several attempts at an invoice, invoices without a billing profile, and which periods were begun by renewals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

BACKFILL = (
    "UPDATE payments SET asked_at = created_at",
    """
    INSERT INTO renewals (account_id, period_start, invoice_id, previous_start)
    SELECT i.account_id, l.period_start, i.id, (
        SELECT coalesce(max(before.period_start), l.period_start) FROM invoice_lines AS before
        JOIN invoices AS earlier ON earlier.id = before.invoice_id
        WHERE earlier.account_id = i.account_id AND before.period_start < l.period_start)
    FROM invoices AS i JOIN invoice_lines AS l ON l.invoice_id = i.id
    WHERE i.purpose = 'renewal' AND NOT EXISTS (SELECT 1 FROM credit_notes AS n WHERE n.invoice_id = i.id)
    ON CONFLICT DO NOTHING
    """,
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("invoices", "payments"):
        op.alter_column(table, "billing_profile_id", nullable=True)
    op.add_column("accounts", sa.Column("dunning_facts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("payments", sa.Column("asked_at", MOMENT))
    op.create_table(
        "renewals",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("period_start", MOMENT, nullable=False),
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("previous_start", MOMENT, nullable=False),
        sa.Column("replaced", JSONB),
        sa.PrimaryKeyConstraint("account_id", "period_start", name="pk_renewals"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_renewals_account_id_accounts"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_renewals_invoice_id_invoices"),
        sa.UniqueConstraint("invoice_id", name="uq_renewals_invoice_id"),
    )
    for statement in BACKFILL:
        op.execute(statement)
    op.alter_column("payments", "asked_at", nullable=False)
    op.create_index("ix_payments_pending", "payments", ["asked_at"], postgresql_where=sa.text("status = 'pending'"))
    waits = sa.text("held_at IS NOT NULL AND released_at IS NULL AND used_at IS NULL")
    op.create_index("ix_quotes_waiting", "quotes", ["account_id"], postgresql_where=waits)
    create_dunnings()


def create_dunnings() -> None:
    """Make the table of what is overdue."""
    op.create_table(
        "dunnings",
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("is_hard", sa.Boolean, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("wanted_at", MOMENT),
        sa.Column("next_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_dunnings"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_dunnings_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_dunnings_account_id_accounts"),
        sa.CheckConstraint("state IN ('retrying', 'suspended', 'recovered', 'exhausted', 'dropped')", name=op.f("ck_dunnings_state")),
        sa.CheckConstraint(
            "CASE WHEN state IN ('retrying', 'suspended') THEN ended_at IS NULL AND next_at IS NOT NULL"
            " ELSE ended_at IS NOT NULL AND next_at IS NULL END",
            name=op.f("ck_dunnings_ended_at"),
        ),
        sa.CheckConstraint("step >= 0", name=op.f("ck_dunnings_step")),
    )
    for name, column in (("due", "next_at"), ("account_id", "account_id"), ("agency_id", "agency_id")):
        op.create_index(f"ix_dunnings_{name}", "dunnings", [column], postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.drop_table("dunnings")
    op.drop_index("ix_quotes_waiting", "quotes")
    op.drop_index("ix_payments_pending", "payments")
    op.drop_table("renewals")
    op.drop_column("payments", "asked_at")
    op.drop_column("accounts", "dunning_facts")
    for table in ("payments", "invoices"):
        op.alter_column(table, "billing_profile_id", nullable=False)
