"""The run of renewals over 1,000, 10,000 and 100,000 due accounts, beside its limit: the same double entries by one SQL statement a table.

The limit is one transaction that finds what is due and then, set by set: takes the numbers of each agency's series, writes the invoices
(what is owed), their lines (what for), the proof that each period began, moves the subscriptions on, and tells a fact of every invoice in
the outbox, of about the size of ours. The tables are the service's own, with all that guards them: foreign keys, checks, indexes, and the
deferred trigger that adds up the lines of every invoice when it commits. It locks no accounts, asks for no changes of plan, works out no
calendar (the next end is a month later), makes no ids and checks no facts: what ours adds to it. Both take turns, on tables made anew.
"""

import logging
import resource
import statistics
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg2
import structlog

from bench.platform import Bench, execute
from billing.usecases import renewals
from chassis import context as contexts
from chassis.database import Database
from chassis.unit_of_work import Units

SIZES = (1_000, 10_000, 100_000)
AGENCIES = 50
BATCH = 500
ROUNDS = {1_000: 5, 10_000: 3, 100_000: 2}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = 0.5

EMPTY = """
SET LOCAL session_replication_role = replica; -- invoices refuse to be thrown away
TRUNCATE renewals, invoice_lines, invoices, document_counters, subscriptions, billing_profiles, accounts, agencies, outbox CASCADE
"""
FILL = (
    """
    INSERT INTO agencies (id, currency, discount_basis_points, language, as_of)
    SELECT 'agy_01' || lpad(n::text, 24, '0'), 'EUR', 2000, 'fr', now() FROM generate_series(1, %(agencies)s) AS n
    """,
    """
    INSERT INTO billing_profiles (id, agency_id, token, name, brand, last_four, expiry_month, expiry_year, is_default, created_at)
    SELECT 'bp_01' || lpad(n::text, 24, '0'), 'agy_01' || lpad(n::text, 24, '0'), 'pm_card_visa', 'bench', 'visa', '4242', 12, 2040,
        true, now() FROM generate_series(1, %(agencies)s) AS n
    """,
    """
    INSERT INTO accounts (id, agency_id, created_at)
    SELECT 'acc_01' || lpad(n::text, 24, '0'), 'agy_01' || lpad((1 + n %% %(agencies)s)::text, 24, '0'), now()
    FROM generate_series(1, %(size)s) AS n
    """,
    """
    INSERT INTO subscriptions (account_id, agency_id, kind, selection, catalogue_version, currency, per_cycle_minor, billing_profile_id,
        time_zone, anchored_at, period_start, period_end, changes)
    SELECT a.id, a.agency_id, 'paid', '{"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000,
            "frequency": "monthly", "limits": {}, "add_ons": []}'::jsonb, (SELECT max(version) FROM catalogues), 'EUR', 3920, NULL,
        (ARRAY['Europe/Paris', 'America/New_York', 'Australia/Lord_Howe'])[1 + right(a.id, 6)::int %% 3],
        timestamptz '2026-01-31T10:00Z', timestamptz '2026-01-31T10:00Z', timestamptz '2026-02-28T10:00Z', 0 FROM accounts AS a
    """,
    "ANALYZE",
)
PLAIN = (
    """
    CREATE TEMPORARY TABLE due AS SELECT s.account_id, s.agency_id, s.per_cycle_minor, s.period_start, s.period_end,
        'inv_02' || right(s.account_id, 24) AS invoice_id,
        row_number() OVER (PARTITION BY s.agency_id ORDER BY s.account_id) AS number
    FROM subscriptions AS s WHERE s.standing = 'renewed' AND s.period_end <= timestamptz '2026-03-01T12:00Z'
    """,
    "INSERT INTO document_counters (agency_id, series, last) SELECT agency_id, 'INV', max(number) FROM due GROUP BY agency_id",
    """
    INSERT INTO invoices (id, agency_id, number, purpose, account_id, billing_profile_id, currency, total_minor, line_count, issued_at)
    SELECT invoice_id, agency_id, 'INV-' || lpad(number::text, 6, '0'), 'renewal', account_id, 'bp_' || right(agency_id, 26), 'EUR',
        per_cycle_minor, 1, now() FROM due
    """,
    """
    INSERT INTO invoice_lines (invoice_id, position, description, reason, amount_minor, period_start, period_end)
    SELECT invoice_id, 1, 'EM Plus, 1000 contacts, monthly', 'new_period', per_cycle_minor, period_end, period_end + interval '1 month'
    FROM due
    """,
    """
    INSERT INTO renewals (account_id, period_start, invoice_id, previous_start)
    SELECT account_id, period_end, invoice_id, period_start FROM due
    """,
    """
    UPDATE subscriptions AS s SET period_start = due.period_end, period_end = due.period_end + interval '1 month'
    FROM due WHERE due.account_id = s.account_id
    """,
    """
    INSERT INTO outbox (event_id, exchange, routing_key, headers, body)
    SELECT 'evt_02' || right(account_id, 24), 'billing.events', 'invoice_issued', '{"nameko.request_id": "req_1"}'::jsonb,
        jsonb_build_object('specversion', '1.0', 'id', 'evt_02' || right(account_id, 24), 'agency_id', agency_id, 'data',
            jsonb_build_object('invoice_id', invoice_id, 'account_id', account_id, 'padding', repeat('x', 400)))::text FROM due
    """,
)


