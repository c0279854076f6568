"""Changes of plan either way, quotes of renewals, credit notes with lines, and the names that papers and filters say."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENTS = ("invoices", "invoice_lines", "credit_notes", "credit_note_lines")
LATER = (
    ("agencies", "name", sa.Text, None),
    ("accounts", "name", sa.Text, None),
    ("quotes", "direction", sa.Text, None),
    ("credit_notes", "account_id", sa.Text, None),
    ("credit_notes", "quote_id", sa.Text, None),
    ("credit_notes", "reason", sa.Text, "taken_back"),
    ("credit_notes", "granted_minor", sa.BigInteger, "0"),
    ("credit_notes", "line_count", sa.Integer, "0"),
    ("credit_notes", "issued_to", JSONB, None),
    ("invoices", "issued_to", JSONB, None),
)
CHECKS = {
    "quotes": {
        "purpose": ("purpose IN ('account_opening', 'plan_change', 'renewal')", "purpose IN ('account_opening', 'plan_change')"),
        "account_id": ("(purpose <> 'account_opening') = (account_id IS NOT NULL)", "(purpose = 'plan_change') = (account_id IS NOT NULL)"),
        "replaces_change": (
            "(purpose <> 'account_opening') = (replaces_change IS NOT NULL)",
            "(purpose = 'plan_change') = (replaces_change IS NOT NULL)",
        ),
        "due_today": ("charged_minor >= 0 AND unused_minor >= 0", "charged_minor >= unused_minor AND unused_minor >= 0"),
        "takes_effect_at": (
            "takes_effect_at IS NULL OR (purpose <> 'account_opening' AND charged_minor = 0)",
            "takes_effect_at IS NULL OR (purpose = 'plan_change' AND charged_minor = 0)",
        ),
        "direction": ("(purpose = 'plan_change') = (direction IS NOT NULL AND direction IN ('upgrade', 'downgrade'))", None),
    },
    "credit_notes": {
        "reason": ("reason IN ('taken_back', 'plan_change')", None),
        "granted_minor": (
            "CASE WHEN invoice_id IS NULL THEN account_id IS NOT NULL AND granted_minor = total_minor ELSE granted_minor = 0 END",
            None,
        ),
    },
}

CHECK_CREDIT_NOTE = """
CREATE FUNCTION check_credit_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    issued_id text := CASE TG_TABLE_NAME WHEN 'credit_notes' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'credit_note_id' END;
BEGIN
    PERFORM 1 FROM credit_notes AS n WHERE n.id = issued_id AND n.line_count > 0 AND (n.total_minor, n.line_count) = (
        SELECT coalesce(sum(l.amount_minor), 0), count(*) FROM credit_note_lines AS l WHERE l.credit_note_id = issued_id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lines of credit note % are not those it was issued with', issued_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table, name, kind, default in LATER:
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    direction = "CASE WHEN takes_effect_at IS NULL THEN 'upgrade' ELSE 'downgrade' END"
    op.execute(f"UPDATE quotes SET direction = {direction} WHERE purpose = 'plan_change'")  # noqa: S608  written above
    op.execute("ALTER TABLE credit_notes DISABLE TRIGGER refuse_change")
    op.execute("UPDATE credit_notes AS n SET account_id = i.account_id FROM invoices AS i WHERE i.id = n.invoice_id")
    op.execute("ALTER TABLE credit_notes ENABLE TRIGGER refuse_change")
    op.alter_column("credit_notes", "invoice_id", nullable=True)
    op.create_table(
        "credit_note_lines",
        sa.Column("credit_note_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.PrimaryKeyConstraint("credit_note_id", "position", name="pk_credit_note_lines"),
        sa.ForeignKeyConstraint(["credit_note_id"], ["credit_notes.id"], name="fk_credit_note_lines_credit_note_id_credit_notes"),
    )
    op.create_foreign_key("fk_credit_notes_account_id_accounts", "credit_notes", "accounts", ["account_id"], ["id"])
    op.create_foreign_key("fk_credit_notes_quote_id_quotes", "credit_notes", "quotes", ["quote_id"], ["id"])
    op.create_unique_constraint("uq_credit_notes_quote_id", "credit_notes", ["quote_id"])
    op.create_index("ix_credit_notes_agency_id", "credit_notes", ["agency_id", "id"])
    replace_checks(0)
    op.execute("CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON credit_note_lines FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for table in DOCUMENTS:
        op.execute(f"CREATE TRIGGER refuse_truncation BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
    op.execute(CHECK_CREDIT_NOTE)
    for table in ("credit_notes", "credit_note_lines"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER check_credit_note AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_credit_note()"
        )


def replace_checks(which: int) -> None:
    for table, checks in CHECKS.items():
        for name, conditions in checks.items():
            if conditions[1 - which] is not None:
                op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
            if conditions[which] is not None:
                op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, conditions[which])


def downgrade() -> None:
    for table in DOCUMENTS[:-1]:
        op.execute(f"DROP TRIGGER refuse_truncation ON {table}")
    op.execute("DROP TRIGGER check_credit_note ON credit_notes")
    op.drop_table("credit_note_lines")
    op.execute("DROP FUNCTION check_credit_note()")
    replace_checks(1)
    op.drop_index("ix_credit_notes_agency_id", "credit_notes")
    op.alter_column("credit_notes", "invoice_id", nullable=False)
    for table, name, _, _ in reversed(LATER):
        op.drop_column(table, name)
