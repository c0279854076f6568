"""`python -m bench.overview_data`: 10,000 agencies, one with 1,000,000 accounts, one with 1,000, in a database kept in .local/bench."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class with the name of one

from bench.platform import ROOT
from chassis.migrations import upgrade
from chassis.runner import folder_of
from local_servers import PostgresServer

FOLDER = ROOT / ".local" / "bench" / "overview"
DATABASE = "bench_overview"
SETTINGS = {"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB"}

AGENCIES = 10_000
LARGE_AGENCY, LARGE = "agy_01000000000000000000000001", 1_000_000
SMALL_AGENCY, SMALL = "agy_01000000000000000000000002", 1_000
OTHERS = 3
"""Accounts of every other agency."""

INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'accounts'
AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'accounts'::regclass)
"""
AGENCIES_TOLD = """
INSERT INTO agencies (id, notification_email, told_at, told_by)
SELECT 'agy_01' || lpad(n::text, 24, '0'), 'agency-' || n || '@example.com', now(), 'evt_bench' FROM generate_series(1, %s) AS n
"""
ACCOUNTS = """
INSERT INTO accounts (id, agency_id, name, login_url, kind, status, selection, client_name, client_email, notification_email, country,
    region, language, time_zone, billing_profile_id, custom_domain, quote_id, created_at, updated_at, activated_at, expires_at,
    renews_at, cancelled_at, expired_at, archived_at, version)
SELECT 'acc_01' || lpad((%(start)s + n)::text, 24, '0'),
    CASE WHEN %(agencies)s = 1 THEN %(agency)s ELSE 'agy_01' || lpad((3 + n %% %(agencies)s)::text, 24, '0') END,
    lower(first) || '-' || (%(start)s + n),
    'https://' || lower(first) || '-' || (%(start)s + n) || '.bench.example/login',
    CASE plan WHEN 'Trial' THEN 'trial' WHEN 'Sandbox' THEN 'sandbox' ELSE 'paid' END,
    status,
    CASE WHEN plan IN ('Trial', 'Sandbox') THEN jsonb_build_object(
        'pricing_version', 'V1', 'product', 'EM', 'plan', plan, 'contacts', NULL, 'frequency', NULL)
    ELSE jsonb_build_object(
        'pricing_version', 'V3', 'product', 'EM', 'plan', plan, 'contacts', (ARRAY[500, 1000, 2500, 5000, 10000])[1 + d %% 5],
        'frequency', 'monthly') END,
    trade || ' ' || last || ' ' || (n %% 9973),
    lower(first) || '.' || n || '@' || (ARRAY['orange', 'gmail', 'wanadoo', 'sapo'])[1 + e %% 4] || '.example',
    'agency-' || (e %% 7) || '@example.com',
    country, CASE WHEN country IN ('US', 'CA') THEN 'us' WHEN country IN ('AU', 'JP') THEN 'apac' ELSE 'eu' END,
    (ARRAY['fr', 'en', 'pt', 'es'])[1 + d %% 4],
    (ARRAY['Europe/Paris', 'Europe/Lisbon', 'America/New_York', 'Europe/Madrid'])[1 + c %% 4],
    CASE WHEN plan IN ('Trial', 'Sandbox') THEN NULL ELSE 'bp_01' || lpad((e %% 50)::text, 24, '0') END,
    CASE WHEN e %% 10 = 0 THEN 'mail.' || lower(last) || (%(start)s + n) || '.example' END,
    'quo_01' || lpad((%(start)s + n)::text, 24, '0'),
    timestamptz '2020-01-01Z' + n * interval '3 minutes',
    timestamptz '2025-01-01Z' + (d %% 600000) * interval '1 minute',
    timestamptz '2020-01-01Z' + n * interval '3 minutes' + interval '4 seconds',
    CASE WHEN status <> 'active' OR plan = 'Trial' THEN timestamptz '2025-06-01Z' + (c %% 500000) * interval '1 minute' END,
    CASE WHEN plan NOT IN ('Trial', 'Sandbox') THEN timestamptz '2026-01-01Z' + (d %% 40000) * interval '1 minute' END,
    CASE WHEN status = 'cancelled' THEN timestamptz '2025-05-01Z' + (d %% 40000) * interval '1 minute' END,
    CASE WHEN status IN ('expired', 'archived') THEN timestamptz '2025-06-01Z' + (c %% 500000) * interval '1 minute' END,
    CASE WHEN status = 'archived' THEN timestamptz '2025-07-01Z' + (c %% 500000) * interval '1 minute' END, 3
FROM (
    SELECT n, c, d, e,
        (ARRAY['Camille', 'Louis', 'Jose', 'Ines', 'Marta', 'Hugo', 'Chloe', 'Rui', 'Ana', 'Paul'])[1 + c %% 10] AS first,
        (ARRAY['Martin', 'Lefèvre', 'Müller', 'Núñez', 'Gonçalves', 'Petit', 'Évrard', 'Peña', 'Côté', 'Araújo'])[1 + d %% 10] AS last,
        (ARRAY['Boulangerie', 'Garage', 'Pâtisserie', 'Fleuriste', 'Cabinet', 'Agência', 'Panadería', 'Hôtel'])[1 + e %% 8] AS trade,
        (ARRAY['FR', 'FR', 'FR', 'FR', 'PT', 'ES', 'US', 'US', 'BR', 'CA', 'GB', 'DE', 'BE', 'CH', 'AU', 'JP'])[1 + c %% 16] AS country,
        (ARRAY['active', 'active', 'active', 'active', 'active', 'active', 'active', 'cancelled', 'expired', 'archived', 'disabled'])
            [1 + d %% 11] AS status,
        (ARRAY['Starter', 'Starter', 'Plus', 'Plus', 'Plus', 'Pro', 'Pro', 'Enterprise', 'Trial', 'Sandbox'])[1 + e %% 10] AS plan
    FROM generate_series(1, %(accounts)s) AS n,
        LATERAL (
            SELECT hashint4(n) & 2147483647 AS c, hashint4(n + 100000000) & 2147483647 AS d, hashint4(n + 200000000) & 2147483647 AS e
        ) AS hashed
) AS chosen
"""


