"""What the verbs of identity do to a real database."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat

import pytest

from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.clock import START
from chassis.unit_of_work import Units
from identity import domain, errors, repository, usecases

from .factories import AGENCY, PEPPER, a_key, an_agency, prepared

AGENCY_ID = new_id("agy")
ACCOUNT_ID = new_id("acc")


def opened_by(work: Units, secret: str) -> repository.UsableKey:
    with work.reading() as session:
        return usecases.key_by_digest(session, digest=domain.digest_of(secret), pepper=PEPPER)


def claim(work: Units, *, agency_id: str = AGENCY_ID, account_id: str = ACCOUNT_ID) -> domain.Credentials:
    with work.begin() as uow:
        return usecases.claim_credentials(
            uow, agency_id=agency_id, account_id=account_id, password="drawn", password_hash="$argon2id$ of drawn"
        )


def fail(work: Units, account_id: str = ACCOUNT_ID) -> None:
    with work.begin() as uow:
        usecases.drop_failed_account(uow, account_id=account_id)


def test_registering_an_agency_tells_others_all_of_it(work: Units, database: ServiceDatabase) -> None:
    registered = an_agency(work)
    assert database.emitted() == [("agency_registered", {**AGENCY, "agency_id": registered.id})]


def test_updating_an_agency_changes_what_is_given_and_tells_all_of_it(work: Units, database: ServiceDatabase) -> None:
    registered = an_agency(work)
    with work.begin() as uow:
        usecases.update_agency(uow, agency_id=registered.id, name=None, notification_email=None, language="pt")
    assert database.emitted()[1:] == [("agency_updated", {**AGENCY, "agency_id": registered.id, "language": "pt"})]
    with work.reading() as session:
        assert usecases.agency(session, agency_id=registered.id).language == "pt"


def test_an_unknown_agency_is_refused_by_every_verb(work: Units) -> None:
    with work.reading() as session, pytest.raises(errors.AgencyNotFound):
        usecases.agency(session, agency_id=AGENCY_ID)
    with work.reading() as session, pytest.raises(errors.AgencyNotFound):
        usecases.draft_api_key(session, agency_id=AGENCY_ID, pepper=PEPPER)
    with pytest.raises(errors.AgencyNotFound), work.begin() as uow:
        usecases.update_agency(uow, agency_id=AGENCY_ID, name="x", notification_email=None, language=None)


def test_a_key_opens_the_door_of_its_agency_with_its_scopes(work: Units) -> None:
    agency = an_agency(work, test_mode=True)
    key = a_key(work, agency.id, "billing:read", "accounts:read", "billing:read")
    assert opened_by(work, key.secret) == repository.UsableKey(
        key_id=key.id,
        agency_id=agency.id,
        name="the shop",
        scopes=["accounts:read", "billing:read"],
        test_mode=True,
        owner=key.id,
        use_unnoted=True,
    )


def test_creating_a_key_is_told_without_anything_of_the_key_itself(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    key = a_key(work, agency.id)
    assert database.emitted()[-1] == ("api_key_created", {"key_id": key.id, "name": "the shop", "scopes": ["accounts:read"]})


def test_the_secret_of_a_key_is_nowhere_in_the_database(work: Units, database: ServiceDatabase) -> None:
    key = a_key(work, an_agency(work).id)
    everything = database.everything()
    assert key.prefix in everything
    assert key.secret not in everything
    assert domain.digest_of(key.secret) not in everything


def test_an_unknown_key_opens_nothing(work: Units) -> None:
    a_key(work, an_agency(work).id)
    with pytest.raises(errors.InvalidApiKey):
        opened_by(work, "ck_live_unknown")


def test_a_key_does_not_open_where_the_pepper_is_another(work: Units) -> None:
    key = a_key(work, an_agency(work).id)
    with work.reading() as session, pytest.raises(errors.InvalidApiKey):
        usecases.key_by_digest(session, digest=domain.digest_of(key.secret), pepper=b"another pepper")


def test_a_revoked_key_opens_nothing_and_is_revoked_once(work: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    agency = an_agency(work)
    key = a_key(work, agency.id)
    for _ in range(2):
        with work.begin() as uow:
            usecases.revoke_api_key(uow, agency_id=agency.id, key_id=key.id)
        clock.advance(days=1)
    assert database.query("SELECT revoked_at FROM api_keys") == [{"revoked_at": START}]
    assert [name for name, _ in database.emitted()].count("api_key_revoked") == 1
    with pytest.raises(errors.InvalidApiKey):
        opened_by(work, key.secret)


def test_the_key_of_another_agency_looks_like_none(work: Units) -> None:
    key, other = a_key(work, an_agency(work).id), an_agency(work)
    with pytest.raises(errors.ApiKeyNotFound), work.begin() as uow:
        usecases.revoke_api_key(uow, agency_id=other.id, key_id=key.id)


def test_an_account_gets_one_first_user_however_often_it_is_prepared(work: Units, database: ServiceDatabase) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        users = set(pool.map(lambda _: prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID), range(8)))
    assert database.query("SELECT id, username, role, password_hash FROM account_users") == [
        {"id": users.pop(), "username": "admin", "role": "admin", "password_hash": None}
    ]
    assert not users


def test_an_account_of_another_agency_is_not_prepared(work: Units) -> None:
    prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)
    with pytest.raises(errors.AccountUserNotFound):
        prepared(work, agency_id=new_id("agy"), account_id=ACCOUNT_ID)


def test_a_failed_account_loses_its_users(work: Units, database: ServiceDatabase) -> None:
    prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)
    fail(work)
    assert database.query("SELECT * FROM account_users") == []
    with pytest.raises(errors.AccountUserNotFound):
        claim(work)


def test_a_failure_heard_before_the_preparation_refuses_it(work: Units) -> None:
    fail(work)
    with pytest.raises(errors.AccountFailed) as refusal:
        prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)
    assert (refusal.value.kind, refusal.value.code) == ("conflict", "account_failed")


def test_an_account_that_fails_while_it_is_prepared_keeps_no_user(work: Units, database: ServiceDatabase) -> None:
    accounts = [new_id("acc") for _ in range(20)]

    def race(step: tuple[str, str]) -> None:
        verb, account_id = step
        if verb == "fail":
            fail(work, account_id)
            return
        try:
            prepared(work, agency_id=AGENCY_ID, account_id=account_id)
        except errors.AccountFailed:
            return

    steps = chain.from_iterable(zip(zip(repeat("prepare"), accounts), zip(repeat("fail"), accounts), strict=True))
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(race, steps))
    assert database.query("SELECT * FROM account_users") == []
    assert len(database.query("SELECT * FROM accounts WHERE failed_at IS NOT NULL")) == len(accounts)


def test_credentials_are_claimed_once(work: Units) -> None:
    """R0.50, R0.52."""
    prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)
    assert claim(work) == domain.Credentials(username="admin", password="drawn")
    with pytest.raises(errors.CredentialsAlreadyClaimed) as refusal:
        claim(work)
    assert (refusal.value.kind, refusal.value.code) == ("gone", "credentials_already_claimed")
    with work.reading() as session, pytest.raises(errors.CredentialsAlreadyClaimed):
        usecases.refuse_unclaimable(session, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)


def test_credentials_of_another_agency_look_like_none(work: Units) -> None:
    prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)
    with pytest.raises(errors.AccountUserNotFound):
        claim(work, agency_id=new_id("agy"))


def test_of_twenty_callers_who_claim_at_once_one_gets_the_password(work: Units) -> None:
    """R0.52."""
    prepared(work, agency_id=AGENCY_ID, account_id=ACCOUNT_ID)

    def outcome(_: int) -> str:
        try:
            return claim(work).username
        except errors.CredentialsAlreadyClaimed as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = list(pool.map(outcome, range(20)))
    assert sorted(outcomes) == ["admin"] + ["credentials_already_claimed"] * 19
