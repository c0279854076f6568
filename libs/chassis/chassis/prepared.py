"""SELECTs that are prepared: the server parses and plans them once a connection, and is sent their name and values from then on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, text
from sqlalchemy.dialects import postgresql

BY_NUMBER = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy types half of it


class Prepared:
    """A SELECT for the hottest questions, by a name that no other one of the process has; its values are those of its `bindparam`s.

    For connections that are ours for as long as they last (`Database.rows`): a proxy that shares them would have to know such names, too.
    """

    def __init__(self, name: str, question: Select[Any]) -> None:
        compiled = question.compile(dialect=BY_NUMBER)
        values = ", ".join(f":{value}" for value in compiled.positiontup or ())
        self._name = f"comptoir_{name}"
        self._prepare = f"PREPARE {self._name} AS {compiled}"
        self._execute = text(f"EXECUTE {self._name} ({values})").columns(*question.selected_columns)

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Row[Any] | None:
        """Ask for the one row there is, if there is one."""
        known = connection.info  # lives as long as the server's own connection does
        if self._name not in known:
            connection.exec_driver_sql(self._prepare)
            known[self._name] = True
        row: Row[Any] | None = connection.execute(self._execute, values).one_or_none()
        return row
