"""What every list asks."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from chassis.paging import Page, decode_cursor, encode_cursor

Row = TypeVar("Row")


Ids = InstrumentedAttribute[str]


def rows_before(wanted: Select[Row], by: Ids, *, limit: int, cursor: str | None) -> Select[Row]:
    """Ask for one more row than the page holds: it says whether there is a next one. ULIDs sort by time of birth."""
    if cursor is not None:
        wanted = wanted.where(by < str(decode_cursor(cursor, length=1)[0]))
    return wanted.order_by(by.desc()).limit(limit + 1)


def paged(rows: Sequence[Row], ids: Sequence[str], *, limit: int, total: int) -> Page[Row]:
    """Make the page of the rows that `rows_before` gave, whose ids are `ids`."""
    return Page(data=rows[:limit], next_cursor=encode_cursor(ids[limit - 1]) if len(rows) > limit else None, total=total)
