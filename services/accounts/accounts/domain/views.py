"""Saved views: a list of accounts as somebody likes to see it (R0.9, R0.11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts import errors
from accounts.domain.overview import check_columns, check_list

MOST_VIEWS = 100
"""Of one owner."""


def check_view(*, name: str, filters: Mapping[str, Any], sort: str, columns: Sequence[str]) -> None:
    """Refuse a view without a name, and one that the list could not show: the list's own rules decide.

    `filters` holds the search too, as `q`, which is a text.
    """
    if not name.strip():
        raise errors.ViewNameMissing
    q = filters.get("q")
    if q is not None and not isinstance(q, str):
        raise errors.FilterValueInvalid(attribute="q", wanted="a text")
    check_list(filters={attribute: value for attribute, value in filters.items() if attribute != "q"}, q=q, sort=sort)
    check_columns(list(columns))


def check_room(views: int) -> None:
    """Refuse one more where there are as many as one owner can have."""
    if views >= MOST_VIEWS:
        raise errors.TooManyViews(most=MOST_VIEWS)
