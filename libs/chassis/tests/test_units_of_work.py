"""Units of work: state and facts, all or nothing, and how many statements that takes."""

import pytest
from sqlalchemy import select, text
from toy.models import Mark

from chassis import context as contexts
from chassis.database import count_statements
from chassis.rpc_client import RpcClient
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import NestedUnitOfWork, RpcInsideTransaction, UnitOfWork, Units

from .marks import Done, command, event, leave, marks


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


def test_command_and_event_learn_the_time_with_what_makes_them_once_and_write_last_in_one_go(
    units: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    """Each round trip that is spared is one that others need not wait for, where the use case holds a lock."""

    def ring(uow: UnitOfWork, *, what: str) -> dict[str, str]:
        assert uow.now == clock.now
        uow.write_last("INSERT INTO marks (what, who) VALUES (:what, 'last')", {"what": what})
        uow.emit(Done(subject=what, agency_id="agy_1", what=what))
        return {}

    statements = count_statements(units._database.engine)
    with command("k"):
        units.once(ring, what="a")
    with contexts.activated(contexts.new_context(agency_id="agy_1")):
        units.handle(event(), ring, what="b")
    assert len(statements) == 4, statements
    assert [row["what"] for row in database.query("SELECT what FROM marks ORDER BY what")] == ["a", "b"]
    assert database.emitted() == [("done", {"what": "a"}), ("done", {"what": "b"})]
    assert database.query("SELECT answer FROM idempotency_keys") == [{"answer": {}}]


def test_what_is_written_last_is_not_seen_before(units: Units, database: ServiceDatabase) -> None:
    with units.begin() as uow:
        uow.write_last("INSERT INTO marks (what, who) VALUES (:what, 'last')", {"what": "a"})
        assert uow.session.scalars(select(Mark)).all() == []
    assert marks(database) == 1


def test_two_things_written_last_cannot_get_each_others_values(units: Units, database: ServiceDatabase) -> None:
    def write(uow: UnitOfWork) -> None:
        uow.write_last("INSERT INTO marks (what, who) VALUES (:what, 'one')", {"what": "a"})
        uow.write_last("INSERT INTO marks (what, who) VALUES (:what, 'two')", {"what": "b"})

    with pytest.raises(RuntimeError), units.begin() as uow:
        write(uow)
    assert marks(database) == 0
