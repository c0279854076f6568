"""A change of plan names the agency that asked for it, also where the release before, which does not say it, goes on writing.

Changes from before belong to the agency that the account left next after them, else to the one that has it.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

AGENCY_OF_BEFORE = """
UPDATE plan_changes SET agency_id = coalesce(
    (SELECT left_by.agency_id FROM account_events AS left_by
     WHERE left_by.account_id = plan_changes.account_id AND left_by.action = 'leave' AND left_by.at >= plan_changes.created_at
     ORDER BY left_by.id LIMIT 1),
    accounts.agency_id)
FROM accounts WHERE accounts.id = plan_changes.account_id AND plan_changes.agency_id IS NULL
"""
NAME_AGENCY = """
CREATE FUNCTION name_agency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.agency_id := coalesce(NEW.agency_id, (SELECT agency_id FROM accounts WHERE id = NEW.account_id));
    RETURN NEW;
END $$
"""
NAMED = "CREATE TRIGGER name_agency BEFORE INSERT ON plan_changes FOR EACH ROW EXECUTE FUNCTION name_agency()"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE plan_changes ADD COLUMN IF NOT EXISTS agency_id text")  # some databases of 0004 have it
    op.execute(NAME_AGENCY)
    op.execute(NAMED)
    op.execute(AGENCY_OF_BEFORE)
    op.alter_column("plan_changes", "agency_id", nullable=False)


def downgrade() -> None:
    op.execute("DROP TRIGGER name_agency ON plan_changes")
    op.execute("DROP FUNCTION name_agency()")
    op.drop_column("plan_changes", "agency_id")
