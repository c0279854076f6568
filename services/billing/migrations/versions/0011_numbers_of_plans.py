"""Number every selection that is ever on sale: whoever publishes a catalogue, the database numbers what is new in it, once and for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER_PLANS = """
CREATE FUNCTION number_plans(content jsonb) RETURNS void LANGUAGE sql AS $$
    WITH selections AS (
        SELECT row_number() OVER (ORDER BY v.at, p.at, l.at, t.at, f.at) AS at,
               v.it->>'code' AS pricing_version, p.it->>'code' AS product, l.it->>'code' AS plan,
               (t.it->>'contacts')::bigint AS contacts, CASE WHEN t.it IS NOT NULL THEN f.frequency END AS frequency
        FROM jsonb_array_elements(content->'pricing_versions') WITH ORDINALITY AS v (it, at)
        CROSS JOIN LATERAL jsonb_array_elements(v.it->'products') WITH ORDINALITY AS p (it, at)
        CROSS JOIN LATERAL jsonb_array_elements(p.it->'plans') WITH ORDINALITY AS l (it, at)
        LEFT JOIN LATERAL jsonb_array_elements(l.it->'tiers') WITH ORDINALITY AS t (it, at) ON true
        JOIN (VALUES ('monthly', 1), ('annual', 2)) AS f (frequency, at) ON t.it IS NOT NULL OR f.at = 1
    )
    INSERT INTO plan_numbers (number, pricing_version, product, plan, contacts, frequency)
    SELECT (SELECT coalesce(max(number), 0) FROM plan_numbers) + row_number() OVER (ORDER BY s.at),
           s.pricing_version, s.product, s.plan, s.contacts, s.frequency
    FROM selections AS s
    WHERE NOT EXISTS (
        SELECT 1 FROM plan_numbers AS n
        WHERE (n.pricing_version, n.product, n.plan) = (s.pricing_version, s.product, s.plan)
        AND n.contacts IS NOT DISTINCT FROM s.contacts AND n.frequency IS NOT DISTINCT FROM s.frequency
    )
$$
"""
ON_PUBLISHING = """
CREATE FUNCTION number_plans_of_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM number_plans(NEW.content);
    RETURN NULL;
END
$$
"""
NEVER_CHANGED = """
CREATE FUNCTION refuse_other_plan_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the number of a plan never changes';
END
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "plan_numbers",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("pricing_version", sa.Text, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("contacts", sa.BigInteger),
        sa.Column("frequency", sa.Text),
        sa.UniqueConstraint(
            *("pricing_version", "product", "plan", "contacts", "frequency"),
            name=op.f("uq_plan_numbers_pricing_version_product_plan_contacts_frequency"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(NUMBER_PLANS)
    op.execute(ON_PUBLISHING)
    op.execute(NEVER_CHANGED)
    op.execute("SELECT number_plans(content) FROM (SELECT content FROM catalogues ORDER BY version) AS published")
    op.execute("CREATE TRIGGER number_plans AFTER INSERT ON catalogues FOR EACH ROW EXECUTE FUNCTION number_plans_of_catalogue()")
    op.execute(
        "CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON plan_numbers FOR EACH ROW EXECUTE FUNCTION refuse_other_plan_numbers()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER number_plans ON catalogues")
    op.drop_table("plan_numbers")
    op.execute("DROP FUNCTION number_plans_of_catalogue")
    op.execute("DROP FUNCTION refuse_other_plan_numbers")
    op.execute("DROP FUNCTION number_plans")
