"""Whatever is done to an account, in any order, as time goes by: it goes where the table leads, and `actions` foretells it."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from accounts import domain, errors, usecases
from accounts.domain import LIFECYCLE, Direction, Kind, Selection, Status, SuspensionReason, TransferLinks, Verb
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.clock import START
from chassis.unit_of_work import UnitOfWork, Units

from .factories import PLUS, TERMS, activated, change_quote, opened, plus

DAYS = st.sampled_from([0, 1, 3, 7, 12, 15, 30, 31, 364, 366])
PERIOD = timedelta(days=30)
LINKS = TransferLinks(secret=b"a secret of at least thirty-two characters")


def ways() -> Iterator[tuple[Status, Status]]:
    """Every way that the table names; an account with suspensions in force is disabled where it would be active."""
    for cells in LIFECYCLE.values():
        for start, cell in cells.items():
            if cell.to is not None:
                yield start, cell.to
                if cell.to is Status.ACTIVE:
                    yield start, Status.DISABLED


NAMED = frozenset(ways())


def is_named(path: list[Status]) -> bool:
    """Whether every step of a path is a way of the table."""
    return all(start is end or (start, end) in NAMED for start, end in itertools.pairwise(path))


class Life(RuleBasedStateMachine):
    """One account of each kind after the other, its agency, the platform, and a clock."""

    def __init__(self, units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
        super().__init__()
        self.units, self.database, self.clock = units, database, clock
        self.agency_id, self.account_id, self.history = "", "", 0
        self.commands: Mapping[Verb, Callable[[UnitOfWork], object]] = {
            Verb.CHANGE_PLAN: self.change_plan,
            Verb.DROP_PLAN_CHANGE: lambda uow: usecases.drop_plan_change(uow, **self.mine),
            Verb.CANCEL: lambda uow: usecases.cancel_account(uow, **self.mine, reason=None),
            Verb.UNDO_CANCELLATION: lambda uow: usecases.undo_cancellation(uow, **self.mine),
            Verb.DISABLE: lambda uow: usecases.disable_account(uow, **self.mine, message=new_id("msg")),
            Verb.ENABLE: lambda uow: usecases.enable_account(uow, **self.mine),
            Verb.RENEW: self.renew,
            Verb.EDIT: self.edit,
            Verb.BRAND: self.brand,
            Verb.LOG_IN: lambda uow: usecases.account_to_log_in_to(uow, **self.mine),
            Verb.RESET_PASSWORD: lambda uow: usecases.account_to_reset_password_of(uow, **self.mine),
            Verb.MANAGE_USERS: lambda uow: usecases.account_to_manage_users_of(uow, **self.mine),
            Verb.CLAIM_CREDENTIALS: lambda uow: usecases.account_to_claim(uow, **self.mine),
            Verb.TRANSFER_OUT: self.ask_to_leave,
        }

        assert self.commands.keys() == {*domain.AGENCY_VERBS}

    @property
    def mine(self) -> dict[str, str]:
        return {"agency_id": self.agency_id, "account_id": self.account_id}

    # --- what is done -----------------------------------------------------------------------------------------------------------------

    @initialize(kind=st.sampled_from(Kind), is_ready=st.sampled_from([True, True, True, False]))
    def open(self, kind: Kind, is_ready: bool) -> None:
        self.agency_id, self.clock.now = new_id("agy"), START
        with self.units.begin() as uow:
            self.account_id = (activated if is_ready else opened)(uow, self.agency_id, kind=kind).id
        self.moved(Status.CREATING)
        if kind is Kind.PAID and is_ready:
            self.pay()

    @rule(verb=st.sampled_from(domain.AGENCY_VERBS))
    def ask(self, verb: Verb) -> None:
        """What `actions` allows succeeds, and what it refuses fails with that reason."""
        foretold = {each.verb: each for each in self.actions()}[verb]
        before = self.account.status
        assert self.outcome(self.commands[verb]) == (foretold.code, foretold.reason), verb
        self.moved(before)

    def outcome(self, command: Callable[[UnitOfWork], object]) -> tuple[str | None, str | None]:
        try:
            with self.units.begin() as uow:
                command(uow)
        except errors.Refusal as refusal:
            return refusal.code, refusal.text
        return None, None

    @rule(reason=st.sampled_from([reason for reason in SuspensionReason if reason is not SuspensionReason.AGENCY]), lifts=st.booleans())
    def suspend_or_lift(self, reason: SuspensionReason, lifts: bool) -> None:
        verb = Verb.LIFT if lifts else Verb.SUSPEND
        before, state = self.account.status, self.state()
        try:
            with self.units.begin() as uow:
                if lifts:
                    usecases.lift_suspension(uow, **self.mine, reason=reason)
                else:
                    usecases.suspend_account(uow, **self.mine, reason=reason, message=None)
        except errors.NotNow:
            assert not domain.decide(state, verb, self.clock.now).allowed
        self.moved(before)

    @rule()
    def fall_unpaid(self) -> None:
        before, state = self.account.status, self.state()
        with self.units.begin() as uow:
            usecases.expire_unpaid_account(uow, account_id=self.account_id)
        if domain.decide(state, Verb.EXPIRE, self.clock.now).allowed:
            assert self.account.status == Status.EXPIRED
        self.moved(before)

    @precondition(lambda self: self.account.kind == Kind.PAID and self.account.status not in {Status.CREATING, Status.FAILED})
    @rule()
    def pay(self) -> None:
        before = self.account.status
        with self.units.begin() as uow:
            ends_at = max(self.clock.now, self.account.renews_at or self.clock.now) + PERIOD
            usecases.record_payment(uow, account_id=self.account_id, purpose="renewal", period_ends_at=ends_at)
        self.moved(before)

    @rule(days=DAYS, sweeps=st.booleans())
    def wait(self, days: int, sweeps: bool) -> None:
        """Time goes by, and somebody sweeps, or nobody comes to it."""
        self.clock.advance(days=days)
        if sweeps:
            before, expected = self.account.status, self.state()
            with self.units.begin() as uow:
                usecases.do_what_is_due(uow, limit=100)
            assert self.state() == expected
            assert self.account.status == expected.status
            assert self.account.due_at is None or self.account.due_at > self.clock.now
            self.moved(before)

    def change_plan(self, uow: UnitOfWork) -> object:
        """A plan that its kind and its size leave room for: more contacts, or fewer at the end of a period that is known."""
        account, state = usecases.account_now(uow, **self.mine)
        wanted, effective = PLUS, None
        if account.kind == Kind.PAID:
            contacts = account.selection["contacts"]
            is_less = contacts > PLUS.contacts and state.renews_at is not None and state.status is Status.ACTIVE
            wanted = plus(contacts=contacts - 500 if is_less else contacts + 1000)
            effective = domain.Effective.PERIOD_END if is_less else None
        waits = state.renews_at if effective else None
        quote = change_quote(self.account_id, wanted, direction="downgrade" if waits else "upgrade", takes_effect_at=waits)
        return usecases.change_plan(uow, **self.mine, effective=effective, quote=quote)

    def renew(self, uow: UnitOfWork) -> object:
        account, _ = usecases.account_now(uow, **self.mine)
        quote = change_quote(self.account_id, Selection(**account.selection))
        return usecases.renew_account(uow, **self.mine, billing_profile_id=None, quote=quote)

    def edit(self, uow: UnitOfWork) -> object:
        wanted = {"client_name": new_id("client")}
        return usecases.edit_account(uow, **self.mine, expected_version=None, wanted=wanted, terms=TERMS)

    def brand(self, uow: UnitOfWork) -> object:
        look = dict.fromkeys(("primary_colour", "text_colour", "footer_text", "logo"))
        return usecases.set_branding(uow, **self.mine, wanted={"brand_name": new_id("brand"), **look})

    def ask_to_leave(self, uow: UnitOfWork) -> object:
        uow.session.connection().exec_driver_sql("DELETE FROM brandings; DELETE FROM transfers")
        account = self.account
        return usecases.request_transfer(
            uow,
            agency_id=self.agency_id,
            direction=Direction.OUT,
            account_host=TERMS.host_of(account.name),
            client_email=account.client_email,
            agency_email="ops@agency.example",
            terms=TERMS,
            links=LINKS,
        )

    # --- what is seen -----------------------------------------------------------------------------------------------------------------

    @property
    def account(self) -> Any:
        with self.units.rows() as connection:
            return usecases.account(connection, **self.mine)

    def state(self) -> domain.State:
        with self.units.begin() as uow:
            account = usecases.existing_account(uow.session, **self.mine)
            return domain.settled(usecases.state_of(uow.session, account), uow.now)

    def actions(self) -> list[domain.Decision]:
        with self.units.begin() as uow:
            found: Any = usecases.actions(uow, **self.mine)
            return list(found["data"])

    def moved(self, before: str) -> None:
        """Whatever was done, the history tells every step since, and the table names it."""
        with self.units.reading() as session:
            page = usecases.account_history(session, **self.mine, limit=200, cursor=None)
        fresh = [entry for entry in reversed(page.data) if entry.id > self.history]
        self.history = max([self.history, *(entry.id for entry in fresh)])
        path = [Status(before), *(Status(entry.after["status"]) for entry in fresh if "status" in entry.after)]
        assert is_named(path), path
        assert path[-1] == self.account.status

    @invariant()
    def it_is_disabled_exactly_while_suspended(self) -> None:
        if self.account_id and self.account.status in {Status.ACTIVE, Status.DISABLED}:
            suspensions = self.database.query("SELECT reason FROM suspensions WHERE account_id = %s", self.account_id)
            assert (self.account.status == Status.DISABLED) == bool(suspensions)


def live(units: Units, database: ServiceDatabase, clock: MovingClock, *, examples: int, steps: int) -> None:
    class Machine(Life):
        def __init__(self) -> None:
            super().__init__(units, database, clock)

    patient = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.generate],  # to shrink a failure on a real database would take minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Machine, settings=patient)


def test_an_account_goes_where_the_table_leads_and_actions_says_what_happens(
    units: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    """R0.58, R0.60, R0.88, R0.91, R0.92, R0.93, R0.94, R0.95, R0.100."""
    live(units, database, clock, examples=12, steps=25)


@pytest.mark.slow
def test_many_accounts_go_where_the_table_leads(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    live(units, database, clock, examples=150, steps=40)
