"""The catalogue, agencies, accounts, quotes, subscriptions, invoices, payments, credit notes, and the test provider's own tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from chassis.migrations import create_chassis_tables, drop_chassis_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('paid', 'trial', 'sandbox')"
NEVER_CHANGED = ("catalogues", "invoices", "invoice_lines", "credit_notes")

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% in % is never changed nor deleted', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

CHECK_INVOICE = """
CREATE FUNCTION check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_id text := CASE TG_TABLE_NAME WHEN 'invoices' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'invoice_id' END;
BEGIN
    PERFORM 1 FROM invoices AS i WHERE i.id = issued_id AND (i.total_minor, i.line_count) = (
        SELECT coalesce(sum(l.amount_minor), 0), count(*) FROM invoice_lines AS l WHERE l.invoice_id = issued_id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lines of invoice % are not those it was issued with', issued_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    create_chassis_tables(op)
    create_what_is_sold()
    create_invoices()
    create_test_provider()
    op.execute(REFUSE_CHANGE)
    for table in NEVER_CHANGED:
        op.execute(f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(CHECK_INVOICE)
    for table in ("invoices", "invoice_lines"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER check_invoice AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_invoice()"
        )


def create_what_is_sold() -> None:
    """Make the catalogue and who takes what of it."""
    op.create_table(
        "catalogues",
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_catalogues"),
    )
    op.create_table(
        "agencies",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("discount_basis_points", sa.Integer, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agencies"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("failed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "billing_profiles",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("last_four", sa.Text, nullable=False),
        sa.Column("expiry_month", sa.Integer, nullable=False),
        sa.Column("expiry_year", sa.Integer, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("invoice_address", JSONB),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_billing_profiles"),
    )
    op.create_index("ix_billing_profiles_agency_id", "billing_profiles", ["agency_id", "id"])
    op.create_index("uq_billing_profiles_default", "billing_profiles", ["agency_id"], unique=True, postgresql_where=sa.text("is_default"))
    op.create_table(
        "quotes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("replaces_change", sa.Integer),
        sa.Column("catalogue_version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("selection", JSONB, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("list_price_minor", sa.BigInteger, nullable=False),
        sa.Column("migration_discount_minor", sa.BigInteger, nullable=False),
        sa.Column("reseller_discount_minor", sa.BigInteger, nullable=False),
        sa.Column("unused_minor", sa.BigInteger, nullable=False),
        sa.Column("charged_minor", sa.BigInteger, nullable=False),
        sa.Column("begins_period", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_by_account_id", sa.Text),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_quotes"),
        sa.ForeignKeyConstraint(["catalogue_version"], ["catalogues.version"], name="fk_quotes_catalogue_version_catalogues"),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint("purpose IN ('account_opening', 'plan_change')", name="purpose"),
        sa.CheckConstraint("(purpose = 'plan_change') = (account_id IS NOT NULL)", name="account_id"),
        sa.CheckConstraint("(purpose = 'plan_change') = (replaces_change IS NOT NULL)", name="replaces_change"),
        sa.CheckConstraint("(used_by_account_id IS NULL) = (used_at IS NULL)", name="used_at"),
        sa.CheckConstraint("charged_minor >= unused_minor AND unused_minor >= 0", name="due_today"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("selection", JSONB, nullable=False),
        sa.Column("catalogue_version", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("per_cycle_minor", sa.BigInteger, nullable=False),
        sa.Column("billing_profile_id", sa.Text),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("anchored_at", MOMENT, nullable=False),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_subscriptions"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_subscriptions_account_id_accounts"),
        sa.ForeignKeyConstraint(["catalogue_version"], ["catalogues.version"], name="fk_subscriptions_catalogue_version_catalogues"),
        sa.ForeignKeyConstraint(
            ["billing_profile_id"], ["billing_profiles.id"], name="fk_subscriptions_billing_profile_id_billing_profiles"
        ),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint(
            "CASE WHEN kind = 'paid' THEN period_end > period_start ELSE period_start IS NULL AND period_end IS NULL END",
            name="period",
        ),
    )


def create_invoices() -> None:
    """Make the documents and how they are paid."""
    op.create_table(
        "document_counters",
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("agency_id", "series", name="pk_document_counters"),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("billing_profile_id", sa.Text, nullable=False),
        sa.Column("quote_id", sa.Text),
        sa.Column("credit_kind", sa.Text),
        sa.Column("credit_units", sa.BigInteger),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("line_count", sa.Integer, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_invoices_account_id_accounts"),
        sa.ForeignKeyConstraint(["billing_profile_id"], ["billing_profiles.id"], name="fk_invoices_billing_profile_id_billing_profiles"),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name="fk_invoices_quote_id_quotes"),
        sa.UniqueConstraint("agency_id", "number", name="uq_invoices_agency_id_number"),
        sa.UniqueConstraint("quote_id", "account_id", name="uq_invoices_quote_id_account_id"),
        sa.CheckConstraint("purpose IN ('account_opening', 'plan_change', 'credit_purchase')", name="purpose"),
        sa.CheckConstraint("total_minor >= 0", name="total_minor"),
        sa.CheckConstraint("line_count > 0", name="line_count"),
        sa.CheckConstraint("(purpose = 'credit_purchase') = (credit_kind IS NOT NULL AND credit_units IS NOT NULL)", name="credit"),
        sa.CheckConstraint("(purpose = 'credit_purchase') = (quote_id IS NULL)", name="quote_id"),
        sa.CheckConstraint("purpose = 'credit_purchase' OR account_id IS NOT NULL", name="account_id"),
    )
    op.create_index(
        "uq_invoices_account_opening", "invoices", ["account_id"], unique=True, postgresql_where=sa.text("purpose = 'account_opening'")
    )
    op.create_index("ix_invoices_agency_id", "invoices", ["agency_id", "id"])
    op.create_index("ix_invoices_account_id", "invoices", ["account_id", "id"])
    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.PrimaryKeyConstraint("invoice_id", "position", name="pk_invoice_lines"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_invoice_lines_invoice_id_invoices"),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("billing_profile_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("prepaid_minor", sa.BigInteger, nullable=False),
        sa.Column("card_minor", sa.BigInteger, nullable=False),
        sa.Column("provider_charge_id", sa.Text),
        sa.Column("failure_code", sa.Text),
        sa.Column("failure_reason", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_payments_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["billing_profile_id"], ["billing_profiles.id"], name="fk_payments_billing_profile_id_billing_profiles"),
        sa.UniqueConstraint("invoice_id", "attempt", name="uq_payments_invoice_id_attempt"),
        sa.CheckConstraint(
            "CASE status"
            " WHEN 'pending' THEN settled_at IS NULL"
            " WHEN 'succeeded' THEN settled_at IS NOT NULL AND prepaid_minor + card_minor = amount_minor"
            " AND (card_minor = 0) = (provider_charge_id IS NULL)"
            " WHEN 'failed' THEN settled_at IS NOT NULL AND failure_code IS NOT NULL AND failure_reason IS NOT NULL"
            " ELSE false END",
            name="status",
        ),
    )
    op.create_index("uq_payments_live", "payments", ["invoice_id"], unique=True, postgresql_where=sa.text("status <> 'failed'"))
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("invoice_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("prepaid_minor", sa.BigInteger, nullable=False),
        sa.Column("card_minor", sa.BigInteger, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_credit_notes"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_credit_notes_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_credit_notes_payment_id_payments"),
        sa.UniqueConstraint("invoice_id", name="uq_credit_notes_invoice_id"),
        sa.UniqueConstraint("agency_id", "number", name="uq_credit_notes_agency_id_number"),
        sa.CheckConstraint("prepaid_minor >= 0 AND card_minor >= 0", name="parts"),
        sa.CheckConstraint(
            "CASE WHEN payment_id IS NULL THEN prepaid_minor + card_minor = 0 ELSE prepaid_minor + card_minor = total_minor END",
            name="payment_id",
        ),
    )
    op.create_table(
        "refunds",
        sa.Column("credit_note_id", sa.Text, nullable=False),
        sa.Column("provider_refund_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("refunded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("credit_note_id", name="pk_refunds"),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_notes.id"], name="fk_refunds_credit_note_id_credit_notes"),
    )


def create_test_provider() -> None:
    """Make the tables of the payment provider of tests and demonstrations, which stands for the outside world."""
    op.create_table(
        "test_provider_requests",
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("idempotency_key", name="pk_test_provider_requests"),
    )
    op.create_table(
        "test_provider_charges",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("payment_method", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_provider_charges"),
        sa.UniqueConstraint("idempotency_key", name="uq_test_provider_charges_idempotency_key"),
    )
    op.create_table(
        "test_provider_refunds",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("charge_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_test_provider_refunds"),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["test_provider_charges.id"], name="fk_test_provider_refunds_charge_id_test_provider_charges"
        ),
        sa.UniqueConstraint("idempotency_key", name="uq_test_provider_refunds_idempotency_key"),
    )


def downgrade() -> None:
    for table in (
        *("test_provider_refunds", "test_provider_charges", "test_provider_requests"),
        *("refunds", "credit_notes", "payments", "invoice_lines", "invoices", "document_counters"),
        *("subscriptions", "quotes", "billing_profiles", "accounts", "agencies", "catalogues"),
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION check_invoice()")
    op.execute("DROP FUNCTION refuse_change()")
    drop_chassis_tables(op)
