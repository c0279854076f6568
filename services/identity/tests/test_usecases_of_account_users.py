"""The users of accounts in a real database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import InvalidCursor, VersionMismatch
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from identity import clients, errors, models, usecases

from .factories import EMAIL, PEPPER, People


@pytest.fixture
def people(work: Units, passwords: clients.Passwords) -> People:
    people = People(work=work, passwords=passwords)
    people.settle()
    return people


def update(people: People, user_id: str, expected_version: int | None = None, **changes: str) -> models.AccountUser:
    with people.work.begin() as uow:
        changed: dict[str, Any] = {"email": None, "name": None, "role": None, **changes}
        return usecases.update_account_user(uow, **people.account, user_id=user_id, expected_version=expected_version, **changed)


def remove(people: People, user_id: str) -> models.AccountUser:
    with people.work.begin() as uow:
        return usecases.remove_account_user(uow, **people.account, user_id=user_id)


def shown(people: People, user_id: str) -> models.AccountUser:
    with people.work.reading() as session:
        return usecases.account_user(session, **people.account, user_id=user_id)


def admin_id(people: People) -> str:
    return people.log_in().user.id


def test_the_first_user_is_admin_and_has_the_address_that_accounts_gave(people: People) -> None:
    """R0.77, R0.79, R3.4."""
    admin = shown(people, admin_id(people))
    assert (admin.username, admin.role, admin.email) == ("admin", "admin", EMAIL)


def test_preparing_again_fills_in_what_was_missing_and_changes_nothing_else(work: Units, database: ServiceDatabase) -> None:
    account = {"agency_id": new_id("agy"), "account_id": new_id("acc")}
    for known in ({}, {"email": EMAIL, "account_name": "acme", "language": "fr"}, {"email": "other@acme.example", "account_name": "other"}):
        with work.begin() as uow:
            usecases.prepare_admin_user(uow, **account, **known)
    assert database.query("SELECT email FROM account_users") == [{"email": EMAIL}]
    assert database.query("SELECT name, language FROM accounts") == [{"name": "acme", "language": "fr"}]


def test_further_users_with_roles_get_access_with_a_password_that_is_shown_once(people: People, database: ServiceDatabase) -> None:
    """R3.5."""
    new = usecases.draft_account_user(people.passwords)
    with people.work.begin() as uow:
        wanted = {"username": "Marie", "email": "Marie@ACME.example", "name": "Marie Curie", "role": "viewer"}
        user = usecases.create_account_user(uow, **people.account, **wanted, new=new)
    assert (user.username, user.email, user.role, user.version) == ("marie", "marie@acme.example", "viewer", 1)
    assert people.log_in(new.draft.password, username="marie").user.id == user.id
    assert new.draft.password not in database.everything()


@pytest.mark.parametrize(
    ("username", "email", "refusal"),
    [("ADMIN", "new@acme.example", errors.UsernameTaken), ("marie", EMAIL.upper(), errors.EmailTaken)],
)
def test_a_name_or_an_address_of_another_user_is_refused(
    people: People, username: str, email: str, refusal: type[errors.UsernameTaken | errors.EmailTaken]
) -> None:
    with pytest.raises(refusal):
        people.add(username, email=email)


def test_of_ten_who_take_one_username_at_once_one_gets_it(people: People) -> None:
    def attempt(number: int) -> str:
        try:
            return people.add("marie", email=f"marie{number}@acme.example").username
        except errors.UsernameTaken as refusal:
            return refusal.code

    with ThreadPoolExecutor(max_workers=10) as pool:
        assert sorted(pool.map(attempt, range(10))) == ["marie"] + ["username_taken"] * 9


def test_users_are_listed_newest_first_in_pages(people: People) -> None:
    for name in ("marie", "pierre"):
        people.add(name)
    with people.work.reading() as session:
        first = usecases.account_users(session, **people.account, limit=2, cursor=None)
        second = usecases.account_users(session, **people.account, limit=2, cursor=first.next_cursor)
        with pytest.raises(InvalidCursor):
            usecases.account_users(session, **people.account, limit=2, cursor="?")
    assert [user.username for user in first.data] == ["pierre", "marie"]
    assert [user.username for user in second.data] == ["admin"]
    assert (first.total, second.total, second.next_cursor) == (3, 3, None)


def test_a_user_changes_in_what_is_given_and_its_version_grows(people: People) -> None:
    marie = people.add("marie")
    changed = update(people, marie.id, role="viewer", name="Marie")
    assert (changed.role, changed.name, changed.email, changed.version) == ("viewer", "Marie", "marie@acme.example", 2)
    assert update(people, marie.id, email="Marie@acme.example").version == 2
    assert update(people, marie.id, email="m@acme.example", expected_version=2).email == "m@acme.example"
    with pytest.raises(VersionMismatch):
        update(people, marie.id, role="admin", expected_version=2)
    with pytest.raises(errors.EmailTaken):
        update(people, marie.id, email=EMAIL)


def test_a_removed_user_is_logged_out_and_gone(people: People, database: ServiceDatabase) -> None:
    new = usecases.draft_account_user(people.passwords)
    with people.work.begin() as uow:
        wanted: dict[str, Any] = {"username": "marie", "email": "marie@acme.example", "name": None, "role": "editor"}
        marie = usecases.create_account_user(uow, **people.account, **wanted, new=new)
    opened = people.log_in(new.draft.password, username="marie")
    people.ask_reset("marie@acme.example")
    assert remove(people, marie.id).username == "marie"
    with pytest.raises(errors.InvalidSession):
        people.session(opened.session_token)
    with pytest.raises(errors.UserOfAccountNotFound):
        shown(people, marie.id)
    assert database.query("SELECT * FROM password_resets") == []


def test_the_last_admin_cannot_go_nor_become_anything_else(people: People) -> None:
    """R3.4."""
    people.add("marie")
    admin = admin_id(people)
    with pytest.raises(errors.LastAdmin):
        remove(people, admin)
    with pytest.raises(errors.LastAdmin):
        update(people, admin, role="editor")
    assert update(people, admin, role="admin").role == "admin"


def test_of_two_admins_who_are_removed_at_once_one_stays(people: People, database: ServiceDatabase) -> None:
    for _ in range(5):
        admins = [people.add(f"marie{new_id('usr')[-6:].lower()}", role="admin").id for _ in range(2)]
        for other in database.query("SELECT id FROM account_users WHERE role = 'admin' AND NOT id = ANY(%s)", admins):
            remove(people, other["id"])

        def attempt(user_id: str) -> str:
            try:
                return remove(people, user_id).role
            except errors.LastAdmin as refusal:
                return refusal.code

        with ThreadPoolExecutor(max_workers=2) as pool:
            assert sorted(pool.map(attempt, admins)) == ["admin", "last_admin"]


def test_the_users_of_another_agencys_account_look_like_none(people: People) -> None:
    user_id = admin_id(people)
    others = {"agency_id": new_id("agy"), "account_id": people.account_id}
    with people.work.reading() as session:
        with pytest.raises(errors.AccountNotFound):
            usecases.account_users(session, **others, limit=1, cursor=None)
        with pytest.raises(errors.AccountNotFound):
            usecases.account_user(session, **others, user_id=user_id)
    with pytest.raises(errors.AccountNotFound), people.work.begin() as uow:
        usecases.remove_account_user(uow, **others, user_id=user_id)
    with pytest.raises(errors.AccountNotFound), people.work.begin() as uow:
        usecases.update_account_user(uow, **others, user_id=user_id, email=None, name=None, role=None, expected_version=None)
    new = usecases.draft_account_user(people.passwords)
    with pytest.raises(errors.AccountNotFound), people.work.begin() as uow:
        usecases.create_account_user(uow, **others, username="marie", email="m@acme.example", name=None, role="viewer", new=new)


def test_the_user_of_another_account_of_the_agency_is_not_found(people: People, passwords: clients.Passwords) -> None:
    neighbour = People(work=people.work, passwords=passwords, agency_id=people.agency_id)
    with pytest.raises(errors.UserOfAccountNotFound):
        shown(people, neighbour.settle())


def test_users_follow_their_account_to_another_agency_which_the_former_one_gets_into_no_more(
    people: People, passwords: clients.Passwords, clock: MovingClock
) -> None:
    """R0.56, R0.97."""
    by_password = people.log_in().session_token

    def link_of(agency_id: str) -> str:
        with people.work.begin() as uow:
            return usecases.create_login_link(uow, agency_id=agency_id, account_id=people.account_id, pepper=PEPPER).token

    def follow(link: str) -> str:
        with people.work.begin() as uow:
            return usecases.use_login_link(uow, token=link, pepper=PEPPER).session_token

    by_link, unused, new_agency = follow(link_of(people.agency_id)), link_of(people.agency_id), new_id("agy")

    def move(to_agency_id: str, *, days: int) -> None:
        with people.work.begin() as uow:
            completed_at = clock.now + timedelta(days=days)
            usecases.move_account(uow, account_id=people.account_id, to_agency_id=to_agency_id, completed_at=completed_at)

    for _ in range(2):  # twice has one effect
        move(new_agency, days=1)
    move(new_id("agy"), days=0)  # an earlier transfer, heard of later
    assert people.session(by_password).user.agency_id == new_agency
    with pytest.raises(errors.InvalidSession):
        people.session(by_link)
    with pytest.raises(errors.InvalidLoginLink):
        follow(unused)
    with pytest.raises(errors.AccountNotFound):
        link_of(people.agency_id)
    assert people.session(follow(link_of(new_agency))).user.agency_id == new_agency


def test_a_transfer_that_is_heard_of_before_the_account_comes_again(work: Units, passwords: clients.Passwords, clock: MovingClock) -> None:
    with pytest.raises(errors.AccountNotFound), work.begin() as uow:
        usecases.move_account(uow, account_id=new_id("acc"), to_agency_id=new_id("agy"), completed_at=clock.now)
