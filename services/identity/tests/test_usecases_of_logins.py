"""Logging in against a real database: lock-outs, sessions, login links."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from argon2 import extract_parameters

from chassis import context as contexts
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.clock import START
from chassis.unit_of_work import Units
from identity import clients, errors, usecases
from identity.domain import digest_of

from .factories import PEPPER, RIGHT, WRONG, People, wiring


@pytest.fixture
def people(work: Units, passwords: clients.Passwords) -> People:
    people = People(work=work, passwords=passwords)
    people.settle()
    return people


def outcome(people: People, password: str = WRONG, *, username: str = "admin") -> str:
    try:
        return people.log_in(password, username=username).via
    except (errors.LoginFailed, errors.LoginLocked) as refusal:
        return refusal.code


def names(database: ServiceDatabase) -> list[str]:
    return [name for name, _ in database.emitted()]


def link(people: People) -> str:
    with people.work.begin() as uow:
        return usecases.create_login_link(uow, **people.account, pepper=PEPPER).token


def use(people: People, token: str) -> usecases.OpenedSession:
    with people.work.begin() as uow:
        return usecases.use_login_link(uow, token=token, pepper=PEPPER)


@pytest.mark.parametrize("username", ["admin", " ADMIN"])
def test_the_right_password_opens_a_session_of_twelve_hours(people: People, clock: MovingClock, username: str) -> None:
    opened = people.log_in(username=username)
    assert (opened.user.username, opened.via, opened.expires_at) == ("admin", "password", START + timedelta(hours=12))
    clock.advance(hours=12, seconds=-1)
    found = people.session(opened.session_token)
    assert (found.user.id, found.user.agency_id) == (opened.user.id, people.agency_id)
    clock.advance(seconds=1)
    with pytest.raises(errors.InvalidSession):
        people.session(opened.session_token)


def test_the_fifth_wrong_attempt_locks_for_five_minutes_even_for_the_right_password(people: People, clock: MovingClock) -> None:
    """R0.80, R0.83."""
    assert [outcome(people) for _ in range(5)] == ["login_failed"] * 4 + ["login_locked"]
    clock.advance(minutes=5, seconds=-1)
    with pytest.raises(errors.LoginLocked) as refusal:
        people.log_in()
    assert refusal.value.details == {"until": (START + timedelta(minutes=5)).isoformat(), "retry_after_seconds": 1}
    clock.advance(seconds=1)
    assert outcome(people, RIGHT) == "password"


def test_a_lock_lasts_and_ends_in_the_time_of_the_agency(people: People, clock: MovingClock, database: ServiceDatabase) -> None:
    """R0.80, R0.83: its clock alone ends the lock, whatever the platform's says; sessions last in real time."""
    moment = START + timedelta(days=400)

    def move(to: datetime) -> None:
        with people.work.begin() as uow:
            uow.move_clock(agency_id=people.agency_id, now=to)

    move(moment)
    with contexts.changed(agency_id=people.agency_id):
        opened = people.log_in()
        assert opened.expires_at == START + timedelta(hours=12)
        assert [outcome(people) for _ in range(5)] == ["login_failed"] * 4 + ["login_locked"]
        assert [data["locked_until"] for _, data in database.emitted()] == ["2027-05-05T09:35:00Z"]
        clock.advance(hours=1)
        move(moment + timedelta(minutes=5, seconds=-1))
        with pytest.raises(errors.LoginLocked) as refusal:
            people.log_in()
        assert refusal.value.details == {"until": (moment + timedelta(minutes=5)).isoformat(), "retry_after_seconds": 1}
        move(moment + timedelta(minutes=5))
        assert outcome(people, RIGHT) == "password"
        assert people.session(opened.session_token).ended_at is None


