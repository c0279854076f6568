"""The questions on the hot path."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from chassis.database import Database, count_statements
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units
from identity import domain, repository, usecases

from .factories import PEPPER, a_key, an_agency


def unnoted(work: Units, key: domain.DraftKey) -> bool:
    with work.reading() as session:
        found = repository.usable_key(session, keyed_digest=key.keyed_digest)
    assert found is not None
    return found.use_unnoted


def test_finding_a_key_is_one_statement_outside_of_any_transaction(work: Units) -> None:
    key = a_key(work, an_agency(work).id)
    with work.reading() as session:
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        statements = count_statements(engine)
        usecases.key_by_digest(session, digest=domain.digest_of(key.secret), pepper=PEPPER)
        assert not session.connection().connection.dbapi_connection.info.transaction_status  # type: ignore[union-attr]  # psycopg2's: idle
    assert len(statements) == 1


def test_finding_a_key_uses_the_unique_indexes(work: Units, database: ServiceDatabase) -> None:
    key = a_key(work, an_agency(work).id)
    either = "keyed_digest = %s OR keyed_md5_digest = %s"
    plan = str(
        database.query(f"SET enable_seqscan = off; EXPLAIN SELECT id FROM api_keys WHERE {either}", key.keyed_digest, key.keyed_digest)
    )
    assert "uq_api_keys_keyed_digest" in plan
    assert "uq_api_keys_keyed_md5_digest" in plan


def test_a_key_is_found_by_its_md5_too(work: Units) -> None:
    key = a_key(work, an_agency(work).id)
    with work.reading() as session:
        found = usecases.key_by_digest(session, digest=domain.digest_of(domain.md5_of(key.secret)), pepper=PEPPER)
    assert found.key_id == key.id


def test_the_use_of_a_key_is_noted_at_first_and_then_once_an_hour(work: Units, database: ServiceDatabase) -> None:
    key = a_key(work, an_agency(work).id)
    assert unnoted(work, key)
    with work.begin() as uow:
        repository.note_key_use(uow.session, key_id=key.id, used_at=datetime.now(UTC))
    assert not unnoted(work, key)
    database.execute("UPDATE api_keys SET last_used_at = now() - interval '61 minutes'")
    assert unnoted(work, key)


def test_a_use_that_was_noted_meanwhile_is_left_as_it_is(work: Units, database: ServiceDatabase) -> None:
    key = a_key(work, an_agency(work).id)
    first = datetime.now(UTC) - timedelta(minutes=1)
    for used_at in (first, datetime.now(UTC)):
        with work.begin() as uow:
            repository.note_key_use(uow.session, key_id=key.id, used_at=used_at)
    assert database.query("SELECT last_used_at FROM api_keys") == [{"last_used_at": first}]


def test_nobody_waits_for_another_who_notes_the_same_use(work: Units, database: ServiceDatabase) -> None:
    key = a_key(work, an_agency(work).id)
    with work.begin() as holding:
        repository.note_key_use(holding.session, key_id=key.id, used_at=datetime.now(UTC))
        hasty = Database(database.url, pool_size=1, statement_timeout_seconds=0.5, application_name="test")
        with hasty.reading() as session:
            repository.note_key_use(session, key_id=key.id, used_at=datetime.now(UTC))
        hasty.close()