@contextmanager
def server() -> Iterator[PostgresServer]:
    """The PostgreSQL that keeps the data between runs."""
    opened = PostgresServer(FOLDER, durable=False, settings=SETTINGS)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def filled(postgres: PostgresServer) -> str:
    """The URL of the database, which is filled the first time, and anew after another migration."""
    url = postgres.create_database(DATABASE)
    upgrade(folder_of("accounts"), url)
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM agencies")
        if cursor.fetchone() == (0,):
            _fill(cursor)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_analyze IS NULL FROM pg_stat_user_tables WHERE relname = 'accounts'")
            if cursor.fetchone() == (True,):
                cursor.execute("VACUUM (ANALYZE) accounts")
                cursor.execute("VACUUM (ANALYZE) account_tallies")
    return url


def _fill(cursor: Cursor) -> None:
    """All of it in one transaction; the indexes are made when the rows are there."""
    cursor.execute(INDEXES)
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(AGENCIES_TOLD, (AGENCIES,))
    others = AGENCIES - 2
    for agency, agencies, start, accounts in (
        (LARGE_AGENCY, 1, 0, LARGE),
        (SMALL_AGENCY, 1, LARGE, SMALL),
        ("", others, LARGE + SMALL, others * OTHERS),
    ):
        cursor.execute(ACCOUNTS, {"agency": agency, "agencies": agencies, "start": start, "accounts": accounts})
    for _, definition in indexes:
        cursor.execute(definition)


def main() -> None:
    """Fill it, and say how long it took."""
    began = time.monotonic()
    with server() as postgres:
        filled(postgres)
    print(f"{AGENCIES} agencies, {LARGE} accounts in one of them: {time.monotonic() - began:.0f} s, in {FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
