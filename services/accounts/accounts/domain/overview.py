"""The list of accounts: its filters and its order."""

from accounts import errors
from accounts.domain.selections import PLAN_NAMES
from accounts.domain.words import Kind, Status

STATUS_FILTER = (Status.ACTIVE, Status.EXPIRED, Status.CANCELLED, Status.ARCHIVED, Status.DISABLED)
"""The values of the status filter beside «all» (R0.5): `creating` and `failed` show under all."""

SORTS = ("created_at", "name", "client_name", "contacts", "kind", "plan", "status")
"""What lists are sorted by; with a hyphen in front, in descending order (R0.12: `contacts` is the plan size)."""


NEWEST_FIRST = "-created_at"


def check_list(*, status: str | None, plan: str | None, kind: str | None, sort: str) -> None:
    """Refuse a filter or a sort the list does not have."""
    if status is not None and status not in STATUS_FILTER:
        raise errors.StatusFilterUnknown(given=status, allowed=STATUS_FILTER)
    if plan is not None and plan not in PLAN_NAMES:
        raise errors.PlanFilterUnknown(given=plan, allowed=PLAN_NAMES)
    if kind is not None and kind not in set(Kind):
        raise errors.KindFilterUnknown(given=kind, allowed=tuple(Kind))
    if sort.removeprefix("-") not in SORTS:
        raise errors.SortUnknown(given=sort, allowed=SORTS)
