"""What happens to the persons of an agency: rules, use cases, and the doors."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidCursor, Refusal, VersionMismatch
from chassis.ids import new_id
from chassis.testing import Bus, MovingClock, ServiceDatabase, ServiceProcess
from chassis.testing.bus import refusal_of
from chassis.testing.clock import START
from chassis.unit_of_work import Units
from identity import domain, errors, models, usecases
from identity.domain import PortalRole, PortalUserStatus

from .factories import AGENCY, PEPPER, an_agency

HASH = "$argon2id$ of something"
PASSWORD = "correct horse battery"
ROLES = [*PortalRole]


def invite(work: Units, agency_id: str, email: str = "ana@atelier.example", **changes: Any) -> tuple[models.PortalUser, str]:
    """Invite a person; give them with the token."""
    draft = usecases.draft_invitation(pepper=PEPPER)
    wanted = {"name": "Ana Martin", "role": PortalRole.OWNER, "language": None, **changes}
    with work.begin() as uow:
        return usecases.invite_portal_user(uow, agency_id=agency_id, email=email, draft=draft, **wanted), draft.token


def kept(token: str) -> bytes:
    return usecases.keyed_digest_of(domain.digest_of(token), pepper=PEPPER)


def accept(work: Units, token: str) -> models.PortalUser:
    with work.begin() as uow:
        return usecases.accept_invitation(uow, keyed_digest=kept(token), password_hash=HASH)


def an_active(work: Units, agency_id: str, email: str, **changes: Any) -> models.PortalUser:
    return accept(work, invite(work, agency_id, email, **changes)[1])


def change(work: Units, user: models.PortalUser, **changes: Any) -> models.PortalUser:
    wanted = {"name": None, "role": None, "expected_version": None, **changes}
    with work.begin() as uow:
        return usecases.update_portal_user(uow, agency_id=user.agency_id, portal_user_id=user.id, **wanted)


def remove(work: Units, user: models.PortalUser) -> None:
    with work.begin() as uow:
        usecases.remove_portal_user(uow, agency_id=user.agency_id, portal_user_id=user.id)


# --- rules ------------------------------------------------------------------------------------------------------------------------------


def test_an_address_is_compared_without_regard_to_case() -> None:
    assert domain.folded("Ana.Groß@Atelier.Example") == domain.folded("ana.gross@ATELIER.example")


def test_an_invitation_ends_after_seven_days_to_the_second() -> None:
    ends_at = domain.invitation_ends(invited_at=START)
    assert ends_at - START == timedelta(days=7)
    assert [domain.is_over(ends_at=ends_at, now=ends_at + timedelta(seconds=s)) for s in (-1, 0, 1)] == [False, True, True]


def test_a_token_has_256_random_bits_and_does_not_show_when_printed() -> None:
    draft = domain.draft_invitation(pepper=PEPPER)
    assert re.fullmatch(r"[A-Za-z0-9]{43}", draft.token)
    assert draft.token not in repr(draft)
    assert domain.draft_invitation(pepper=PEPPER).token != draft.token


@given(
    first=st.lists(st.tuples(st.booleans(), st.sampled_from(PortalUserStatus)), max_size=6),
    steps=st.lists(st.tuples(st.sampled_from(["leave", "accept", "own", "join"]), st.integers(0, 9)), max_size=30),
)
def test_whatever_happens_an_agency_that_had_an_owner_has_one_and_an_active_one_once_it_had_one(
    first: list[tuple[bool, PortalUserStatus]], steps: list[tuple[str, int]]
) -> None:
    users = [[owns, status] for owns, status in first]

    def owners(status: PortalUserStatus | None = None) -> int:
        return sum(bool(owns) and status in (None, each) for owns, each in users)

    for step, position in steps:
        had, had_active = owners() > 0, owners(PortalUserStatus.ACTIVE) > 0
        if step == "join":
            users.append([False, PortalUserStatus.INVITED])
        elif users:
            user = users[position % len(users)]
            others = [str(status) for each in users if each is not user and each[0] for status in each[1:]]
            if step == "accept":
                user[1] = PortalUserStatus.ACTIVE
            elif step == "own":
                user[0] = True
            elif not user[0] or domain.may_stop_owning(str(user[1]), other_owners=others):
                users = [each for each in users if each is not user]
        assert owners() > 0 or not had
        assert owners(PortalUserStatus.ACTIVE) > 0 or not had_active


# --- use cases --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_person_is_invited_in_each_role_and_others_are_told_all_but_the_token(
    work: Units, database: ServiceDatabase, role: PortalRole
) -> None:
    agency = an_agency(work)
    user, token = invite(work, agency.id, "Ana@Atelier.example", role=role)
    assert (user.status, user.role, user.language, user.email, user.version) == ("invited", role, "fr", "Ana@Atelier.example", 1)
    told = {"email": "Ana@Atelier.example", "name": "Ana Martin", "role": role, "language": "fr", "expires_at": "2026-04-07T09:30:00Z"}
    assert database.emitted()[-1] == ("portal_user_invited", {"portal_user_id": user.id, **told})
    everything = database.everything()
    assert token not in everything
    assert domain.digest_of(token) not in everything


def test_nobody_is_invited_to_an_agency_that_is_not_there(work: Units) -> None:
    with pytest.raises(errors.AgencyNotFound):
        invite(work, new_id("agy"))


def test_an_address_belongs_once_to_an_agency_and_to_as_many_agencies_as_invite_it(work: Units) -> None:
    here, there = an_agency(work), an_agency(work)
    first = an_active(work, here.id, "ana@atelier.example", language="pt")
    with pytest.raises(errors.PortalUserExists) as refusal:
        invite(work, here.id, "ANA@atelier.EXAMPLE")
    assert refusal.value.details == {"email": "ana@atelier.example", "portal_user_id": first.id}
    other = an_active(work, there.id, "ana@atelier.example")
    assert (other.id != first.id, other.agency_id, first.language) == (True, there.id, "pt")


def test_inviting_again_renews_the_token_and_takes_the_new_name_and_role(
    work: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    agency = an_agency(work)
    first, old_token = invite(work, agency.id, role="viewer")
    clock.advance(days=6)
    again, token = invite(work, agency.id, "ANA@atelier.example", name="Ana Durand", role="billing")
    assert (again.id, again.name, again.role, again.email) == (first.id, "Ana Durand", "billing", "ana@atelier.example")
    clock.advance(days=6)
    with pytest.raises(errors.InvitationNotFound):
        accept(work, old_token)
    assert accept(work, token).status == "active"
    assert len(database.query("SELECT * FROM portal_users")) == 1


def test_twenty_who_invite_one_person_at_once_make_one_user_with_one_token_that_is_worth_something(
    work: Units, database: ServiceDatabase
) -> None:
    agency = an_agency(work)
    with ThreadPoolExecutor(max_workers=20) as pool:
        invited = list(pool.map(lambda _: invite(work, agency.id), range(20)))
    assert len({user.id for user, _ in invited}) == len(database.query("SELECT * FROM portal_users")) == 1
    (user,) = database.query("SELECT invitation_digest FROM portal_users")
    assert [kept(token) == bytes(user["invitation_digest"]) for _, token in invited].count(True) == 1


def test_an_invitation_is_accepted_once_however_many_try(work: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    user, token = invite(work, an_agency(work).id)
    clock.advance(days=7, seconds=-1)

    def outcome(_: int) -> str:
        try:
            return str(accept(work, token).status)
        except errors.InvitationNotFound as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=10) as pool:
        outcomes = list(pool.map(outcome, range(10)))
    assert sorted(outcomes) == ["active"] + ["invitation_not_found"] * 9
    (row,) = database.query("SELECT * FROM portal_users")
    assert (row["id"], row["password_hash"], row["invitation_digest"], row["invitation_ends_at"]) == (user.id, HASH, None, None)
    assert (row["activated_at"], row["version"]) == (START + timedelta(days=7, seconds=-1), 2)


def test_an_invitation_that_is_over_says_since_when(work: Units, clock: MovingClock) -> None:
    _, token = invite(work, an_agency(work).id)
    clock.advance(days=7)
    with pytest.raises(errors.InvitationExpired) as refusal:
        accept(work, token)
    assert (refusal.value.kind, refusal.value.code) == ("gone", "invitation_expired")


def test_an_unknown_token_is_refused_before_a_password_is_hashed(work: Units) -> None:
    _, token = invite(work, an_agency(work).id)
    with work.reading() as session:
        usecases.refuse_unknown_invitation(session, keyed_digest=kept(token))
        with pytest.raises(errors.InvitationNotFound):
            usecases.refuse_unknown_invitation(session, keyed_digest=kept("unknown"))


def test_a_user_changes_name_and_role_and_the_version_counts_it(work: Units, clock: MovingClock) -> None:
    user, _ = invite(work, an_agency(work).id, role="viewer")
    clock.advance(days=1)
    changed = change(work, user, role="support", expected_version=1)
    assert (changed.role, changed.name, changed.version, changed.updated_at) == ("support", "Ana Martin", 2, START + timedelta(days=1))
    assert change(work, user, name="Ana Martin").version == 2, "what changes nothing is no new version"
    with pytest.raises(VersionMismatch):
        change(work, user, name="Ana Durand", expected_version=1)
    assert change(work, user, name="Ana Durand", expected_version=2).version == 3


def test_a_removed_user_is_gone_and_others_are_told(work: Units, database: ServiceDatabase) -> None:
    user, token = invite(work, an_agency(work).id, role="admin")
    remove(work, user)
    assert database.emitted()[-1] == ("portal_user_removed", {"portal_user_id": user.id})
    assert database.query("SELECT * FROM portal_users") == []
    with pytest.raises(errors.InvitationNotFound):
        accept(work, token)


def test_the_user_of_another_agency_looks_like_none(work: Units) -> None:
    user, _ = invite(work, an_agency(work).id)
    user.agency_id = an_agency(work).id
    for verb in (remove, change):
        with pytest.raises(errors.PortalUserNotFound):
            verb(work, user)
    with work.reading() as session, pytest.raises(errors.PortalUserNotFound):
        usecases.portal_user(session, agency_id=user.agency_id, portal_user_id=user.id)


@pytest.mark.parametrize("leave", [remove, lambda work, user: change(work, user, role="admin")])
def test_the_last_owner_stays_while_who_else_owns_was_only_invited(
    work: Units, leave: Callable[[Units, models.PortalUser], object]
) -> None:
    agency = an_agency(work)
    owner = an_active(work, agency.id, "owner@atelier.example")
    _, token = invite(work, agency.id)
    an_active(work, agency.id, "admin@atelier.example", role="admin")
    with pytest.raises(errors.LastOwner) as refusal:
        leave(work, owner)
    assert (refusal.value.kind, refusal.value.code) == ("conflict", "last_owner")
    accept(work, token)
    leave(work, owner)


def test_the_only_owner_there_is_stays_an_owner_when_invited_again(work: Units) -> None:
    agency = an_agency(work)
    invite(work, agency.id)
    with pytest.raises(errors.LastOwner):
        invite(work, agency.id, role="viewer")


def test_of_fifty_who_let_the_owners_go_at_once_none_lets_the_last_one_go(work: Units, database: ServiceDatabase) -> None:
    agency = an_agency(work)
    owners = [an_active(work, agency.id, f"owner{number}@atelier.example") for number in range(4)]

    def attempt(number: int) -> str:
        owner = owners[number % len(owners)]
        try:
            if number % 2:
                remove(work, owner)
            else:
                change(work, owner, role="viewer")
        except (errors.LastOwner, errors.PortalUserNotFound) as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(max_workers=20) as pool:
        outcomes = list(pool.map(attempt, range(50)))
    assert len(database.query("SELECT id FROM portal_users WHERE role = 'owner'")) == 1
    assert "last_owner" in outcomes


def test_users_are_listed_newest_first_page_by_page(work: Units) -> None:
    agency = an_agency(work)
    invited = [invite(work, agency.id, f"user{number}@atelier.example")[0].id for number in range(5)]
    invite(work, an_agency(work).id)
    listed: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        with work.reading() as session:
            page = usecases.portal_users(session, agency_id=agency.id, limit=2, cursor=cursor)
        listed += [user.id for user in page.data]
        cursor = page.next_cursor
        assert page.total == 5
    assert (listed, cursor) == (sorted(invited, reverse=True), None)
    with work.reading() as session, pytest.raises(InvalidCursor):
        usecases.portal_users(session, agency_id=agency.id, limit=2, cursor="nonsense")


# --- doors ------------------------------------------------------------------------------------------------------------------------------


def refused(bus: Bus, method: str, payload: dict[str, Any], **options: Any) -> Refusal:
    return refusal_of(lambda: bus.call("identity", method, payload, **options))


def test_a_person_is_invited_accepts_and_is_changed_and_removed_and_no_secret_is_left(
    bus: Bus, database: ServiceDatabase, identity: ServiceProcess
) -> None:
    agency_id = bus.call("identity", "register_agency", AGENCY)["id"]
    wanted = {"agency_id": agency_id, "email": "ana@atelier.example", "name": "Ana", "role": "owner"}
    invited = bus.call("identity", "invite_portal_user", wanted, idempotency_key="invite")
    token = invited["invitation_token"]
    assert bus.call("identity", "invite_portal_user", wanted, idempotency_key="invite") == {**invited, "invitation_token": None}

    acceptance = {"digest": domain.digest_of(token), "password": PASSWORD}
    short = refused(bus, "accept_invitation", {**acceptance, "password": "x" * 11})
    assert (short.code, short.details["errors"][0]["field"]) == ("invalid_request", "password")
    user = bus.call("identity", "accept_invitation", acceptance, idempotency_key="accept")
    assert (user["status"], user["invitation_expires_at"]) == ("active", None)
    assert refused(bus, "accept_invitation", acceptance, idempotency_key="accept").code == "invitation_not_found"
    (row,) = database.query("SELECT password_hash FROM portal_users")
    assert PasswordHasher().verify(row["password_hash"], PASSWORD)

    one = {"agency_id": agency_id, "portal_user_id": user["id"]}
    assert bus.call("identity", "portal_user", one) == user
    assert bus.call("identity", "portal_users", {"agency_id": agency_id}) == {"data": [user], "next_cursor": None, "total": 1}
    assert refused(bus, "remove_portal_user", one).code == "last_owner"
    renamed = bus.call("identity", "update_portal_user", {**one, "name": "Ana Durand", "expected_version": 2}, idempotency_key="name")
    assert (renamed["name"], renamed["version"]) == ("Ana Durand", 3)
    stale = refused(bus, "update_portal_user", {**one, "name": "Ana", "expected_version": 2})
    assert (stale.kind, stale.code, stale.field) == ("stale", "version_mismatch", "If-Match")
    assert refused(bus, "update_portal_user", {**one, "role": "king"}).details["errors"][0]["field"] == "role"

    second = bus.call("identity", "invite_portal_user", {**wanted, "email": "bo@atelier.example"})
    leaving = {"agency_id": agency_id, "portal_user_id": second["id"]}
    for _ in range(2):
        assert bus.call("identity", "remove_portal_user", leaving, idempotency_key="remove") == {}
    assert refused(bus, "portal_user", leaving).code == "portal_user_not_found"

    everything = database.everything() + identity.text()
    for plain in (token, domain.digest_of(token), PASSWORD):
        assert plain not in everything
