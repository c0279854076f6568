"""Whose a key is: a person's, with all of that person's keys, or its line's; and that a person's keys end with the person."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.ids import new_id
from chassis.testing import Bus, MovingClock, ServiceDatabase
from chassis.testing.bus import refusal_of
from chassis.unit_of_work import Units
from identity import domain, errors, repository, usecases
from identity.domain import digest_of

from .factories import AGENCY, PEPPER, a_key, an_agency


def a_person(work: Units, agency_id: str) -> str:
    """Invite somebody; give the id."""
    invitation = usecases.draft_invitation(pepper=PEPPER)
    person: dict[str, Any] = {"email": f"{new_id('usr')}@atelier.example", "name": "Ana Martin", "role": "admin", "language": None}
    with work.begin() as uow:
        return usecases.invite_portal_user(uow, agency_id=agency_id, draft=invitation, **person).id


def rotated(work: Units, agency_id: str, key_id: str, *, overlap_seconds: int = 86_400) -> domain.DraftKey:
    """Rotate the key; give its successor with the secret."""
    with work.reading() as session:
        draft = usecases.draft_api_key(session, agency_id=agency_id, pepper=PEPPER)
    with work.begin() as uow:
        usecases.rotate_api_key(uow, agency_id=agency_id, key_id=key_id, overlap_seconds=overlap_seconds, draft=draft)
    return draft


def remove(work: Units, agency_id: str, user_id: str) -> None:
    with work.begin() as uow:
        usecases.remove_portal_user(uow, agency_id=agency_id, portal_user_id=user_id)


def owner(work: Units, key: domain.DraftKey) -> str | None:
    """Whose the key is; None where it opens nothing."""
    with work.reading() as session:
        found = repository.usable_key(session, keyed_digest=key.keyed_digest)
    return None if found is None else found.owner


def test_every_key_of_a_person_has_that_person_as_owner_and_no_other_key_has(work: Units) -> None:
    """R0.9."""
    agency = an_agency(work)
    ana, bo = a_person(work, agency.id), a_person(work, agency.id)
    keys = [a_key(work, agency.id, user_id=user_id) for user_id in (ana, ana, bo, None, None)]
    assert [owner(work, key) for key in keys] == [ana, ana, bo, keys[3].id, keys[4].id]


def test_a_rotated_key_keeps_its_owner_however_often_it_is_rotated(work: Units) -> None:
    """R0.9."""
    agency = an_agency(work)
    ana = a_person(work, agency.id)
    persons, programs = a_key(work, agency.id, user_id=ana), a_key(work, agency.id)
    for first, whose in ((persons, ana), (programs, programs.id)):
        key = first
        for _ in range(3):
            key = rotated(work, agency.id, key.id)
            assert owner(work, key) == whose
        with work.reading() as session:
            assert usecases.api_key(session, agency_id=agency.id, key_id=key.id).user_id == (ana if first is persons else None)


def test_a_key_that_the_release_before_made_begins_a_line(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    first = a_key(work, agency.id)
    database.execute("UPDATE api_keys SET line_id = NULL")
    assert owner(work, first) == first.id
    assert owner(work, rotated(work, agency.id, first.id)) == first.id


def test_a_key_is_of_nobody_but_a_user_of_its_agency(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    for user_id in (a_person(work, an_agency(work).id), new_id("usr")):
        with pytest.raises(errors.PortalUserUnknown) as refusal:
            a_key(work, agency.id, user_id=user_id)
        assert (refusal.value.kind, refusal.value.code, refusal.value.field) == ("invalid", "portal_user_unknown", "user_id")
    assert database.query("SELECT * FROM api_keys") == []


def test_removing_a_person_ends_all_keys_of_that_person_alone_and_tells_of_each(
    work: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    agency = an_agency(work)
    ana, bo = a_person(work, agency.id), a_person(work, agency.id)
    long_over = a_key(work, agency.id, user_id=ana)
    old = rotated(work, agency.id, long_over.id, overlap_seconds=60)
    clock.advance(seconds=60)
    new = rotated(work, agency.id, old.id)
    strong, others, programs = (
        a_key(work, agency.id, "admin", user_id=ana),
        a_key(work, agency.id, user_id=bo),
        a_key(work, agency.id, "admin"),
    )
    before = len(database.emitted())
    remove(work, agency.id, ana)
    told = [("api_key_revoked", {"key_id": key_id}) for key_id in sorted([old.id, new.id, strong.id])]
    assert database.emitted()[before:] == [*told, ("portal_user_removed", {"portal_user_id": ana})]
    assert [owner(work, key) for key in (old, new, strong, others, programs)] == [None, None, None, bo, programs.id]
    with work.reading() as session:
        ended = usecases.api_key(session, agency_id=agency.id, key_id=new.id)
    assert (ended.user_id, ended.revoked_at is not None) == (ana, True), "it still says whose it was"
    assert database.query("SELECT revoked_at FROM api_keys WHERE id = %s", long_over.id) == [{"revoked_at": None}]


def test_whoever_has_the_last_admin_key_is_not_removed_and_keeps_every_key(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    a_key(work, an_agency(work).id, "admin")
    ana = a_person(work, agency.id)
    keys = [a_key(work, agency.id, scope, user_id=ana) for scope in ("admin", "admin", "accounts:read")]
    with pytest.raises(errors.LastAdminKey, match=f"The user {ana} has the last API key with the scope admin") as refusal:
        remove(work, agency.id, ana)
    assert (refusal.value.kind, refusal.value.code) == ("conflict", "last_admin_key")
    assert [owner(work, key) for key in keys] == [ana] * 3
    ending = a_key(work, agency.id, "admin")
    successor = rotated(work, agency.id, ending.id)
    remove(work, agency.id, ana)
    assert owner(work, successor) == ending.id
    assert database.query("SELECT * FROM portal_users") == []


def test_of_those_who_make_keys_for_a_person_while_that_person_is_removed_none_leaves_a_key_that_opens(
    work: Units, database: ServiceDatabase
) -> None:
    agency = an_agency(work)
    people = [a_person(work, agency.id) for _ in range(10)]

    def race(number: int) -> str:
        user_id = people[number // 2]
        try:
            if number % 2:
                remove(work, agency.id, user_id)
            else:
                a_key(work, agency.id, user_id=user_id)
        except errors.PortalUserUnknown as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = set(pool.map(race, range(20)))
    assert outcomes <= {"done", "portal_user_unknown"}
    assert database.query("SELECT id FROM api_keys WHERE revoked_at IS NULL") == []
    assert database.query("SELECT id FROM portal_users") == []


@pytest.mark.usefixtures("identity")
def test_a_persons_key_is_made_shown_and_rotated_and_ends_with_the_person(bus: Bus) -> None:
    agency_id = bus.call("identity", "register_agency", AGENCY)["id"]
    person = {"agency_id": agency_id, "email": "ana@atelier.example", "name": "Ana", "role": "admin"}
    user_id = bus.call("identity", "invite_portal_user", person)["id"]
    wanted = {"agency_id": agency_id, "name": "Ana's", "scopes": ["admin"], "user_id": user_id}
    key = bus.call("identity", "create_api_key", wanted)
    one = {"agency_id": agency_id, "key_id": key["id"]}
    successor = bus.call("identity", "rotate_api_key", one)
    assert key["user_id"] == successor["user_id"] == bus.call("identity", "api_key", one)["user_id"] == user_id
    digest = {"digest": digest_of(successor["secret"])}
    assert bus.call("identity", "key_by_digest", digest)["owner"] == user_id
    nobody = refusal_of(lambda: bus.call("identity", "create_api_key", {**wanted, "user_id": new_id("usr")}))
    assert (nobody.kind, nobody.code, nobody.field) == ("invalid", "portal_user_unknown", "user_id")

    leaving = {"agency_id": agency_id, "portal_user_id": user_id}
    assert refusal_of(lambda: bus.call("identity", "remove_portal_user", leaving)).code == "last_admin_key"
    programs = bus.call("identity", "create_api_key", {**wanted, "user_id": None})
    assert programs["user_id"] is None
    bus.call("identity", "remove_portal_user", leaving)
    assert refusal_of(lambda: bus.call("identity", "key_by_digest", digest)).code == "invalid_api_key"