def measure(bench: Bench) -> dict[str, Any]:
    """Renewals a second of both at each size, how they grow, and what memory the run takes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # a line per batch is for those who wait
    url = bench.migrated("billing")
    figures: dict[int, dict[str, float]] = {}
    _refill(url, SIZES[0])
    _ours(url, SIZES[0])  # what a process learns once is no part of the rate
    for size in SIZES:
        rounds = []
        before = _memory_mb()
        for _ in range(ROUNDS[size]):
            _refill(url, size)
            plain = _plain(url)
            _refill(url, size)
            rounds.append({"plain": size / plain, "ours": size / _ours(url, size)})
        figures[size] = {name: statistics.median(each[name] for each in rounds) for name in ("plain", "ours")}
        figures[size]["ratio"] = statistics.median(each["ours"] / each["plain"] for each in rounds)
        figures[size]["memory"] = _memory_mb() - before
    first, last = figures[SIZES[0]], figures[SIZES[-1]]
    rates = {f"{name}_per_second_at_{size}": round(figures[size][name]) for size in SIZES for name in ("plain", "ours")}
    return {
        "what": "the run of renewals, over due accounts of 50 agencies",
        **rates,
        **{f"ours_to_plain_at_{size}": round(figures[size]["ratio"], 2) for size in SIZES},
        "target": TARGET,
        "rate_at_100000_to_1000": round(last["ours"] / first["ours"], 2),
        "memory_mb_more_at_100000": round(last["memory"], 1),
    }


def _refill(url: str, size: int) -> None:
    execute(url, EMPTY)
    with closing(psycopg2.connect(url)) as database:
        database.autocommit = True
        with database.cursor() as cursor:
            for statement in FILL:
                cursor.execute(statement, {"agencies": AGENCIES, "size": size})


def _plain(url: str) -> float:
    begin = time.perf_counter()
    with closing(psycopg2.connect(url)) as database, database, database.cursor() as cursor:
        for statement in PLAIN:
            cursor.execute(statement)
    return time.perf_counter() - begin


def _ours(url: str, size: int) -> float:
    database = Database(url, pool_size=1, statement_timeout_seconds=60, application_name="bench")
    begin = time.perf_counter()
    with contexts.activated(contexts.new_context()):  # as the door does
        done = renewals.run(Units(database, clock=lambda: NOW), batch=BATCH, batches=size // BATCH + 1)
    seconds = time.perf_counter() - begin
    database.close()
    if done != size:
        raise RuntimeError(f"{done} of {size} were renewed")
    return seconds


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
