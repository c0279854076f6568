"""How an opening ends, whatever comes in whatever order, on a real database."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import errors, usecases
from accounts.domain import AWAITED, Kind, Part
from chassis import context as contexts
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import UnitOfWork, Units

from . import factories
from .factories import PLUS, activated, failed, opened


def decline(uow: UnitOfWork, account_id: str, purpose: str = "account_opening") -> None:
    usecases.record_refused_payment(uow, account_id=account_id, purpose=purpose, code="card_declined", reason="Declined.")


def miss_copy(uow: UnitOfWork, account_id: str) -> None:
    usecases.record_failed_copy(uow, account_id=account_id, code="no_copy", reason="The snapshot is gone.")


def test_with_the_last_part_the_account_is_active(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
    with units.begin() as uow:
        account = opened(uow, agency_id, name="acme")
    ready = clock.advance(seconds=7)
    for record in (usecases.record_workspace, usecases.record_admin_user):
        with units.begin() as uow:
            record(uow, account_id=account.id)
    with units.rows() as connection:
        waiting = usecases.account(connection, agency_id=agency_id, account_id=account.id)
        assert (waiting.status, waiting.version) == ("creating", 1)
    with units.reading() as session:
        assert usecases.account_without_admin_user(session, account_id=account.id) is None
    with units.begin() as uow:
        usecases.record_payment(uow, account_id=account.id, purpose="account_opening")
    with units.rows() as connection:
        active = usecases.account(connection, agency_id=agency_id, account_id=account.id)
    assert (active.status, active.activated_at, active.updated_at, active.version) == ("active", ready, ready, 2)
    assert database.query("SELECT missing, ended_at FROM provisionings") == [{"missing": [], "ended_at": ready}]
    assert database.emitted()[1:] == [
        (
            "account_activated",
            {
                "account_id": account.id,
                "name": "acme",
                "kind": "paid",
                "selection": dataclasses.asdict(PLUS),
                "notification_email": "ops@agency.example",
                "activated_at": "2026-03-31T09:30:07Z",
            },
        )
    ]


def test_parts_that_come_at_the_same_moment_activate_once(database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
    units = database.units(clock, pool_size=12)
    with units.begin() as uow:
        opening = [opened(uow, agency_id).id for _ in range(10)]

    def record(fact: tuple[str, Part]) -> None:
        account_id, part = fact
        with units.begin() as uow:
            usecases.record_part(uow, account_id=account_id, part=part)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(record, [(account_id, part) for account_id in opening for part in [*Part, *Part]]))
    assert database.query("SELECT DISTINCT status, version FROM accounts") == [{"status": "active", "version": 2}]
    activated_ids = [told["account_id"] for name, told in database.emitted() if name == "account_activated"]
    assert sorted(activated_ids) == sorted(opening)


@pytest.mark.parametrize(("refuse", "code"), [(decline, "card_declined"), (miss_copy, "no_copy")])
def test_a_refused_part_fails_the_account(
    units: Units, database: ServiceDatabase, agency_id: str, refuse: Callable[[UnitOfWork, str], None], code: str
) -> None:
    with units.begin() as uow:
        account = opened(uow, agency_id, name="acme")
    with units.begin() as uow:
        refuse(uow, account.id)
    with units.rows() as connection:
        ended = usecases.account(connection, agency_id=agency_id, account_id=account.id)
    assert (ended.status, ended.version) == ("failed", 2)
    assert ended.failure_code == code
    assert database.emitted()[1:] == [
        (
            "account_failed",
            {
                "account_id": account.id,
                "name": "acme",
                "code": code,
                "reason": ended.failure_reason,
                "notification_email": "ops@agency.example",
            },
        )
    ]


def test_invoices_of_other_purposes_change_nothing(units: Units, database: ServiceDatabase, agency_id: str) -> None:
    with units.begin() as uow:
        account = opened(uow, agency_id)
    before = database.query("SELECT * FROM provisionings, accounts")
    with units.begin() as uow:
        usecases.record_payment(uow, account_id=account.id, purpose="plan_change")
        usecases.record_payment(uow, account_id=None, purpose="credit_purchase")
        decline(uow, account.id, purpose="plan_change")
    assert database.query("SELECT * FROM provisionings, accounts") == before


def test_a_fact_about_an_account_that_is_not_here_is_refused(units: Units) -> None:
    with pytest.raises(errors.AccountNotFound), units.begin() as uow:
        usecases.record_workspace(uow, account_id=new_id("acc"))


def test_an_account_that_has_ended_waits_for_no_user(units: Units, agency_id: str) -> None:
    with units.begin() as uow:
        waiting, ended = opened(uow, agency_id), failed(uow, agency_id)
    with units.reading() as session:
        found = usecases.account_without_admin_user(session, account_id=waiting.id)
        assert found is not None
        assert (found.id, found.agency_id) == (waiting.id, agency_id)
        assert usecases.account_without_admin_user(session, account_id=ended.id) is None
        with pytest.raises(errors.AccountNotFound):
            usecases.account_without_admin_user(session, account_id=new_id("acc"))


def test_openings_past_their_deadline_are_given_up_in_batches(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    with units.begin() as uow:
        overdue = [opened(uow, agency_id).id for _ in range(3)]
        active = activated(uow, agency_id).id
    clock.advance(seconds=1)
    with units.begin() as uow:
        later = opened(uow, agency_id).id
    clock.advance(seconds=59)
    for expected in (2, 1, 0):
        with units.begin() as uow:
            assert usecases.give_up_overdue_openings(uow, limit=2) == expected
    found = {row["id"]: (row["status"], row["failure_code"]) for row in database.query("SELECT id, status, failure_code FROM accounts")}
    assert found == {
        **dict.fromkeys(overdue, ("failed", "provisioning_timed_out")),
        active: ("active", None),
        later: ("creating", None),
    }
    assert [name for name, _ in database.emitted()].count("account_failed") == 3


def test_the_platforms_patience_with_an_opening_does_not_go_by_the_clock_of_its_agency(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    ahead = clock.now + timedelta(days=400)
    with contexts.activated(contexts.new_context(agency_id=agency_id)), units.begin() as uow:
        uow.move_clock(agency_id=agency_id, now=ahead)
        opened(uow, agency_id)
    for given_up in (0, 1):
        with units.begin() as uow:
            assert usecases.give_up_overdue_openings(uow, limit=10) == given_up
        clock.advance(minutes=2)
    assert database.query("SELECT status, created_at, updated_at FROM accounts") == [
        {"status": "failed", "created_at": ahead, "updated_at": ahead}
    ]


def test_two_sweeps_at_once_give_up_different_openings(units: Units, clock: MovingClock, agency_id: str) -> None:
    with units.begin() as uow:
        for _ in range(3):
            opened(uow, agency_id)
    clock.advance(minutes=2)

    def sweep_beside() -> int:
        with units.begin() as beside:
            return usecases.give_up_overdue_openings(beside, limit=2)

    with units.begin() as uow, ThreadPoolExecutor(1) as threads:
        assert usecases.give_up_overdue_openings(uow, limit=2) == 2
        uow.session.flush()
        assert threads.submit(sweep_beside).result(timeout=10) == 1


# --- any order, any repetition ----------------------------------------------------------------------------------------------------------

Outcome = st.sampled_from(["there", "refused", "never"])


def fact_of(part: Part, outcome: str) -> Callable[[UnitOfWork, str], None]:
    match part, outcome:
        case Part.PAYMENT, "refused":
            return decline
        case Part.WORKSPACE, "refused":
            return miss_copy
        case _:
            return lambda uow, account_id: usecases.record_part(uow, account_id=account_id, part=part)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(Kind),
    payment=Outcome,
    workspace=Outcome,
    admin_user=st.sampled_from(["there", "never"]),
    again=st.lists(st.sampled_from(Part), max_size=4),
    data=st.data(),
)
def test_facts_in_any_order_and_repetition_leave_the_same_account(
    units: Units, clock: MovingClock, kind: Kind, payment: str, workspace: str, admin_user: str, again: list[Part], data: st.DataObject
) -> None:
    agency_id = new_id("agy")
    with units.begin() as uow:
        account_id = opened(uow, agency_id, kind=kind).id
    outcomes = {Part.PAYMENT: payment, Part.WORKSPACE: workspace, Part.ADMIN_USER: admin_user}
    facts = {
        part: factories.event("somebody", part, {"account_id": account_id}, handler=f"on_{part}")
        for part, told in outcomes.items()
        if told != "never"
    }
    deliveries = data.draw(st.permutations([*facts, *(part for part in again if part in facts)]))
    for part in deliveries:
        units.handle(facts[part], fact_of(part, outcomes[part]), account_id)
    clock.advance(minutes=2)
    with units.begin() as uow:
        usecases.give_up_overdue_openings(uow, limit=1000)
    for part in deliveries:  # late, and told again under other ids
        units.handle(dataclasses.replace(facts[part], id=new_id("evt")), fact_of(part, outcomes[part]), account_id)

    with units.rows() as connection:
        account = usecases.account(connection, agency_id=agency_id, account_id=account_id)
    refused = {code for part, code in ((Part.PAYMENT, "card_declined"), (Part.WORKSPACE, "no_copy")) if outcomes[part] == "refused"}
    if kind is not Kind.PAID:
        refused.discard("card_declined")
    if all(outcomes[part] == "there" for part in AWAITED[kind]):
        assert (account.status, account.failure_code, account.version) == ("active", None, 2)
    else:
        assert (account.status, account.version) == ("failed", 2)
        assert account.failure_code in (refused or {"provisioning_timed_out"})
