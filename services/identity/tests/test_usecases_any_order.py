"""Whatever happens at a login, and in any order: five wrong attempts, five minutes, as a simple model says."""

from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from identity import clients, domain, errors

from .factories import PEPPER, RIGHT, WRONG, People

MINUTES = st.sampled_from([0.5, 1.0, 4.999, 5.0])
NOBODY = "nobody"


class LockModel:
    """One username: how many attempts were wrong, and until when none is looked at."""

    def __init__(self) -> None:
        self.wrong = 0
        self.locked_until: datetime | None = None
        self.locks = 0

    def is_locked(self, now: datetime) -> bool:
        """Whether none is looked at."""
        return self.locked_until is not None and now < self.locked_until

    def attempt(self, *, right: bool, now: datetime) -> str:
        """What is answered."""
        if self.is_locked(now):
            return "login_locked"
        self.forget(now)
        if right:
            self.wrong = 0
            return "in"
        self.wrong += 1
        if self.wrong < 5:
            return "login_failed"
        self.locked_until = now + timedelta(minutes=5)
        self.locks += 1
        return "login_locked"

    def forget(self, now: datetime, *, everything: bool = False) -> None:
        """Begin anew after a lock; `everything`: after a new password too, unless there is a lock."""
        if not self.is_locked(now) and (everything or self.locked_until is not None):
            self.wrong, self.locked_until = 0, None


class LoginMachine(RuleBasedStateMachine):
    """A user, somebody who guesses, a clock."""

    def __init__(self, people: People, database: ServiceDatabase, clock: MovingClock) -> None:
        super().__init__()
        self.people, self.database, self.clock = people, database, clock
        self.right, self.number = RIGHT, 0
        self.session: str | None = None
        self.admin, self.nobody = LockModel(), LockModel()

    @initialize()
    def settle(self) -> None:
        self.database.execute("TRUNCATE outbox, login_tallies, accounts CASCADE")
        self.people.settle()
        self.session = self.people.log_in().session_token

    def answer(self, password: str, username: str) -> str:
        try:
            self.session = self.people.log_in(password, username=username).session_token
        except (errors.LoginFailed, errors.LoginLocked) as refusal:
            return refusal.code
        return "in"

    @rule()
    def log_in(self) -> None:
        expected = self.admin.attempt(right=True, now=self.clock.now)
        assert self.answer(self.right, "admin") == expected

    @rule(times=st.integers(min_value=1, max_value=6))
    def guess(self, times: int) -> None:
        for _ in range(times):
            assert self.answer(WRONG, "admin") == self.admin.attempt(right=False, now=self.clock.now)

    @rule(times=st.integers(min_value=1, max_value=3))
    def guess_at_nobody(self, times: int) -> None:
        for _ in range(times):
            assert self.answer(self.right, NOBODY) == self.nobody.attempt(right=False, now=self.clock.now)

    @precondition(lambda self: self.session is not None)
    @rule()
    def mistake_the_current_password(self) -> None:
        assert self.session is not None
        expected = self.admin.attempt(right=False, now=self.clock.now)
        try:
            self.people.change_password(self.session, "another horse battery", current=WRONG)
        except errors.CurrentPasswordWrong:
            assert expected == "login_failed"
        except errors.LoginLocked:
            assert expected == "login_locked"
        else:
            raise AssertionError("a wrong password was taken for the right one")

    @rule()
    def reset_the_password(self) -> None:
        """R0.82: whatever the lock."""
        self.number += 1
        self.right = f"{RIGHT} {self.number}"
        self.database.execute("TRUNCATE password_resets")
        reset = self.people.ask_reset()
        assert reset is not None
        self.people.reset(domain.reset_token(pepper=PEPPER, reset_id=reset.id), self.right)
        self.admin.forget(self.clock.now, everything=True)
        self.session = None  # it ended with the old password

    @rule(minutes=MINUTES)
    def wait(self, minutes: float) -> None:
        self.clock.advance(minutes=minutes)

    @invariant()
    def every_lock_was_told_once(self) -> None:
        told = [data["username"] for name, data in self.database.emitted() if name == "account_login_locked"]
        assert (told.count("admin"), told.count(None)) == (self.admin.locks, self.nobody.locks)


def test_a_login_does_what_the_model_says(work: Units, passwords: clients.Passwords, database: ServiceDatabase, clock: MovingClock) -> None:
    """R0.80, R0.82, R0.83."""
    people = People(work=work, passwords=passwords)

    class Machine(LoginMachine):
        def __init__(self) -> None:
            super().__init__(people, database, clock)

    patient = settings(max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(Machine, settings=patient)
