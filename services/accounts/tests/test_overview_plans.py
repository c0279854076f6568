"""How the database answers lists of an agency with many accounts, as its own planner decides it."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from accounts import domain, repository, usecases
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units

AGENCY, MANY, OTHERS = "agy_many", 20_000, 5_000
FILL = """
INSERT INTO accounts (id, agency_id, name, login_url, kind, status, selection, client_name, client_email, notification_email, country,
    region, language, time_zone, billing_profile_id, custom_domain, snapshot_id, quote_id, created_at, updated_at, activated_at,
    expires_at, renews_at, cancelled_at, expired_at, archived_at, version)
SELECT 'acc_' || n, CASE WHEN n <= %s THEN %s ELSE 'agy_' || n %% 50 END, 'name-' || md5(n::text), 'https://acme.example/login',
    CASE WHEN plan = 'Trial' THEN 'trial' ELSE 'paid' END, status, jsonb_build_object('plan', plan, 'contacts', 500 * (1 + h %% 5)),
    'Client ' || md5((n * 7)::text), 'mail' || n || '@client.example', 'agency-' || h %% 5 || '@agency.example',
    (ARRAY['FR', 'FR', 'FR', 'PT', 'ES', 'US', 'CA'])[1 + h %% 7], (ARRAY['eu', 'eu', 'us'])[1 + h %% 3],
    (ARRAY['fr', 'en', 'pt', 'es'])[1 + h %% 4], (ARRAY['Europe/Paris', 'Europe/Lisbon'])[1 + h %% 2],
    CASE WHEN plan <> 'Trial' THEN 'bp_' || h %% 20 END, CASE WHEN h %% 10 = 0 THEN 'mail.client' || n || '.example' END,
    CASE WHEN h %% 20 = 0 THEN 'snp_' || h %% 9 END, 'quo_' || n, timestamptz '2025-01-01Z' + n * interval '1 minute',
    timestamptz '2026-01-01Z' + h %% 10000 * interval '1 minute', timestamptz '2025-01-01Z' + n * interval '61 seconds',
    CASE WHEN status <> 'active' THEN timestamptz '2026-06-01Z' + h %% 5000 * interval '1 minute' END,
    CASE WHEN plan <> 'Trial' THEN timestamptz '2026-07-01Z' + h %% 40000 * interval '1 minute' END,
    CASE WHEN status = 'cancelled' THEN timestamptz '2026-05-01Z' + h %% 5000 * interval '1 minute' END,
    CASE WHEN status IN ('expired', 'archived') THEN timestamptz '2026-05-02Z' + h %% 5000 * interval '1 minute' END,
    CASE WHEN status = 'archived' THEN timestamptz '2026-06-02Z' + h %% 5000 * interval '1 minute' END, 1
