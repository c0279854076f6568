"""Opaque cursors: where a list goes on. They hold the sort values of the last row given, so pages stay right while rows change."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.errors import InvalidCursor
from chassis.fields import is_storable

DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200
LARGEST_INTEGER = 2**63 - 1
"""Of PostgreSQL's bigint."""

Value = str | int | None
Row_co = TypeVar("Row_co", covariant=True)


def encode_cursor(*values: Value) -> str:
    """The cursor after the row whose sort values these are (times as RFC 3339 strings).

    A character of theirs makes six of the cursor at most, for it goes in an address: 254 of them, and what is beside, are below 2000.
    """
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, length: int | None = None) -> list[Value]:
    """The values that `encode_cursor` took; raises `InvalidCursor` for anything else, and where there are not `length` values."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor from None
    if not isinstance(values, list) or not all(_is_value(value) for value in values):
        raise InvalidCursor
    if length is not None and len(values) != length:
        raise InvalidCursor
    return values


def _is_value(value: object) -> bool:
    """Whether a sort value of ours could be this; somebody may have written the cursor by hand."""
    if isinstance(value, str):
        return is_storable(value)
    return value is None or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER)


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Row_co]):
    """One page of a list: at most `limit` rows, the cursor of the next page (None: the last), and how many there are in all."""

    data: Sequence[Row_co]
    next_cursor: str | None
    total: int
