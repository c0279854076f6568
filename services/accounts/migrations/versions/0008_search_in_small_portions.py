"""What is written for the search of the overview goes into its index in small portions.

New entries wait in a list until it is full; then whoever comes next puts all of them in, and every search reads the list as well. The
database's list of 4 MB took that one 0.5 s, while all other changes of accounts waited; one of 64 kB takes 5 ms.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER INDEX ix_accounts_search SET (gin_pending_list_limit = 64)")


def downgrade() -> None:
    op.execute("ALTER INDEX ix_accounts_search RESET (gin_pending_list_limit)")