def test_a_new_password_waits_for_the_end_of_the_lock_in_the_time_of_the_agency(people: People, clock: MovingClock) -> None:
    """R0.82, R0.83."""
    moment = START + timedelta(days=400)
    with people.work.begin() as uow:
        uow.move_clock(agency_id=people.agency_id, now=moment)
    with contexts.changed(agency_id=people.agency_id):
        for _ in range(5):
            outcome(people)
        clock.advance(minutes=1)
        people.change_password(use(people, link(people)).session_token, "another horse battery", current=None)
        assert outcome(people, "another horse battery") == "login_locked"
        with people.work.begin() as uow:
            uow.move_clock(agency_id=people.agency_id, now=moment + timedelta(minutes=5))
        assert outcome(people, "another horse battery") == "password"


def test_a_lock_is_told_once_and_by_whom(people: People, database: ServiceDatabase) -> None:
    for _ in range(8):
        outcome(people)
    until = "2026-03-31T09:35:00Z"
    locked = {"account_id": people.account_id, "username": "admin", "locked_until": until}
    assert database.emitted() == [("account_login_locked", locked)]


def test_a_username_that_is_nobodys_is_answered_and_locked_like_any_other(people: People, database: ServiceDatabase) -> None:
    """R0.80: nobody learns from the answers who has a login."""
    for username in ("admin", "nobody"):
        assert [outcome(people, username=username) for _ in range(7)] == ["login_failed"] * 4 + ["login_locked"] * 3
    assert [data["username"] for _, data in database.emitted()] == ["admin", None]


def test_in_an_account_that_is_none_it_is_the_same(work: Units, passwords: clients.Passwords) -> None:
    nowhere = People(work=work, passwords=passwords)
    assert [outcome(nowhere) for _ in range(6)] == ["login_failed"] * 4 + ["login_locked"] * 2


class NotingPasswords(clients.Passwords):
    """Argon2id as ever, and a note of which hash was looked at."""

    def __init__(self) -> None:
        super().__init__(wiring())
        self.looked_at: list[bool] = []

    def matches(self, password: str, password_hash: str | None) -> bool:
        self.looked_at.append(password_hash is not None)
        return super().matches(password, password_hash)


def test_every_attempt_looks_at_one_hash_and_at_nobodys_where_it_may_not_succeed(work: Units) -> None:
    """R0.80, R0.83: a locked login, an unknown username and a wrong password take the same time."""
    passwords = NotingPasswords()
    people = People(work=work, passwords=passwords)
    people.settle()
    for username, looked_at in (("admin", [True] * 5 + [False] * 2), ("nobody", [False] * 7)):
        for _ in range(7):
            outcome(people, username=username)
        assert passwords.looked_at == looked_at
        passwords.looked_at.clear()
    assert extract_parameters(passwords._nobodys) == extract_parameters(passwords.hash(RIGHT))


def test_one_locked_username_locks_no_other(people: People) -> None:
    people.add("marie")
    for _ in range(5):
        outcome(people, username="marie")
    assert outcome(people, RIGHT) == "password"


def test_a_right_attempt_begins_the_count_anew(people: People) -> None:
    for _ in range(3):
        assert [outcome(people) for _ in range(4)] == ["login_failed"] * 4
        assert outcome(people, RIGHT) == "password"


def test_of_fifty_wrong_attempts_at_once_five_are_looked_at_and_one_lock_is_told(people: People, database: ServiceDatabase) -> None:
    """R0.80."""
    for username in ("admin", "nobody"):
        with ThreadPoolExecutor(max_workers=16) as pool:
            outcomes = Counter(pool.map(lambda _, name=username: outcome(people, username=name), range(50)))
        assert outcomes == {"login_failed": 4, "login_locked": 46}
    assert names(database) == ["account_login_locked"] * 2


def test_fifty_right_passwords_at_once_never_end_in_a_lock_that_is_told(people: People, database: ServiceDatabase) -> None:
    with ThreadPoolExecutor(max_workers=16) as pool:
        outcomes = Counter(pool.map(lambda _: outcome(people, RIGHT), range(50)))
    assert outcomes["password"] >= 5
    assert names(database) == []
    assert outcome(people, RIGHT) == "password"


def test_a_user_without_a_password_does_not_log_in(work: Units, passwords: clients.Passwords) -> None:
    people = People(work=work, passwords=passwords)
    with work.begin() as uow:
        usecases.prepare_admin_user(uow, **people.account)
    assert outcome(people, "") == "login_failed"


