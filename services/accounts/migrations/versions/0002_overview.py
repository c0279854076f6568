"""The overview: every column in an order of its own, search without accents, counts kept as accounts change; saved views.

`expires_at` is only made here, for lists; what sets it is the lifecycle's.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
SEARCHED = "name || ' ' || client_name || ' ' || client_email"
ORDERS = (
    "activated_at",
    "billing_profile_id",
    "client_email",
    "country",
    "custom_domain",
    "expires_at",
    "language",
    "notification_email",
    "region",
    "snapshot_id",
    "time_zone",
    "updated_at",
)
SEARCH_SAMPLE = 1000
"""Of the values of the column of search, so that the planner knows to a thousandth how many hold what is searched."""

# unaccent() may change with its dictionary, so PostgreSQL does not call it immutable; ours names its dictionary, which nobody changes.
FOLD = """
CREATE FUNCTION fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, words)) $$
"""
# Once as it is, and once with every word behind a space, also inside names, addresses and domains: a pattern finds where words begin.
SEARCHABLE = """
CREATE FUNCTION searchable(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT folded || ' ' || translate(folded, '@.-_', '    ') FROM (SELECT ' ' || public.fold(words)) AS once (folded) $$
"""
# Changes are rows of their own: nobody who changes an account waits for, or deadlocks with, anybody who changes another one.
TALLY = """
CREATE FUNCTION tally_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO account_tallies (agency_id, status, plan, kind, accounts)
        SELECT agency_id, status, plan, kind, count(*) FROM new_accounts GROUP BY agency_id, status, plan, kind;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO account_tallies (agency_id, status, plan, kind, accounts)
        SELECT agency_id, status, plan, kind, -count(*) FROM old_accounts GROUP BY agency_id, status, plan, kind;
    ELSE
        INSERT INTO account_tallies (agency_id, status, plan, kind, accounts)
        SELECT agency_id, status, plan, kind, sum(change) FROM (
            SELECT agency_id, status, plan, kind, 1 AS change FROM new_accounts
            UNION ALL SELECT agency_id, status, plan, kind, -1 FROM old_accounts
        ) AS changes GROUP BY agency_id, status, plan, kind HAVING sum(change) <> 0;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = "CREATE TRIGGER {name} AFTER {event} ON accounts REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION tally_accounts()"
TRIGGERS = {
    "tally_new_accounts": ("INSERT", "NEW TABLE AS new_accounts"),
    "tally_changed_accounts": ("UPDATE", "OLD TABLE AS old_accounts NEW TABLE AS new_accounts"),
    "tally_gone_accounts": ("DELETE", "OLD TABLE AS old_accounts"),
}
COUNT = """
INSERT INTO account_tallies (agency_id, status, plan, kind, accounts, folded)
SELECT agency_id, status, plan, kind, count(*), true FROM accounts GROUP BY agency_id, status, plan, kind
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")  # trusted, like those of search
    op.execute(FOLD)
    op.execute(SEARCHABLE)
    op.add_column("accounts", sa.Column("expires_at", MOMENT))
    _replace_search(f"searchable({SEARCHED} || ' ' || coalesce(custom_domain, ''))")
    op.execute(f"ALTER TABLE accounts ALTER COLUMN searchable SET STATISTICS {SEARCH_SAMPLE}")
    for column in ORDERS:
        op.create_index(f"ix_accounts_agency_id_{column}_created_at_id", "accounts", ["agency_id", column, "created_at", "id"])
    op.create_table(
        "account_tallies",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("accounts", sa.Integer, nullable=False),
        sa.Column("folded", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_account_tallies"),
    )
    op.create_index("ix_account_tallies_agency_id", "account_tallies", ["agency_id"])
    op.create_index("ix_account_tallies_unfolded", "account_tallies", ["agency_id"], postgresql_where=sa.text("NOT folded"))
    op.execute(TALLY)
    for name, (event, tables) in TRIGGERS.items():  # they lock the table against changes until what is there is counted
        op.execute(TRIGGER.format(name=name, event=event, tables=tables))
    op.execute(COUNT)
    op.create_table(
        "views",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("filters", JSONB, nullable=False),
        sa.Column("sort", sa.Text, nullable=False),
        sa.Column("columns", JSONB, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_views"),
        sa.UniqueConstraint("agency_id", "owner", "name", name="uq_views_agency_id_owner_name"),
    )


def downgrade() -> None:
    op.drop_table("views")
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON accounts")
    op.execute("DROP FUNCTION tally_accounts()")
    op.drop_table("account_tallies")
    for column in ORDERS:
        op.drop_index(f"ix_accounts_agency_id_{column}_created_at_id", "accounts")
    _replace_search(SEARCHED)
    op.drop_column("accounts", "expires_at")
    op.execute("DROP FUNCTION searchable(text)")
    op.execute("DROP FUNCTION fold(text)")


def _replace_search(searched: str) -> None:
    """Make the column of search, and its index, anew: what a column is computed from cannot be changed."""
    op.drop_column("accounts", "searchable")
    op.add_column("accounts", sa.Column("searchable", sa.Text, sa.Computed(searched, persisted=True), nullable=False))
    op.create_index(
        "ix_accounts_search", "accounts", ["agency_id", "searchable"], postgresql_using="gin", postgresql_ops={"searchable": "gin_trgm_ops"}
    )
