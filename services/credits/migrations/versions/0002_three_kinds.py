"""Grants, allocations, spends of pieces and expiries; accounts, what expires, settings; and no right to rewrite the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = "purpose IN ('purchase', 'reservation', 'release', 'spending', 'return')"
MOVEMENTS = "purpose IN ('purchase', 'reservation', 'release', 'spending', 'return', 'grant', 'allocation', 'take_back', 'expiry')"

REVOKE = {
    "postings": ("UPDATE", "DELETE", "TRUNCATE"),
    "transactions": ("DELETE", "TRUNCATE"),
    "lots": ("DELETE", "TRUNCATE"),
}
"""What not even the owner may do. The rows that others refer to have to be locked by them, which takes the right to update a column: the
triggers refuse every update all the same."""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.alter_column("lots", "invoice_id", nullable=True)
    op.add_column("lots", sa.Column("credit_note_id", sa.String()))
    op.create_unique_constraint(op.f("uq_lots_credit_note_id"), "lots", ["credit_note_id"])
    op.create_check_constraint(op.f("ck_lots_origin"), "lots", "num_nonnulls(invoice_id, credit_note_id) = 1")
    op.alter_column("transactions", "invoice_id", nullable=True)
    op.add_column("transactions", sa.Column("reference", sa.String()))
    op.drop_constraint(op.f("ck_transactions_purpose"), "transactions")
    op.create_check_constraint(op.f("ck_transactions_purpose"), "transactions", MOVEMENTS)
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("agency_as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String()),
        sa.Column("status_as_of", sa.DateTime(timezone=True)),
        sa.Column("plan", sa.String()),
        sa.Column("add_ons", sa.ARRAY(sa.String())),
        sa.Column("selection_as_of", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.CheckConstraint("status IN ('open', 'failed', 'expired', 'archived')", name=op.f("ck_accounts_status")),
    )
    op.create_table(
        "expiring_lots",
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_expiring_lots")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_expiring_lots_lot_id_lots")),
    )
    op.create_index(op.f("ix_expiring_lots_expires_at"), "expiring_lots", ["expires_at"])
    op.create_table(
        "settings",
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("threshold", sa.BigInteger()),
        sa.Column("top_up_units", sa.BigInteger()),
        sa.Column("is_low", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "kind", name=op.f("pk_settings")),
        sa.CheckConstraint("kind IN ('prepaid', 'sms', 'inbox_preview')", name=op.f("ck_settings_kind")),
        sa.CheckConstraint("threshold >= 0", name=op.f("ck_settings_threshold")),
        sa.CheckConstraint("top_up_units IS NULL OR (top_up_units > 0 AND threshold IS NOT NULL)", name=op.f("ck_settings_top_up_units")),
        sa.CheckConstraint("NOT is_low OR threshold IS NOT NULL", name=op.f("ck_settings_is_low")),
    )
    for table, rights in REVOKE.items():
        op.execute(f"REVOKE {', '.join(rights)} ON {table} FROM PUBLIC, CURRENT_USER")


def downgrade() -> None:
    for table, rights in REVOKE.items():
        op.execute(f"GRANT {', '.join(rights)} ON {table} TO CURRENT_USER")
    for table in ("settings", "expiring_lots", "accounts"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_transactions_purpose"), "transactions")
    op.create_check_constraint(op.f("ck_transactions_purpose"), "transactions", BEFORE)
    op.drop_column("transactions", "reference")
    op.alter_column("transactions", "invoice_id", nullable=False)
    op.drop_constraint(op.f("ck_lots_origin"), "lots")
    op.drop_column("lots", "credit_note_id")
    op.alter_column("lots", "invoice_id", nullable=False)
