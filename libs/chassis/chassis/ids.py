"""Prefixed, sortable ids: `acc_` + ULID (26 characters of Crockford's base 32)."""

import re
from datetime import datetime

from ulid import ULID

PATTERN = re.compile(r"[a-z]{2,5}_[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_id(prefix: str) -> str:
    """A new id, unique without asking anybody, sorting by its time of birth."""
    return f"{prefix}_{ULID()}"


def first_id(prefix: str, moment: datetime) -> str:
    """The least id that could have been made at `moment`: later ones sort after it."""
    return f"{prefix}_{ULID.from_bytes(ULID.from_datetime(moment).bytes[:6].ljust(16, bytes(1)))}"


def is_id(value: object, prefix: str) -> bool:
    """Whether `value` could have come from `new_id(prefix)`."""
    return isinstance(value, str) and value.startswith(f"{prefix}_") and PATTERN.fullmatch(value) is not None
