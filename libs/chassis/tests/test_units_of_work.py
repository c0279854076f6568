"""Units of work: state and facts, all or nothing, and how many statements that takes."""

import pytest
from sqlalchemy import select, text
from toy.models import Mark

from chassis import context as contexts
from chassis.database import count_statements
from chassis.rpc_client import RpcClient
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import NestedUnitOfWork, RpcInsideTransaction, UnitOfWork, Units

from .marks import event, leave, marks


def test_state_and_facts_commit_together(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    context = contexts.new_context(agency_id="agy_1")
    with contexts.activated(context), units.begin() as uow:
        assert uow.now == clock.now
        leave(uow)
        assert database.emitted() == []
    assert database.emitted() == [("done", {"what": "a"})]
    (row,) = database.query("SELECT * FROM outbox")
    assert row["exchange"] == "toy.events"
    assert row["headers"]["nameko.request_id"] == context.request_id
    assert row["headers"]["nameko.agency_id"] == "agy_1"


def test_neither_is_there_when_the_use_case_fails(units: Units, database: ServiceDatabase) -> None:
    def fail(uow: UnitOfWork) -> None:
        leave(uow)
        uow.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), units.begin() as uow:
        fail(uow)
    assert marks(database) == 0
    assert database.emitted() == []


def test_a_unit_of_work_inside_another_is_a_defect(units: Units, database: ServiceDatabase) -> None:
    """Trap: the inner one commits, the outer one does not."""
    with pytest.raises(NestedUnitOfWork), units.begin() as uow:
        units.handle(event(), lambda inner: (leave(uow), leave(inner)))
    assert marks(database) == 0


def test_calling_a_service_inside_a_transaction_is_a_defect(units: Units) -> None:
    """Trap: locks that wait for a network."""
    client = RpcClient("amqp://guest:guest@127.0.0.1:1//")
    with pytest.raises(RpcInsideTransaction), units.begin():
        client.call("toy", "mark", {}, timeout_seconds=1)


def test_a_read_costs_one_round_trip(database: ServiceDatabase, units: Units) -> None:
    statements = count_statements(units._database._reads)
    with units.reading() as session:
        assert session.scalars(select(Mark)).all() == []
    assert len(statements) == 1


def test_a_hot_question_reads_plain_rows(units: Units) -> None:
    with units.begin() as uow:
        leave(uow)
    with units.rows() as connection:
        assert connection.execute(text("SELECT what, who FROM marks")).all() == [("a", "test")]
