"""How the keys of an agency are listed, given on, rotated and revoked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import Bus, MovingClock, ServiceDatabase, ServiceProcess
from chassis.testing.bus import refusal_of
from chassis.testing.clock import START
from chassis.unit_of_work import Units
from identity import domain, errors, models, usecases
from identity.domain import Scope, digest_of

from .factories import AGENCY, PEPPER, a_key, an_agency

SCOPES = st.sets(st.sampled_from([str(scope) for scope in Scope]), min_size=1)


def rotate(work: Units, agency_id: str, key_id: str, *, overlap_seconds: int = 86_400, **by: Any) -> tuple[models.ApiKey, str]:
    """Rotate the key; give its successor with the secret."""
    with work.reading() as session:
        draft = usecases.draft_api_key(session, agency_id=agency_id, pepper=PEPPER)
    with work.begin() as uow:
        key = usecases.rotate_api_key(uow, agency_id=agency_id, key_id=key_id, overlap_seconds=overlap_seconds, draft=draft, **by)
    return key, draft.secret


def revoke(work: Units, agency_id: str, key_id: str) -> None:
    with work.begin() as uow:
        usecases.revoke_api_key(uow, agency_id=agency_id, key_id=key_id)


def give(work: Units, agency_id: str, *scopes: str, by_key_id: str) -> models.ApiKey:
    with work.reading() as session:
        draft = usecases.draft_api_key(session, agency_id=agency_id, pepper=PEPPER)
    with work.begin() as uow:
        return usecases.create_api_key(uow, agency_id=agency_id, name="given", scopes=[*scopes], draft=draft, by_key_id=by_key_id)


def opens(work: Units, secret: str) -> bool:
    try:
        with work.reading() as session:
            usecases.key_by_digest(session, digest=digest_of(secret), pepper=PEPPER)
    except errors.InvalidApiKey:
        return False
    return True


# --- rules ------------------------------------------------------------------------------------------------------------------------------


@given(own=SCOPES, wanted=SCOPES)
def test_a_key_gives_what_it_has_and_admin_gives_everything(own: set[str], wanted: set[str]) -> None:
    beyond = domain.scopes_beyond(own, wanted=wanted)
    assert beyond == ([] if "admin" in own else sorted(wanted - own))


def test_a_key_opens_until_it_is_revoked_or_over() -> None:
    later = START + timedelta(seconds=1)
    assert domain.opens(revoked_at=None, expires_at=None, now=START)
    assert domain.opens(revoked_at=None, expires_at=later, now=START)
    assert not domain.opens(revoked_at=None, expires_at=START, now=START)
    assert not domain.opens(revoked_at=START, expires_at=None, now=later)


# --- use cases --------------------------------------------------------------------------------------------------------------------------


def test_a_rotated_key_opens_beside_its_successor_until_the_overlap_is_over(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    old = a_key(work, agency.id, "billing:read", "accounts:read")
    successor, secret = rotate(work, agency.id, old.id, overlap_seconds=604_800)
    assert (successor.name, successor.scopes, successor.expires_at) == ("the shop", ["accounts:read", "billing:read"], None)
    with work.reading() as session:
        assert usecases.api_key(session, agency_id=agency.id, key_id=old.id).expires_at == START + timedelta(days=7)
    database.execute("UPDATE api_keys SET expires_at = now() + interval '1 minute' WHERE expires_at IS NOT NULL")
    assert (opens(work, old.secret), opens(work, secret)) == (True, True)
    database.execute("UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert (opens(work, old.secret), opens(work, secret)) == (False, True)
    names = [name for name, _ in database.emitted()]
    assert names == ["agency_registered", "api_key_created", "api_key_created"]


def test_a_key_rotated_without_an_overlap_is_revoked_which_is_told(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    old = a_key(work, agency.id, "admin")
    _, secret = rotate(work, agency.id, old.id, overlap_seconds=0)
    assert (opens(work, old.secret), opens(work, secret)) == (False, True)
    assert database.emitted()[-1] == ("api_key_revoked", {"key_id": old.id})


@pytest.mark.parametrize("overlap_seconds", [0, 60])
def test_a_key_has_one_successor_however_many_rotate_it(work: Units, database: ServiceDatabase, overlap_seconds: int) -> None:
    agency = an_agency(work)
    old = a_key(work, agency.id)

    def outcome(_: int) -> str:
        try:
            return rotate(work, agency.id, old.id, overlap_seconds=overlap_seconds)[0].name
        except errors.ApiKeyEnded as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=10) as pool:
        outcomes = list(pool.map(outcome, range(10)))
    assert sorted(outcomes) == ["api_key_ended"] * 9 + ["the shop"]
    assert len(database.query("SELECT id FROM api_keys")) == 2


def test_the_last_admin_key_is_not_revoked_and_says_what_to_do(work: Units) -> None:
    agency, other = an_agency(work), an_agency(work)
    last = a_key(work, agency.id, "admin", "accounts:read")
    a_key(work, agency.id, "accounts:read")
    a_key(work, other.id, "admin")
    with pytest.raises(errors.LastAdminKey, match="create another one with it first, or rotate this one") as refusal:
        revoke(work, agency.id, last.id)
    assert (refusal.value.kind, refusal.value.code) == ("conflict", "last_admin_key")
    assert opens(work, last.secret)
    successor, _ = rotate(work, agency.id, last.id)
    with pytest.raises(errors.LastAdminKey):  # the old one ends, so it does not count
        revoke(work, agency.id, successor.id)
    revoke(work, agency.id, last.id)


def test_of_those_who_revoke_all_admin_keys_at_once_one_is_refused(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    keys = [a_key(work, agency.id, "admin") for _ in range(5)]

    def outcome(number: int) -> str:
        try:
            revoke(work, agency.id, keys[number % 5].id)
        except errors.LastAdminKey as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = list(pool.map(outcome, range(50)))
    assert "last_admin_key" in outcomes
    assert len(database.query("SELECT id FROM api_keys WHERE revoked_at IS NULL")) == 1


def test_a_key_gives_to_another_only_what_it_has(work: Units) -> None:
    agency = an_agency(work)
    own = a_key(work, agency.id, "accounts:read", "accounts:write")
    strong = a_key(work, agency.id, "admin")
    assert give(work, agency.id, "accounts:read", by_key_id=own.id).scopes == ["accounts:read"]
    assert give(work, agency.id, "billing:read", by_key_id=strong.id).scopes == ["billing:read"]
    with pytest.raises(errors.ScopeExceedsOwn) as refusal:
        give(work, agency.id, "accounts:read", "billing:read", "admin", by_key_id=own.id)
    assert (refusal.value.kind, refusal.value.details) == ("forbidden", {"scopes": "admin, billing:read"})
    with pytest.raises(errors.ScopeExceedsOwn):
        rotate(work, agency.id, strong.id, by_key_id=own.id)


def test_a_key_that_ended_gives_nothing_though_it_is_remembered_somewhere(work: Units, clock: MovingClock) -> None:
    agency, other = an_agency(work), an_agency(work)
    revoked, over, foreign = a_key(work, agency.id), a_key(work, agency.id), a_key(work, other.id)
    revoke(work, agency.id, revoked.id)
    rotate(work, agency.id, over.id, overlap_seconds=60)
    give(work, agency.id, "accounts:read", by_key_id=over.id)
    clock.advance(seconds=60)
    for key in (revoked, over, foreign):
        with pytest.raises(errors.InvalidApiKey):
            give(work, agency.id, "accounts:read", by_key_id=key.id)


def test_keys_are_listed_newest_first_those_that_ended_too(work: Units) -> None:
    agency = an_agency(work)
    keys = [a_key(work, agency.id).id for _ in range(3)]
    a_key(work, an_agency(work).id)
    revoke(work, agency.id, keys[0])
    with work.reading() as session:
        first = usecases.api_keys(session, agency_id=agency.id, limit=2, cursor=None)
        second = usecases.api_keys(session, agency_id=agency.id, limit=2, cursor=first.next_cursor)
    assert [key.id for key in [*first.data, *second.data]] == sorted(keys, reverse=True)
    assert (first.total, second.next_cursor) == (3, None)


def test_the_key_of_another_agency_looks_like_none_to_every_verb(work: Units) -> None:
    key, other = a_key(work, an_agency(work).id), an_agency(work)
    with pytest.raises(errors.ApiKeyNotFound):
        rotate(work, other.id, key.id)
    with work.reading() as session, pytest.raises(errors.ApiKeyNotFound):
        usecases.api_key(session, agency_id=other.id, key_id=key.id)


# --- doors ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("identity")
def test_a_key_is_made_shown_rotated_and_revoked_and_its_secret_is_told_once(
    bus: Bus, database: ServiceDatabase, identity: ServiceProcess
) -> None:
    agency_id = bus.call("identity", "register_agency", AGENCY)["id"]
    admin = bus.call("identity", "create_api_key", {"agency_id": agency_id, "name": "mine", "scopes": ["admin"]})
    wanted = {"agency_id": agency_id, "name": "the shop", "scopes": ["accounts:read"], "by_key_id": admin["id"]}
    key = bus.call("identity", "create_api_key", wanted)
    one = {"agency_id": agency_id, "key_id": key["id"]}
    shown = bus.call("identity", "api_key", one)
    assert shown == {name: value for name, value in key.items() if name != "secret"}
    rotated = bus.call("identity", "rotate_api_key", {**one, "by_key_id": admin["id"]}, idempotency_key="rotate")
    again = bus.call("identity", "rotate_api_key", {**one, "by_key_id": admin["id"]}, idempotency_key="rotate")
    assert again == {**rotated, "secret": None}
    for secret in (key["secret"], rotated["secret"]):
        assert bus.call("identity", "key_by_digest", {"digest": digest_of(secret)})["scopes"] == ["accounts:read"]
    listed = bus.call("identity", "api_keys", {"agency_id": agency_id})
    assert [each["id"] for each in listed["data"]] == [rotated["id"], key["id"], admin["id"]]
    assert listed["data"][1]["expires_at"] is not None
    assert listed["data"][1]["last_used_at"] is not None
    for overlap_seconds in (-1, 604_801):
        refusal = refusal_of(lambda: bus.call("identity", "rotate_api_key", {**one, "overlap_seconds": overlap_seconds}))  # noqa: B023  called here
        assert refusal.details["errors"][0]["field"] == "overlap_seconds"
    for _ in range(2):
        assert bus.call("identity", "revoke_api_key", one)["revoked_at"] is not None
    refusal = refusal_of(lambda: bus.call("identity", "revoke_api_key", {"agency_id": agency_id, "key_id": admin["id"]}))
    assert (refusal.kind, refusal.code) == ("conflict", "last_admin_key")
    everything = database.everything() + identity.text()
    for secret in (admin["secret"], key["secret"], rotated["secret"]):
        assert secret not in everything
        assert digest_of(secret) not in everything
