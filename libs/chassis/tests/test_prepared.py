"""Prepared questions: the same answers, parsed and planned once a connection."""

from typing import Any, cast

import pytest
from sqlalchemy import Table, bindparam, select
from toy.models import Mark

from chassis.database import count_statements
from chassis.errors import Unavailable
from chassis.prepared import Prepared
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units

from .marks import event, leave

TABLE = cast("Table", Mark.__table__)
PLAIN = select(*TABLE.columns).where(TABLE.c.what == bindparam("what"))
QUESTION = Prepared("mark_of", PLAIN)


def _asked(units: Units, what: str = "a") -> Any:
    with units.rows() as connection:
        return QUESTION.one_or_none(connection, {"what": what})


def test_it_is_answered_as_the_plain_question_is(units: Units) -> None:
    units.handle(event(), leave)
    with units.rows() as connection:
        plain = connection.execute(PLAIN, {"what": "a"}).one()
    row = _asked(units)
    assert tuple(row) == tuple(plain)
    assert row._fields == plain._fields
    assert [type(value) for value in row] == [type(value) for value in plain]
    assert _asked(units, "nothing") is None


def test_it_is_prepared_once_a_connection(units: Units) -> None:
    statements = count_statements(units._database._reads)
    for _ in range(3):
        _asked(units)
    assert [statement.partition(" ")[0] for statement in statements] == ["PREPARE", "EXECUTE", "EXECUTE", "EXECUTE"]


def test_a_new_connection_is_told_again(units: Units, database: ServiceDatabase) -> None:
    """Trap: the process remembers what only the lost connection knew."""
    units.handle(event(), leave)
    assert _asked(units) is not None
    database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    with pytest.raises(Unavailable):
        _asked(units)
    assert _asked(units) is not None


def test_a_value_is_a_value_and_no_sql(units: Units) -> None:
    assert _asked(units, "'); DROP TABLE marks; --") is None
    assert _asked(units, "$1") is None