def test_a_password_that_changed_while_it_was_looked_at_opens_nothing(people: People) -> None:
    proven = usecases.prove_password(people.work, people.passwords, account_id=people.account_id, username="admin", password=RIGHT)
    session = people.log_in()
    people.change_password(session.session_token, "another horse battery")
    with pytest.raises(errors.LoginFailed), people.work.begin() as uow:
        usecases.accept(uow, proven)


def test_a_session_that_was_logged_out_opens_nothing_and_the_others_go_on(people: People) -> None:
    first, second = people.log_in(), people.log_in()
    for _ in range(2):
        with people.work.begin() as uow:
            usecases.log_out(uow, token_digest=digest_of(first.session_token), pepper=PEPPER)
    with pytest.raises(errors.InvalidSession):
        people.session(first.session_token)
    assert people.session(second.session_token).ended_at is None


def test_a_token_is_nowhere_in_the_database(people: People, database: ServiceDatabase) -> None:
    token, opened = link(people), people.log_in()
    everything = database.everything()
    assert people.account_id in everything
    for secret in (token, opened.session_token):
        assert secret not in everything
        assert digest_of(secret) not in everything
        assert secret not in repr(opened)


def test_a_login_link_opens_a_session_of_admin_once(people: People) -> None:
    """R0.15, R0.79, R0.97."""
    token = link(people)

    def attempt(_: int) -> str:
        try:
            opened = use(people, token)
        except errors.InvalidLoginLink as refusal:
            return refusal.code
        assert people.session(opened.session_token).via == "sso"
        return f"{opened.user.username} by {opened.via}"

    with ThreadPoolExecutor(max_workers=10) as pool:
        outcomes = sorted(pool.map(attempt, range(10)))
    assert outcomes == ["admin by sso"] + ["invalid_login_link"] * 9


def test_a_login_link_is_good_for_a_minute(people: People, clock: MovingClock) -> None:
    """R0.97."""
    in_time, too_late = link(people), link(people)
    clock.advance(seconds=59)
    assert use(people, in_time).via == "sso"
    clock.advance(seconds=1)
    with pytest.raises(errors.InvalidLoginLink):
        use(people, too_late)


def test_a_login_link_opens_a_locked_account(people: People) -> None:
    """R0.79, R0.82."""
    for _ in range(5):
        outcome(people)
    assert use(people, link(people)).via == "sso"


def test_the_agency_gets_in_as_another_admin_where_the_first_was_removed(people: People) -> None:
    """R3.4."""
    marie = people.add("marie", role="admin")
    first = people.log_in().user
    with people.work.begin() as uow:
        usecases.remove_account_user(uow, **people.account, user_id=first.id)
    assert use(people, link(people)).user.id == marie.id


def test_an_account_of_another_agency_has_no_login_link(people: People, work: Units) -> None:
    with pytest.raises(errors.AccountNotFound), work.begin() as uow:
        usecases.create_login_link(uow, agency_id=new_id("agy"), account_id=people.account_id, pepper=PEPPER)
    with pytest.raises(errors.AccountNotFound), work.begin() as uow:
        usecases.create_login_link(uow, agency_id=people.agency_id, account_id=new_id("acc"), pepper=PEPPER)


def test_what_has_meant_nothing_for_a_week_is_deleted(people: People, database: ServiceDatabase, clock: MovingClock) -> None:
    tables = ("login_sessions", "login_links", "password_resets", "login_tallies")
    people.log_in()
    link(people)
    people.ask_reset()

    def left() -> list[int]:
        return [len(database.query(f"SELECT * FROM {table}")) for table in tables]

    clock.advance(days=7)
    with people.work.begin() as uow:
        assert usecases.delete_ended(uow) == 0
    assert left() == [1, 1, 1, 1]
    clock.advance(hours=12, seconds=1)
    with people.work.begin() as uow:
        assert usecases.delete_ended(uow) == 4
    assert left() == [0, 0, 0, 0]
