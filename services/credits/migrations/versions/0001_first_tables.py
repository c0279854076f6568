"""The ledger: accounts, lots, transactions, postings, what they add up to; reservations and credit notes."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import create_chassis_tables, drop_chassis_tables

revision = "0001"
down_revision = None

APPEND_ONLY = ("lots", "transactions", "postings")

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused, write a transaction that reverses it', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""

# The holding is found by its primary key, row by row: a plan that cannot turn into a scan however the table grows.
KEEP_HOLDING = """
CREATE FUNCTION keep_holding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT purpose FROM ledger_accounts WHERE id = NEW.ledger_account_id) <> 'issued' THEN
        UPDATE holdings SET units = units + NEW.units WHERE ledger_account_id = NEW.ledger_account_id AND lot_id = NEW.lot_id;
        IF NOT FOUND THEN
            INSERT INTO holdings (ledger_account_id, lot_id, units) VALUES (NEW.ledger_account_id, NEW.lot_id, NEW.units);
        END IF;
    END IF;
    RETURN NULL;
END $$
"""

REFUSE_IMBALANCE = """
CREATE FUNCTION refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM postings WHERE transaction_id = NEW.transaction_id GROUP BY unit HAVING sum(units) <> 0) THEN
        RAISE EXCEPTION 'the postings of % do not sum to zero', NEW.transaction_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""


KINDS = "kind IN ('prepaid', 'sms', 'inbox_preview')"


def upgrade() -> None:
    create_chassis_tables(op)
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_accounts"),
        sa.UniqueConstraint(
            "agency_id",
            "account_id",
            "kind",
            "unit",
            "purpose",
            name="uq_ledger_accounts_agency_id_account_id_kind_unit_purpose",
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("id", "unit", name="uq_ledger_accounts_id_unit"),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint("purpose IN ('available', 'reserved', 'spent', 'issued')", name="purpose"),
        sa.CheckConstraint("CASE kind WHEN 'prepaid' THEN unit ~ '^[A-Z]{3}$' ELSE unit = kind END", name="unit_of_kind"),
    )
    op.create_table(
        "lots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("purchased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_lots"),
        sa.UniqueConstraint("invoice_id", name="uq_lots_invoice_id"),
        sa.UniqueConstraint("id", "unit", name="uq_lots_id_unit"),
        sa.CheckConstraint("units > 0", name="units"),
    )
    op.create_table(
        "transactions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.String(), nullable=False),
        sa.Column("payment_id", sa.String()),
        sa.Column("credit_note_id", sa.String()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sa.UniqueConstraint("idempotency_key", name="uq_transactions_idempotency_key"),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint("purpose IN ('purchase', 'reservation', 'release', 'spending', 'return')", name="purpose"),
    )
    op.create_index("ix_transactions_agency_id_kind_id", "transactions", ["agency_id", "kind", "id"])
    op.create_index("ix_transactions_invoice_id", "transactions", ["invoice_id"])
    op.create_table(
        "postings",
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("ledger_account_id", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id", "line", name="pk_postings"),
        sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name="fk_postings_transaction_id_transactions"),
        sa.ForeignKeyConstraint(
            ["ledger_account_id", "unit"],
            ["ledger_accounts.id", "ledger_accounts.unit"],
            name="fk_postings_ledger_account_id_unit_ledger_accounts",
        ),
        sa.ForeignKeyConstraint(["lot_id", "unit"], ["lots.id", "lots.unit"], name="fk_postings_lot_id_unit_lots"),
        sa.CheckConstraint("units <> 0", name="units"),
    )
    op.create_table(
        "holdings",
        sa.Column("ledger_account_id", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ledger_account_id", "lot_id", name="pk_holdings"),
        sa.ForeignKeyConstraint(["ledger_account_id"], ["ledger_accounts.id"], name="fk_holdings_ledger_account_id_ledger_accounts"),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name="fk_holdings_lot_id_lots"),
        sa.CheckConstraint("units >= 0", name="never_below_zero"),
    )
    op.execute("ALTER TABLE holdings SET (fillfactor = 50)")  # room on the page for the next version of a row: updates stay in place
    op.create_table(
        "reservations",
        sa.Column("payment_id", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("payment_id", name="pk_reservations"),
        sa.CheckConstraint("state IN ('pending', 'posted', 'released')", name="state"),
    )
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.String(), nullable=False),
        sa.Column("agency_id", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credit_notes"),
        sa.CheckConstraint("units > 0", name="units"),
        sa.CheckConstraint("state IN ('waiting', 'returned')", name="state"),
    )
    op.create_index("ix_credit_notes_waiting", "credit_notes", ["invoice_id"], postgresql_where=sa.text("state = 'waiting'"))

    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(KEEP_HOLDING)
    op.execute("CREATE TRIGGER keep_holding AFTER INSERT ON postings FOR EACH ROW EXECUTE FUNCTION keep_holding()")
    op.execute(REFUSE_IMBALANCE)
    op.execute(
        "CREATE CONSTRAINT TRIGGER postings_sum_to_zero AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse_imbalance()"
    )


def downgrade() -> None:
    for table in ("credit_notes", "reservations", "holdings", "postings", "transactions", "lots", "ledger_accounts"):
        op.drop_table(table)
    for function in ("refuse_imbalance", "keep_holding", "refuse_change"):
        op.execute(f"DROP FUNCTION {function}()")
    drop_chassis_tables(op)