FROM (
    SELECT n, h, (ARRAY['active', 'active', 'active', 'active', 'cancelled', 'expired', 'archived', 'disabled'])[1 + h / 8 %% 8] AS status,
        (ARRAY['Starter', 'Plus', 'Plus', 'Pro', 'Pro', 'Enterprise', 'Trial'])[1 + h / 64 %% 7] AS plan
    FROM generate_series(1, %s) AS n, LATERAL (SELECT hashint4(n) & 1048575 AS h) AS hashed
) AS chosen
"""
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": "active"},
    {"status": "archived"},
    {"plan": "trials"},
    {"kind": "trial"},
    {"name": "name-1"},
    {"client_name": "Client 1"},
    {"client_email": "mail7@client.example"},
    {"notification_email": "agency-1@agency.example"},
    {"country": "PT"},
    {"country": "XX"},
    {"region": "us"},
    {"language": "es"},
    {"time_zone": "Europe/Lisbon"},
    {"billing_profile_id": "bp_7"},
    {"billing_profile_id": ""},
    {"custom_domain": "mail.client7.example"},
    {"custom_domain": ""},
    {"snapshot_id": "snp_1"},
    {"contacts": 500},
    {"contacts": {"from": 2000}},
    {"created_at": {"from": "2025-01-10", "to": "2025-01-11"}},
    {"updated_at": {"from": "2026-01-02", "to": "2026-01-03"}},
    {"activated_at": {"to": "2025-01-02"}},
    {"expires_at": {"to": "2026-06-02"}},
    {"expires_at": ""},
    {"renews_at": {"from": "2026-07-10", "to": "2026-07-11"}},
    {"cancelled_at": {"from": "2026-05-02"}},
    {"expired_at": ""},
    {"archived_at": {"to": "2026-06-03"}},
    {"status": "active", "plan": "professional", "country": "FR", "language": "fr"},
    {"status": "archived", "kind": "paid", "region": "us", "contacts": 1000},
)
SEARCHES = (None, "client", "mail77@", "nobody", "d4", "d", "zq")


@pytest.fixture
def units(database: ServiceDatabase) -> Units:
    database.execute("ALTER TABLE accounts SET (autovacuum_enabled = off)")  # what the planner knows does not change while it is asked
    database.execute(FILL, MANY, AGENCY, MANY + OTHERS)
    database.execute("SELECT gin_clean_pending_list('ix_accounts_search')")
    database.execute("ANALYZE accounts")
    return database.units()


class Asked:
    """A session that notes what it is asked, and finds nothing."""

    def __init__(self) -> None:
        self.questions: list[Any] = []

    def execute(self, question: Any) -> "Asked":
        self.questions.append(question)
        return self

    scalars = execute

    def all(self) -> list[Any]:
        return []

    def one(self) -> int:
        return 0


def plans(session: Session, wanted: domain.Wanted) -> Iterator[dict[str, Any]]:
    """How each question of a page, and of its total, is answered."""
    asked: Any = Asked()
    shown = usecases.filter_of(AGENCY, wanted)
    repository.accounts_page(asked, shown, sort=wanted.sort, descending=wanted.descending, after=None, limit=51)
    repository.count_accounts(asked, shown)
    connection = session.connection()
    for question in asked.questions:
        compiled = question.compile(dialect=connection.dialect)
        yield connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params).scalar_one()[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def faults(plan: dict[str, Any]) -> Iterator[str]:
    """Where a plan reads the whole table, or sorts more than a part of the agency."""
    for node in nodes(plan):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "accounts":
            yield "reads the whole table"
        if node["Node Type"] == "Sort" and node["Plans"][0]["Plan Rows"] > MANY / 4:
            yield f"sorts {node['Plans'][0]['Plan Rows']} of {MANY} accounts"


def combinations() -> Iterator[tuple[dict[str, Any], str | None, str]]:
    """Every two of filter, search and sort, and of all three every sixty-first."""
    sorts = [sign + column for column in domain.SORTS for sign in ("", "-")]
    yield from itertools.product(FILTERS, (None,), sorts)
    yield from itertools.product(FILTERS, SEARCHES, (domain.NEWEST_FIRST,))
    yield from itertools.product(({},), SEARCHES, sorts)
    yield from itertools.islice(itertools.product(FILTERS, SEARCHES, sorts), 0, None, 61)


def test_no_filter_sort_or_search_reads_the_table_or_sorts_the_agency(units: Units) -> None:
    found = []
    with units.reading() as session:
        for filters, q, sort in combinations():
            wanted = domain.check_list(filters=filters, q=q, sort=sort)
            found += [f"{filters} {q} {sort}: {fault}" for plan in plans(session, wanted) for fault in faults(plan)]
    assert "\n".join(found) == ""


def test_what_waits_to_be_searchable_is_little_so_that_no_change_puts_much_in_order(database: ServiceDatabase) -> None:
    database.execute(FILL, 1_000, AGENCY, 1_000)
    [waited] = database.query("SELECT gin_clean_pending_list('ix_accounts_search') AS pages_of_8_kb")
    assert waited["pages_of_8_kb"] <= 9, "the index's own list would have had a hundred and more"
